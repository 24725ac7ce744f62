"""Signed releases: what is served, and what a changed byte, a strange signer or a failed golden trial gets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from aiinfra.errors import AiinfraError
from aiinfra.release.build import ReleaseSource, build_release
from aiinfra.release.golden import GoldenSet
from aiinfra.release.sign import dev_key, public_key, sign
from tests.server.conftest import Serve, configuration, running, value, write_model

X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
WEIGHTS = np.random.default_rng(3).normal(size=(4, 3)).astype(np.float32)


class Press:
    """Makes signed releases of model ``m``."""

    def __init__(self, root: Path) -> None:
        self.root = root / "models"
        self.work = root / "work"
        self.key = dev_key(root / "home")
        self.signer = public_key(self.key)

    def release(self, version: str, *, golden: np.ndarray | None = None, signed: bool = True) -> Path:
        model = write_model(
            self.work / version / "m.onnx",
            [helper.make_node("MatMul", ["x", "w"], ["y"])],
            [value("x", TensorProto.FLOAT, ["N", 4])],
            [value("y", TensorProto.FLOAT, ["N", 3])],
            [numpy_helper.from_array(WEIGHTS, "w")],
        )
        expected = X @ WEIGHTS if golden is None else golden
        source = ReleaseSource(
            "m", version, model, [GoldenSet("test_data_set_0", {"x": X}, {"y": expected})], "numpy 2"
        )
        folder = self.root / "m" / version
        folder.parent.mkdir(parents=True, exist_ok=True)
        build_release(source, folder)
        if signed:
            sign(folder, self.key)
        return folder

    def repository(self, **more: Any) -> dict[str, Any]:
        return {"dir": str(self.root), "signers": [str(self.signer)], **more}


@pytest.fixture
def press(tmp_path: Path) -> Press:
    return Press(tmp_path)


def refused(press: Press, **more: Any) -> str:
    config = configuration(press.root, repository=press.repository(**more))
    with pytest.raises(AiinfraError) as caught, running(config):
        pass
    return caught.value.code


def test_a_signed_release_is_verified_tried_and_served(serve: Serve, press: Press) -> None:
    press.release("1")
    server = serve(repository=press.repository())
    body = {"inputs": [{"name": "x", "shape": [2, 4], "datatype": "FP32", "data": X.ravel().tolist()}]}
    status, answer = server.infer(body)
    assert status == 200
    assert np.allclose(answer["outputs"][0]["data"], (X @ WEIGHTS).ravel(), rtol=1e-4, atol=1e-6)


def test_a_changed_byte_an_extra_file_and_a_strange_signer_are_refused(press: Press, tmp_path: Path) -> None:
    folder = press.release("1")
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert refused(press) == "release-changed"
    (folder / "model.onnx").write_bytes(whole)
    (folder / "extra").write_text("x")
    assert refused(press) == "release-file-extra"
    (folder / "extra").unlink()
    other = public_key(dev_key(tmp_path / "other"))
    assert refused(press, signers=[str(other)]) == "release-foreign-key"


def test_an_unsigned_release_is_refused(press: Press) -> None:
    press.release("1", signed=False)
    assert refused(press) == "release-unsigned"


def test_a_release_that_fails_its_golden_trial_never_answers(serve: Serve, press: Press) -> None:
    press.release("1")
    grants = [{"identity": "local", "verbs": ["infer", "read", "manage"]}]
    server = serve(repository=press.repository(), allow=grants)
    press.release("2", golden=X @ WEIGHTS + 1)
    status, _, answer = server.request("POST", "/v2/repository/models/m/load")
    assert (status, "golden-mismatch" in answer["error"]) == (422, True)
    assert server.request("GET", "/v2/models/m")[2]["versions"] == ["1"]
