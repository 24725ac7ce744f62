import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.model.facts import read_facts
from aiinfra.release.record import fixed_inputs, on_cpu, record


def test_a_recorded_set_is_what_the_model_answers(model):
    facts = read_facts(model)
    golden = record(facts, on_cpu(model))
    assert golden.inputs["x"].tolist() == [np.linspace(0, 1, 6, dtype=np.float32).tolist()]
    assert on_cpu(model)(golden.inputs)["y"].tobytes() == golden.outputs["y"].tobytes()


def test_fixed_inputs_of_every_type(tmp_path):
    kinds = [TensorProto.FLOAT16, TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING, TensorProto.BFLOAT16]
    values = [helper.make_tensor_value_info(f"x{i}", kind, ["n", 3]) for i, kind in enumerate(kinds)]
    outs = [helper.make_tensor_value_info(f"y{i}", kind, ["n", 3]) for i, kind in enumerate(kinds)]
    nodes = [helper.make_node("Identity", [f"x{i}"], [f"y{i}"]) for i in range(len(kinds))]
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", values, outs)), path)
    inputs = fixed_inputs(read_facts(path), {"x1": (2, 3)})
    assert [(v.dtype.name, v.shape) for v in inputs.values()] == [
        ("float16", (1, 3)),
        ("int64", (2, 3)),
        ("bool", (1, 3)),
        ("object", (1, 3)),
        ("bfloat16", (1, 3)),
    ]
    assert inputs["x1"].tolist() == [[0, 1, 0], [1, 0, 1]]


def test_a_model_that_does_not_run(model):
    def run(inputs):
        raise ValueError("bad index")

    with pytest.raises(AiinfraError) as caught:
        record(read_facts(model), run)
    assert caught.value.code == "golden-failed"


def test_a_model_that_does_not_load(model):
    proto = onnx.load(model)
    proto.graph.node[0].op_type = "NoSuchOperator"
    model.write_bytes(proto.SerializeToString())
    with pytest.raises(BadInput) as caught:
        on_cpu(model)
    assert caught.value.code == "model-corrupt"
