import math

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from aiinfra.errors import BadInput
from aiinfra.model.work import measure

F = TensorProto.FLOAT


def one(save, op, operands, **attributes):
    """The work of one operator; an operand is an input where its shape is given, a constant where its value is."""
    inputs = [(name, F, shape) for name, shape in operands.items() if isinstance(shape, list)]
    constants = {name: value for name, value in operands.items() if isinstance(value, np.ndarray)}
    node = helper.make_node(op, list(operands), ["out"], **attributes)
    return measure(onnx.load(save([node], inputs, [("out", F, None)], constants, opset=23)))


def f(*shape):
    return np.ones(shape, np.float32)


@pytest.mark.parametrize(
    ("op", "operands", "attributes", "expected"),
    [
        ("MatMul", {"a": [2, 3, 4], "b": [2, 4, 5]}, {}, (120, 240)),
        ("MatMul", {"a": [4], "b": [4]}, {}, (4, 8)),
        ("Gemm", {"a": [3, 4], "w": f(4, 5), "c": f(5)}, {}, (60, 135)),
        ("Gemm", {"a": [4, 3], "w": f(5, 4)}, {"transA": 1, "transB": 1}, (60, 120)),
        ("Conv", {"a": [1, 3, 8, 8], "w": f(16, 3, 3, 3)}, {"pads": [1, 1, 1, 1]}, (16 * 64 * 27, 2 * 16 * 64 * 27)),
        ("Conv", {"a": [1, 8, 8, 8], "w": f(8, 1, 3, 3)}, {"group": 8}, (8 * 36 * 9, 2 * 8 * 36 * 9)),
        ("ConvTranspose", {"a": [1, 4, 5, 5], "w": f(4, 2, 3, 3)}, {}, (100 * 18, 2 * 100 * 18)),
        ("LSTM", {"a": [7, 2, 10], "w": f(1, 64, 10), "r": f(1, 64, 16)},
         {"hidden_size": 16}, (14 * (640 + 1024), None)),
        ("GRU", {"a": [7, 2, 10], "w": f(2, 48, 10), "r": f(2, 48, 16)},
         {"hidden_size": 16, "direction": "bidirectional"}, (14 * 2 * (480 + 768), None)),
        ("Einsum", {"a": [2, 3, 4], "b": [2, 4, 5]}, {"equation": "bij,bjk->bik"}, (120, 240)),
        ("Attention", {"q": [1, 2, 5, 8], "k": [1, 2, 7, 8], "v": [1, 2, 7, 8]}, {}, (2 * 5 * 7 * 16, None)),
        ("Relu", {"a": [3, 4]}, {}, (0, 12)),
        ("Softmax", {"a": [3, 4]}, {}, (0, 12)),
        ("Reshape", {"a": [3, 4], "s": np.array([12], np.int64)}, {}, (0, 0)),
        ("MaxPool", {"a": [1, 2, 8, 8]}, {"kernel_shape": [2, 2], "strides": [2, 2]}, (0, 2 * 16 * 4)),
        ("ReduceMean", {"a": [3, 40], "x": np.array([1], np.int64)}, {}, (0, 120)),
    ],
)  # fmt: skip
def test_rules(save, op, operands, attributes, expected):
    macs, flops = expected
    work = one(save, op, operands, **attributes)
    assert work.macs == macs
    assert flops is None or work.flops == flops
    assert work.unknown == ()


def test_linear_and_trees(save):
    linear = helper.make_node(
        "LinearRegressor", ["x"], ["y"], domain="ai.onnx.ml", coefficients=[1.0] * 20, intercepts=[0.0] * 2, targets=2
    )
    work = measure(onnx.load(save([linear], [("x", F, [None, 10])], [("y", F, [None, 2])], ml=True)))
    assert (work.macs, work.flops) == (20, 42)
    trees = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1,
        nodes_treeids=[0, 0, 0, 0, 0, 1], nodes_nodeids=[0, 1, 2, 3, 4, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 3, 0, 0, 0], nodes_falsenodeids=[2, 0, 4, 0, 0, 0],
        nodes_featureids=[0] * 6, nodes_values=[0.5] * 6, nodes_hitrates=[1.0] * 6,
        target_ids=[0], target_nodeids=[1], target_treeids=[0], target_weights=[1.0],
    )  # fmt: skip
    work = measure(onnx.load(save([trees], [("x", F, [None, 10])], [("y", F, [None, 1])], ml=True)), batch=3)
    assert (work.macs, work.flops) == (0, 3 * 2)


def test_a_tree_with_a_cycle_is_not_counted(save):
    trees = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml",
        nodes_treeids=[0, 0], nodes_nodeids=[0, 1], nodes_modes=["BRANCH_LEQ", "BRANCH_LEQ"],
        nodes_truenodeids=[1, 0], nodes_falsenodeids=[1, 0],
    )  # fmt: skip
    work = measure(onnx.load(save([trees], [("x", F, [1, 10])], [("y", F, [1, 1])], ml=True)))
    assert work.flops is None
    assert work.unknown[0].unknown == "a tree contains a cycle"


def test_a_batch_scales_what_it_should(mlp):
    one_row, eight = measure(onnx.load(mlp)), measure(onnx.load(mlp), batch=8)
    assert (one_row.macs, eight.macs) == (2304, 8 * 2304)
    assert one_row.inputs == {"x": (1, 64)}
    # x (64) and h (32) are alive with r (32); y (8) comes when h is gone
    assert one_row.peak_activation_bytes == 4 * (64 + 32 + 32)
    # Gemm: x + w + b + h; Relu: h + r; MatMul: r + w + y
    assert one_row.bytes == 4 * ((64 + 64 * 32 + 32 + 32) + (32 + 32) + (32 + 32 * 8 + 8))


