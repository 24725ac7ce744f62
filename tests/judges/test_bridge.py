"""What the bridge is told, linted by Benthos itself: every compiled stream, and every kind of stream there is."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from aiinfra.components.kubernetes import bridge_objects
from tests.components.kubernetes.test_streams import MQTT, OPC, spec
from tests.judges.built import built
from tests.judges.schemas import objects
from tests.programs import programs

pytestmark = pytest.mark.e2e

LOGIN = {"store": "kubernetes", "name": "login"}
KINDS: dict[str, dict[str, Any]] = {
    "mqtt": MQTT,
    "mqtt-each": {**MQTT, "each": 64},
    "mqtt-login": {**MQTT, "credentials": LOGIN},
    "mqtt-clear": {**MQTT, "address": "mqtt://broker.line"},
    "mqtt-silent": {key: value for key, value in MQTT.items() if key != "answers"},
    "opc": {**OPC, "each": 1},
    "opc-each": OPC,
}


def lint(text: str, folder: Path) -> tuple[int, str]:
    file = folder / "stream.yaml"
    file.write_text(text)
    # Credentials come from the environment, which is not that of the lint.
    ran = subprocess.run(
        [built("bridge-lint"), "lint", "--skip-env-var-check", file], capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def compiled() -> dict[str, str]:
    """Program and file -> what its bridge is told."""
    found = {}
    for program in programs():
        for item in objects(program.graph()):
            if item["kind"] == "ConfigMap" and "-bridge-config-" in item["metadata"]["name"]:
                found |= {f"{program.name} {name}": text for name, text in item["data"].items()}
    return found


def test_every_compiled_stream_is_clean(tmp_path: Path) -> None:
    assert compiled()
    for name, text in compiled().items():
        assert lint(text.replace("$${", "${"), tmp_path) == (0, ""), name  # Flux takes one of two dollars


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_stream_is_clean(kind: str, tmp_path: Path) -> None:
    (text,) = bridge_objects.config_data(spec(KINDS[kind])).values()
    assert lint(text, tmp_path) == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("qos:", "qoss:"),
        ("root.inputs = [", "root.inputs = [["),
        ("verb: POST", "verb: [POST]"),
        ("drop: {}", "dropp: {}"),
    ],
)
def test_it_speaks(old: str, new: str, tmp_path: Path) -> None:
    (text,) = bridge_objects.config_data(spec(KINDS["mqtt-silent"])).values()
    assert old in text
    assert lint(text.replace(old, new), tmp_path)[0] == 1
