"""KServe's clients, unchanged and in an environment of their own, understand what the server answers."""

import json
import subprocess
from pathlib import Path

import pytest
from onnx import TensorProto

from tests.programs import ROOT
from tests.server.conftest import affine, configuration, identity, running

pytestmark = pytest.mark.judges

PYTHON = ROOT / ".venv-judges-kserve/bin/python"
DOUBLED = {"model": "m", "id": "7", "shape": [2, 4], "data": [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]}
WORDS = {"model": "text", "id": "7", "shape": [1, 4], "data": ["a", "é", "", "b:c"]}
THERE = {"live": True, "ready": True, "m ready": True}


def test_kserve_clients(tmp_path: Path) -> None:
    assert PYTHON.is_file(), f"no KServe at {PYTHON}: run make judges, which sets it up"
    affine(tmp_path / "m/1/model.onnx")
    identity(tmp_path / "text/1/model.onnx", TensorProto.STRING)
    grants = [{"identity": "local", "verbs": ["infer", "read"]}]
    with running(configuration(tmp_path, grpc={"address": "127.0.0.1:0"}, allow=grants)) as server:
        addresses = server.server.addresses
        script = Path(__file__).with_name("in_kserve_environment.py")
        words = [str(PYTHON), str(script), f"http://{addresses['http']}", addresses["grpc"]]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "rest": {**THERE, "json": DOUBLED, "binary": DOUBLED, "words": WORDS, "binary words": WORDS},
        "grpc": {**THERE, "typed": DOUBLED, "raw": DOUBLED, "words": WORDS},
    }