def test_what_an_operator_beyond_the_tables_does_is_unknown_and_the_rest_is_a_lower_bound(save):
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("NonMaxSuppression", ["b", "s"], ["i"]),
    ]
    path = save(
        nodes,
        [("x", F, [1, 4]), ("b", F, [1, 6, 4]), ("s", F, [1, 1, 6])],
        [("r", F, [1, 4]), ("i", TensorProto.INT64, [None, 3])],
    )
    work = measure(onnx.load(path))
    assert (work.macs, work.flops, work.counted_flops, work.peak_activation_bytes) == (None, None, 4, None)
    assert [item.op for item in work.unknown] == ["NonMaxSuppression"]


def test_an_open_length_is_unknown_until_it_is_given(save):
    path = save(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [("x", F, ["n", "length", 16])],
        [("y", F, None)],
        {"w": f(16, 4)},
    )
    model = onnx.load(path)
    assert measure(model).macs is None
    work = measure(model, shapes={"x": (1, 100, 16)})
    assert (work.macs, work.inputs) == (6400, {"x": (1, 100, 16)})


@pytest.mark.parametrize(
    ("shapes", "said"),
    [({"q": (1, 64)}, "no input 'q'"), ({"x": (1, 63)}, "does not fit"), ({"x": (1,)}, "does not fit")],
)
def test_shapes_that_do_not_fit(mlp, shapes, said):
    with pytest.raises(BadInput, match=said) as caught:
        measure(onnx.load(mlp), shapes=shapes)
    assert caught.value.code == "model-shape"


def test_shapes_computed_by_the_model_are_followed(save):
    """Paddings computed through ConstantOfShape, Concat, Reshape and Slice, as exporters write them."""
    constants = {
        "two": np.array([2], np.int64),
        "pads": np.array([0, 0, 0, 1], np.int64),
        "to": np.array([-1, 2], np.int64),
        "w": f(8, 1, 3),
        "flat": np.array([-1], np.int64),
    }
    nodes = [
        helper.make_node(
            "ConstantOfShape", ["two"], ["zeros"], value=helper.make_tensor("z", TensorProto.INT64, [1], [0])
        ),
        helper.make_node("Concat", ["zeros", "pads"], ["all"], axis=0),
        helper.make_node("Reshape", ["all", "to"], ["pairs"]),
        helper.make_node("Transpose", ["pairs"], ["turned"], perm=[1, 0]),
        helper.make_node("Reshape", ["turned", "flat"], ["final"]),
        helper.make_node("Pad", ["x", "final"], ["padded"]),
        helper.make_node("Conv", ["padded", "w"], ["y"]),
    ]
    path = save(nodes, [("x", F, [None, 1, 10])], [("y", F, None)], constants)
    work = measure(onnx.load(path))
    assert work.unknown == ()
    assert work.macs == math.prod((8, 9, 3))  # ten columns, one of padding, a window of three


@pytest.mark.parametrize("size", [2**40, -(2**40)])
def test_a_shape_that_would_fill_the_memory_is_not_made(save, size):
    nodes = [
        helper.make_node("ConstantOfShape", ["n"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["y"], keepdims=0),
    ]
    path = save(nodes, [("x", F, [1])], [("y", F, [])], {"n": np.array([size], np.int64)})
    work = measure(onnx.load(path))
    assert work.peak_activation_bytes is None or work.peak_activation_bytes >= 4 * size


@given(batch=st.integers(1, 64))
def test_more_rows_never_need_less(batch):
    weights = onnx.numpy_helper.from_array(f(6, 2), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", F, [None, 6])],
        [helper.make_tensor_value_info("y", F, [None, 2])],
        [weights],
    )
    work = measure(helper.make_model(graph), batch=batch)
    assert (work.macs, work.peak_activation_bytes) == (12 * batch, 4 * 8 * batch)


def test_a_declared_name_does_not_hide_a_number(save):
    """A file may carry shapes in the exporter's own symbols; what inference knows comes first."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    path = save(nodes, [("x", F, ["n", 4])], [("y", F, ["floor(n/2)", -1])], {"w": f(4, 5)})
    model = onnx.load(path)
    model.graph.value_info.append(helper.make_tensor_value_info("h", F, ["floor(n/2)", "k"]))
    work = measure(model)
    assert (work.unknown, work.peak_activation_bytes) == ((), 4 * (4 + 5 + 5))


def _branching(save, axis_size):
    """If the first dimension is 1, a product; else a copy."""
    y = helper.make_tensor_value_info("t", F, None)
    z = helper.make_tensor_value_info("e", F, None)
    then = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["t"])], "then", [], [y])
    otherwise = helper.make_graph([helper.make_node("Identity", ["x"], ["e"])], "else", [], [z])
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Equal", ["n", "one"], ["c"]),
        helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=otherwise),
    ]
    constants = {"zero": np.array(0, np.int64), "one": np.array(1, np.int64), "w": f(4, 5)}
    return onnx.load(save(nodes, [("x", F, [axis_size, 4])], [("y", F, None)], constants))


def test_a_branch_that_shapes_decide_is_counted(save):
    model = _branching(save, "n")
    assert (measure(model).macs, measure(model).unknown) == (20, ())
    assert (measure(model, batch=2).macs, measure(model, batch=2).unknown) == (0, ())
    assert {item.op for item in measure(model).profile} == {"Shape", "Gather", "Equal", "MatMul", "Identity"}
