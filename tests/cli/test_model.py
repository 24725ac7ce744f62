import json

import pytest
from click.testing import CliRunner

from aiinfra.cli.model import command
from aiinfra.errors import BadInput
from tests.local.conftest import folder  # noqa: F401 - the local plane's declaration


@pytest.fixture
def line():
    return lambda *words: CliRunner().invoke(command, ["inspect", *map(str, words)], catch_exceptions=False)


def test_what_is_printed(line, folder):  # noqa: F811
    done = line(folder / "m.onnx")
    facts = done.output.splitlines()
    assert done.exit_code == 0
    assert facts[0].startswith("model       m.onnx, 146 B, sha256:")
    assert facts[1:] == [
        "written by  unknown; operator sets ai.onnx 17",
        "input       x  FP32  [-1, 4]",
        "output      y  FP32  [-1, 3]",
        "parameters  12 (48 B)",
        "work        12 MAC, 24 FLOP a run with x [1, 4]",
        "memory      76 B moved, 28 B of activations at most",
        "",
        "operator  type  count  MAC  FLOP  moved",
        "MatMul    FP32      1   12    24   76 B",
    ]


def test_a_declaration_is_brought_up_to_date(line, folder):  # noqa: F811
    before = (folder / "deployment.yaml").read_text()
    done = line(folder, "--write")
    assert done.output.splitlines()[-2:] == [
        f"wrote {folder / 'm.facts.json'}",
        f"wrote digest in {folder / 'deployment.yaml'}",
    ]
    after = (folder / "deployment.yaml").read_text()
    digest = json.loads((folder / "m.facts.json").read_text())["digest"]
    assert after == before.replace("  file: m.onnx\n", f"  file: m.onnx\n  digest: {digest}\n")
    assert line(folder, "--write").output.splitlines()[-1] == f"nothing to change in {folder / 'deployment.yaml'}"


def test_json(line, folder):  # noqa: F811
    envelope = json.loads(line(folder, "--json").output)
    assert (envelope["schema"], envelope["data"]["work"]["macs"]) == ("aiinfra.model-inspect/1", 12)


def test_shapes(line, folder):  # noqa: F811
    assert "120 MAC" in line(folder, "--shape", "x=10x4").output
    for wrong, code in (
        ("x=ten", "shape-invalid"),
        ("=3", "shape-invalid"),
        ("q=1x4", "model-shape"),
        ("x=1x5", "model-shape"),
    ):
        with pytest.raises(BadInput) as caught:
            line(folder, "--shape", wrong)
        assert caught.value.code == code
