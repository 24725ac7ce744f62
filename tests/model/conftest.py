"""Small models to read: the tests make them with onnx itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def build(nodes, inputs, outputs, constants=None, *, opset=17, ml=False, **more) -> Path:
        def value(item):
            label, kind, shape = item
            return helper.make_tensor_value_info(label, kind, shape)

        graph = helper.make_graph(
            nodes,
            "g",
            [value(item) for item in inputs],
            [value(item) for item in outputs],
            [numpy_helper.from_array(array, label) for label, array in (constants or {}).items()],
        )
        opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid("ai.onnx.ml", 3)] if ml else [])
        model = helper.make_model(graph, opset_imports=[*opsets, *more.pop("opsets", [])], ir_version=8, **more)
        path = tmp_path / "m.onnx"
        path.write_bytes(model.SerializeToString(deterministic=True))
        return path

    return build


@pytest.fixture
def mlp(save: Save) -> Path:
    """64 -> 32 -> 8, the batch open: 64*32 + 32*8 = 2,304 multiply-accumulates a row."""
    rng = np.random.default_rng(7)
    weights = {
        "w1": rng.normal(size=(64, 32)).astype(np.float32),
        "b1": np.zeros(32, np.float32),
        "w2": rng.normal(size=(32, 8)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["y"]),
    ]
    return save(nodes, [("x", TensorProto.FLOAT, ["batch", 64])], [("y", TensorProto.FLOAT, ["batch", 8])], weights)


@pytest.fixture
def with_data(mlp: Path) -> Path:
    """The same, its weights in ``weights.bin``."""
    onnx.save_model(
        onnx.load(mlp),
        mlp,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
        convert_attribute=True,
    )
    return mlp
