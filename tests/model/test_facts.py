import hashlib
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.model.facts import ModelFacts, check_facts, facts_path, load_facts, read_facts, write_facts

SHIPPED = Path(onnx.__file__).parent / "backend/test/data"


def test_everything_the_file_says(mlp):
    facts = read_facts(mlp)
    assert facts.file == "m.onnx"
    assert facts.digest == "sha256:" + hashlib.sha256(mlp.read_bytes()).hexdigest()
    assert facts.size == facts.total_size == mlp.stat().st_size
    assert [(v.name, v.dtype, v.shape, v.onnx_type) for v in facts.inputs] == [("x", "FP32", (-1, 64), "tensor(float)")]
    assert [(v.name, v.dtype, v.shape) for v in facts.outputs] == [("y", "FP32", (-1, 8))]
    assert facts.opsets == {"ai.onnx": 17}
    assert facts.operators == {"Gemm": 1, "MatMul": 1, "Relu": 1}
    assert (facts.parameters, facts.parameter_bytes) == (64 * 32 + 32 + 32 * 8, 4 * (64 * 32 + 32 + 32 * 8))
    assert (facts.external, facts.unknown_domains, facts.unknown_operators, facts.control_flow) == ((), (), (), ())
    assert facts.findings() == ()


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (TensorProto.BOOL, "BOOL"),
        (TensorProto.UINT8, "UINT8"),
        (TensorProto.UINT16, "UINT16"),
        (TensorProto.UINT32, "UINT32"),
        (TensorProto.UINT64, "UINT64"),
        (TensorProto.INT8, "INT8"),
        (TensorProto.INT16, "INT16"),
        (TensorProto.INT32, "INT32"),
        (TensorProto.INT64, "INT64"),
        (TensorProto.FLOAT16, "FP16"),
        (TensorProto.FLOAT, "FP32"),
        (TensorProto.DOUBLE, "FP64"),
        (TensorProto.BFLOAT16, "BF16"),
        (TensorProto.STRING, "BYTES"),
        (TensorProto.COMPLEX64, None),
        (TensorProto.FLOAT8E4M3FN, None),
    ],
)
def test_datatypes(save, kind, dtype):
    facts = read_facts(save([helper.make_node("Identity", ["x"], ["y"])], [("x", kind, [1])], [("y", kind, [1])]))
    assert facts.inputs[0].dtype == dtype
    assert [f.id for f in facts.findings()] == ([] if dtype else ["model-not-servable", "model-not-servable"])


def test_facts_are_the_same_bytes_everywhere(mlp):
    script = "import sys; from pathlib import Path; from aiinfra.model.facts import read_facts\n"
    script += "sys.stdout.write(read_facts(Path(sys.argv[1])).to_json())"
    texts = {
        subprocess.run(
            [sys.executable, "-c", script, str(mlp)],
            capture_output=True, check=True, text=True, cwd=Path(__file__).parents[2], env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert texts == {read_facts(mlp).to_json()}


def test_written_read_and_checked(mlp):
    facts = read_facts(mlp)
    written = write_facts(facts, mlp)
    assert written == facts_path(mlp) == mlp.parent / "m.facts.json"
    assert json.loads(written.read_text())["schema"] == "aiinfra.model-facts/1"
    assert load_facts(written) == facts
    check_facts(facts, mlp)
    mlp.write_bytes(mlp.read_bytes() + b"\x32\x00")  # another empty string field: still a model, another digest
    with pytest.raises(BadInput) as caught:
        check_facts(facts, mlp)
    assert caught.value.code == "facts-stale"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "facts-missing"),
        ("{", "facts-invalid"),
        ("[" * 100_000, "facts-invalid"),
        ("{}", "facts-invalid"),
        ('{"schema": "other/9"}', "facts-invalid"),
    ],
)
def test_facts_files_that_are_none(tmp_path, text, code):
    path = tmp_path / "m.facts.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput) as caught:
        load_facts(path)
    assert caught.value.code == code


def test_unknown_keys_are_refused(mlp):
    data = json.loads(read_facts(mlp).to_json()) | {"surprise": 1}
    with pytest.raises(BadInput, match="surprise"):
        ModelFacts.from_json(json.dumps(data), "m.facts.json")


def test_control_flow_and_foreign_operators_are_flagged(save):
    branch = helper.make_graph(
        [helper.make_node("Spin", ["x"], ["b"], domain="acme")],
        "b",
        [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])],
    )
    path = save(
        [
            helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
            helper.make_node("NoSuchOperator", ["x"], ["z"]),
        ],
        [("c", TensorProto.BOOL, []), ("x", TensorProto.FLOAT, [1])],
        [("y", TensorProto.FLOAT, [1]), ("z", TensorProto.FLOAT, [1])],
        opsets=[helper.make_opsetid("acme", 1)],
    )
    facts = read_facts(path)
    assert facts.control_flow == ("If",)
    assert facts.unknown_domains == ("acme",)
    assert facts.unknown_operators == ("NoSuchOperator",)
    assert facts.operators == {"If": 1, "NoSuchOperator": 1, "acme.Spin": 2}
    assert facts.work.flops is None
    assert [f.id for f in facts.findings()] == [
        "model-unknown-domain",
        "model-unknown-operator",
        "model-control-flow",
        "model-work-unknown",
    ]


