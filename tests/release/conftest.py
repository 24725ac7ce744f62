"""A small release, built from a model that the tests make."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from aiinfra.release.build import ReleaseSource, build_release
from aiinfra.release.golden import GoldenSet
from aiinfra.release.sign import dev_key, public_key, sign

WEIGHTS = np.random.default_rng(3).normal(size=(6, 3)).astype(np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """y = x @ WEIGHTS, the batch open."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(WEIGHTS, "w")],
    )
    path = tmp_path / "source" / "m.onnx"
    path.parent.mkdir()
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(made.SerializeToString(deterministic=True))
    return path


@pytest.fixture
def golden() -> GoldenSet:
    x = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6)
    return GoldenSet("test_data_set_0", {"x": x}, {"y": x @ WEIGHTS})


@pytest.fixture
def source(model: Path, golden: GoldenSet) -> ReleaseSource:
    return ReleaseSource("line-vibration", "3", model, [golden], "numpy 2", labels={"y": ("a", "b", "c")})


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return dev_key(tmp_path / "home")


@pytest.fixture
def signer(key: Path) -> Path:
    return public_key(key)


@pytest.fixture
def release(source: ReleaseSource, key: Path, tmp_path: Path) -> Path:
    """A signed release folder."""
    folder = tmp_path / "repository" / "line-vibration" / "3"
    build_release(source, folder)
    sign(folder, key)
    return folder
