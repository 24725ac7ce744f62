"""The same bytes in every process, whatever the hash seed; the same graph with and without the tuning."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiinfra.graph import run, tuning
from aiinfra.graph.collect import collect
from aiinfra.graph.node import Mode

SCRIPT = """
import hashlib, sys
from aiinfra.graph.collect import collect
from aiinfra.graph.node import Mode
for mode in Mode:
    print(hashlib.sha256(collect(sys.argv[1], mode=mode, fingerprint_key=b"k").to_text().encode()).hexdigest())
"""


FAILING = """
import pulumi, pulumi_aws as aws
from aiinfra.errors import AiinfraError
from aiinfra.graph.collect import collect

def program():
    buckets = [aws.s3.Bucket(f"b{i}") for i in range(20)]
    upstream = pulumi.StackReference("a/b/c")
    pulumi.export("x", upstream.require_output("x"))
    upstream.get_output("y")
    buckets[0].arn.apply(lambda arn: 1 / 0)
    buckets[0].arn.apply(lambda arn: upstream.get_output("z"))
    aws.s3.Bucket("last", bucket=buckets[0].arn.apply(lambda arn: arn["x"]))

for run in range(2):
    try:
        collect(program)
    except AiinfraError as error:
        print(error.code)
"""


def python(script: str, *arguments: str, seed: str = "0") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(tuning.__file__).parents[2])}
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_failed_run_leaves_no_noise_even_at_exit() -> None:
    ran = python(FAILING)
    assert (ran.stdout, ran.stderr) == ("program-failed\nprogram-failed\n", "")


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_the_hash_seed_changes_nothing_and_nothing_is_printed(seed: str, mixed: Path) -> None:
    ran = python(SCRIPT, str(mixed), seed=seed)
    assert ran.stderr == ""
    here = [collect(mixed, mode=mode, fingerprint_key=b"k").to_text() for mode in Mode]
    assert ran.stdout.split() == [hashlib.sha256(text.encode()).hexdigest() for text in here]


@pytest.mark.parametrize("mode", Mode)
def test_tuning_changes_no_byte(mixed: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def untuned() -> Iterator[bool]:
        yield False

    tuned = collect(mixed, mode=mode).to_text()
    monkeypatch.setattr(run, "tuned", untuned)
    assert collect(mixed, mode=mode).to_text() == tuned


def test_this_sdk_takes_the_tuning() -> None:
    assert tuning.takes_tuning()


def test_another_sdk_keeps_its_own_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    def transfer_properties(res: object, props: object, custom: object, more: object) -> None:
        raise AssertionError

    monkeypatch.setattr(tuning.rpc, "transfer_properties", transfer_properties)
    with tuning.tuned() as used:
        assert not used
        assert tuning.rpc.transfer_properties is transfer_properties