def test_a_map_output_is_named_as_what_it_is(save):
    path = save(
        [helper.make_node("Relu", ["x"], ["y"])], [("x", TensorProto.FLOAT, [1])], [("y", TensorProto.FLOAT, [1])]
    )
    model = onnx.load(path)
    model.graph.output[0].type.sequence_type.elem_type.map_type.key_type = TensorProto.INT64
    model.graph.output[0].type.sequence_type.elem_type.map_type.value_type.tensor_type.elem_type = TensorProto.FLOAT
    path.write_bytes(model.SerializeToString())
    output = read_facts(path).outputs[0]
    assert (output.dtype, output.shape, output.onnx_type) == (None, None, "seq(map(int64,tensor(float)))")


@pytest.mark.parametrize("content", [b"", b"garbage" * 100, b"\x08\x08", b"\x0a\xff\xff\xff\xff\x07", b"\x3a\x00"])
def test_not_a_model(tmp_path, content):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_facts(path)
    assert caught.value.code == "model-corrupt"
    assert "\n" not in caught.value.message


def test_a_file_of_more_than_two_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "m.onnx"
    with path.open("wb") as stream:
        stream.truncate(2**31)
    with pytest.raises(BadInput) as caught:
        read_facts(path)
    assert caught.value.code == "model-corrupt"


@pytest.mark.parametrize("name", ["absent.onnx", ".", "absent\0.onnx", "x" * 5000])
def test_no_model(tmp_path, name):
    with pytest.raises(BadInput) as caught:
        read_facts(tmp_path / name)
    assert caught.value.code == "model-missing"


@given(data=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_model_is_facts_or_one_error(tmp_path, mlp, data):
    content = bytearray(mlp.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.onnx"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        facts = read_facts(path)
    except AiinfraError as error:
        assert error.code in {"model-corrupt", "model-unsafe", "model-missing"}  # noqa: PT017
    else:
        assert ModelFacts.from_json(facts.to_json(), "it") == facts


def _function(name, nodes):
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("loc", 1)]
    return helper.make_function("loc", name, ["a"], ["b"], nodes, imports)


def _calling(save, top, functions):
    return save(
        [helper.make_node(top, ["x"], ["y"], domain="loc")],
        [("x", TensorProto.FLOAT, [1, 4])],
        [("y", TensorProto.FLOAT, [1, 4])],
        opsets=[helper.make_opsetid("loc", 1)],
        functions=functions,
    )


def test_functions_are_counted_inside(save):
    path = _calling(save, "F", [_function("F", [helper.make_node("Relu", ["a"], ["b"])])])
    facts = read_facts(path)
    assert facts.unknown_domains == ()
    assert (facts.work.flops, [item.op for item in facts.work.profile]) == (4, ["Relu"])


def test_a_function_that_calls_itself_is_unsafe(save):
    path = _calling(save, "F", [_function("F", [helper.make_node("F", ["a"], ["b"], domain="loc")])])
    with pytest.raises(BadInput) as caught:
        read_facts(path)
    assert caught.value.code == "model-unsafe"


def test_functions_that_multiply_are_unsafe(save):
    functions = [_function("F0", [helper.make_node("Relu", ["a"], ["b"])])]
    for depth in range(1, 8):
        names = ["a", *(f"t{i}" for i in range(9)), "b"]
        body = [helper.make_node(f"F{depth - 1}", [i], [o], domain="loc") for i, o in itertools.pairwise(names)]
        functions.append(_function(f"F{depth}", body))
    with pytest.raises(BadInput, match="expands to 10000000 operators"):
        read_facts(_calling(save, "F7", functions))


@pytest.mark.parametrize(
    ("file", "macs"),
    [
        # torchvision's model table says 4.09 G for ResNet-50, 19.63 G for VGG-19, 0.35 G for SqueezeNet 1.1
        ("light/light_resnet50.onnx", 4_089_184_256),
        ("light/light_vgg19.onnx", 19_632_062_464),
        ("light/light_squeezenet.onnx", 349_151_936),
    ],
)
def test_models_that_onnx_ships(file, macs):
    assert read_facts(SHIPPED / file).work.macs == macs


def test_parameters_in_constants_and_trees_count(save):
    constant = helper.make_node("Constant", [], ["k"], value=onnx.numpy_helper.from_array(np.ones((3, 5), np.float32)))
    path = save(
        [constant, helper.make_node("Add", ["x", "k"], ["y"])],
        [("x", TensorProto.FLOAT, [3, 5])],
        [("y", TensorProto.FLOAT, [3, 5])],
    )
    facts = read_facts(path)
    assert (facts.parameters, facts.parameter_bytes) == (15, 60)
