"""One caller far beyond its rate does not keep another from its answers."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aiinfra.bench.report import measure
from tests.server.conftest import affine
from tests.server.pki import DOMAIN, Authority
from tests.server.processes import serving

LIMIT = 500
"""Requests a second that the greedy caller may make; it makes ten times as many."""
POLITE = 100


def contend(folder: Path, seconds: float) -> tuple[Any, Any, dict[str, Any]]:
    """What the polite caller saw alone, what it saw beside the greedy one, and what that one saw."""
    authority = Authority(folder / "pki")
    leaves = {name: authority.issue(name, (f"spiffe://{DOMAIN}/{name}",)) for name in ("server", "greedy", "polite")}
    affine(folder / "models/m/1/model.onnx")
    sections = {
        "tls": {
            "certificate": str(leaves["server"].certificate),
            "key": str(leaves["server"].key),
            "client_ca": str(authority.file),
            "trust_domain": DOMAIN,
        },
        "limits": {"identities": {f"spiffe://{DOMAIN}/greedy": f"{LIMIT}/s"}},
        "allow": [{"identity": f"spiffe://{DOMAIN}/{name}"} for name in ("greedy", "polite")],
        "audit": {"file": str(folder / "audit.jsonl")},
    }
    with serving(folder, sections) as server:
        url = f"https://{server.addresses['http']}"

        def polite() -> Any:
            leaf = leaves["polite"]
            return measure(
                url,
                "m",
                rate=POLITE,
                connections=4,
                seconds=seconds,
                ca=authority.file,
                cert=leaf.certificate,
                key=leaf.key,
            ).outcome

        alone = polite()
        leaf = leaves["greedy"]
        command = [sys.executable, "-c", "from aiinfra.cli import main; main()", "bench", "--json", "--url", url]
        command += ["--model", "m", "--rate", f"{10 * LIMIT}/s", "--connections", "16", "--seconds", str(seconds + 2)]
        command += ["--ca", str(authority.file), "--cert", str(leaf.certificate), "--key", str(leaf.key)]
        greedy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            beside = polite()
            out, _ = greedy.communicate(timeout=120)
        finally:
            greedy.kill()
            greedy.wait()
    return alone, beside, json.loads(out)["data"]


@pytest.mark.parametrize("seconds", [2.0, pytest.param(60.0, marks=[pytest.mark.soak, pytest.mark.timeout(400)])])
def test_the_greedy_one_is_refused_and_the_polite_one_answered(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, beside, greedy = contend(tmp_path, seconds)
    with capsys.disabled():
        if seconds > 10:
            sent = sum(greedy["statuses"].values()) / greedy["seconds"]
            p99 = [f"{outcome.percentile(0.99) * 1e3:.2f} ms" for outcome in (alone, beside)]
            print(f"\np99 alone {p99[0]}, beside {sent:.0f}/s against a limit of {LIMIT}/s {p99[1]}; {greedy}")
    for outcome in (alone, beside):
        assert outcome.statuses == Counter({200: len(outcome.latencies)})
        assert outcome.lost == 0
    statuses = greedy["statuses"]
    assert statuses.keys() == {"200", "429"}
    assert greedy["lost"] == 0
    allowed = LIMIT * (greedy["seconds"] + 1)  # a second's worth of tokens lies ready at the start
    assert statuses["200"] <= allowed * 1.01 + 1
    assert statuses["429"] > 0
