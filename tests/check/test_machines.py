"""What a machine that trains lacks is refused with those that have it."""

from pathlib import Path
from typing import Any

import pytest

from aiinfra.check.checks import check
from aiinfra.findings import Finding, Severity
from aiinfra.model.facts import read_facts, write_facts
from aiinfra.spec import yaml
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import load
from tests.programs import ROOT

DATA = ROOT / "tests" / "data" / "declarations"
SMALL = DATA / "small.yaml"
LARGE = {"layers": 80, "hidden": 8192, "kv_heads": 8, "head_size": 128}


def found(
    tmp_path: Path, model: dict[str, Any] | None = None, lock: str = "", **training: object
) -> dict[str, Finding]:
    data = load(SMALL).whole.plain()
    data["training"].update(training)
    data["model"].update(model or {})
    (tmp_path / "deployment.yaml").write_text(yaml.write(Deployment.model_validate(data).plain()))
    if lock:
        (tmp_path / "images.lock").write_text(lock)
    return {finding.id: finding for finding in check(load(tmp_path)) if finding.path == "training.instance"}


def test_the_declared_machine_will_do(tmp_path: Path) -> None:
    assert found(tmp_path) == {}


@pytest.mark.parametrize(
    ("training", "code", "named"),
    [
        (
            {"nodes": 2},
            "instance-without-efa",
            "train on one machine, or choose one that has, the nearest first: g6.8",
        ),
        ({"instance": "c7i.xlarge"}, "instance-without-accelerator", "the nearest first: g6f.xlarge, g4dn.xlarge"),
        ({"instance": "inf2.24xlarge"}, "instance-not-supported", "the nearest first: trn1.32xlarge"),
    ],
)
def test_what_is_lacking_is_refused_with_those_that_have_it(
    tmp_path: Path, training: dict[str, object], code: str, named: str
) -> None:
    (finding,) = found(tmp_path, **training).values()
    assert (finding.id, finding.severity) == (code, Severity.ERROR)
    assert named in finding.remedy


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, {"language": {"parameters": 70e9, **LARGE}}).values()
    assert (finding.id, finding.severity) == ("instance-memory-short", Severity.ERROR)
    assert finding.message == (
        "1 x g6.xlarge: accelerators of 22 GiB in all; 70,000,000,000 parameters take 130 GiB as stored weights alone"
    )
    assert finding.remedy.startswith("choose one with more memory, the nearest first: g6.48xlarge")


def test_what_an_optimizer_would_not_find_room_for_is_told(tmp_path: Path) -> None:
    model = {"language": {"parameters": 8e9, **LARGE}}
    (finding,) = found(tmp_path, model, instance="g6.12xlarge").values()
    assert (finding.id, finding.severity) == ("instance-memory-tight", Severity.WARNING)
    assert finding.remedy.startswith("take 2 of them, or choose one with more memory, the nearest first: g6.48xlarge")
    assert found(tmp_path, model, instance="g6.12xlarge", nodes=2) == {}


def test_the_facts_beside_a_model_say_how_large_it_is(tmp_path: Path) -> None:
    facts = read_facts(ROOT / "examples" / "factory" / "vibration.onnx")
    write_facts(facts, tmp_path / "vibration.onnx")
    assert found(tmp_path) == {}
    large = facts.model_copy(update={"parameters": 2_000_000_000, "parameter_bytes": 8_000_000_000})
    write_facts(large, tmp_path / "vibration.onnx")
    assert set(found(tmp_path)) == {"instance-memory-tight"}


def test_an_image_for_another_architecture_is_refused(tmp_path: Path) -> None:
    lock = f"gear-check-trainer: {{reference: 'r.example.com/t@sha256:{'a' * 64}', architectures: [arm64]}}\n"
    finding = found(tmp_path, lock=lock)["image-architecture"]
    assert finding.message == "g6.xlarge is amd64, and the locked image 'gear-check-trainer' is for arm64"
    assert finding.remedy.endswith(
        "or choose one of its own, the nearest first: g5g.xlarge, g5g.2xlarge, g5g.4xlarge, "
        "g5g.8xlarge, g5g.16xlarge and 1 more"
    )
