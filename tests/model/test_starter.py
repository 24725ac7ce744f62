"""The starter declaration holds as it is written."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from aiinfra.errors import BadInput, Refused
from aiinfra.model.starter import start
from aiinfra.spec.reading import load


def model(file: Path) -> Path:
    x = helper.make_tensor_value_info("odd name: 1", TensorProto.FLOAT, ["batch", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])
    graph = helper.make_graph([helper.make_node("Relu", ["odd name: 1"], ["y"])], "g", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), file)
    return file


@pytest.mark.parametrize("golden", [False, True])
def test_it_loads_and_says_what_the_file_says(tmp_path: Path, golden: bool) -> None:
    file = model(tmp_path / "My Model (v2).onnx")
    if golden:
        (tmp_path / "golden").mkdir()
    start(file, tmp_path / "deployment.yaml")
    declaration = load(tmp_path)
    declared = declaration.deployment.model
    assert declaration.deployment.name == "my-model-v2"
    assert declaration.model_file == file
    assert [(t.name, t.dtype.value, t.shape) for t in declared.inputs] == [("odd name: 1", "FP32", (-1, 4))]
    assert [(t.name, t.dtype.value, t.shape) for t in declared.outputs] == [("y", "FP32", (-1, 4))]
    assert (declaration.golden_dir == tmp_path / "golden") is golden


def test_it_never_overwrites(tmp_path: Path) -> None:
    file = model(tmp_path / "m.onnx")
    (tmp_path / "deployment.yaml").write_text("mine\n")
    with pytest.raises(Refused, match="is there already"):
        start(file, tmp_path / "deployment.yaml")
    assert (tmp_path / "deployment.yaml").read_text() == "mine\n"
    with pytest.raises(BadInput, match="No such file or directory"):
        start(file, tmp_path / "nowhere" / "deployment.yaml")
