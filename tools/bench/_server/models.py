"""The benchmark's two models: a small one whose call takes microseconds, and a compute-bound one."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Weights = list[onnx.TensorProto]
Nodes = list[onnx.NodeProto]


def small(file: Path) -> None:
    """64-256-256-8, float32, free batch dimension."""
    random = np.random.default_rng(0)
    widths = (64, 256, 256, 8)
    nodes: Nodes = []
    weights: Weights = []
    before = "x"
    for at, (wide, narrow) in enumerate(pairwise(widths)):
        last = at == len(widths) - 2
        matrix = random.standard_normal((wide, narrow)) / np.sqrt(wide)
        weights += [
            numpy_helper.from_array(matrix.astype(np.float32), f"w{at}"),
            numpy_helper.from_array(np.zeros(narrow, np.float32), f"b{at}"),
        ]
        nodes.append(helper.make_node("Gemm", [before, f"w{at}", f"b{at}"], ["y" if last else f"g{at}"]))
        if not last:
            nodes.append(helper.make_node("Relu", [f"g{at}"], [f"h{at}"]))
            before = f"h{at}"
    _save(file, nodes, weights, [64], [8])


def large(file: Path) -> None:
    """ResNet-18's topology at 3x224x224 with random weights; batch normalisation folded into the convolutions."""
    random = np.random.default_rng(0)
    nodes: Nodes = []
    weights: Weights = []

    def convolution(before: str, into: int, out: int, kernel: int, stride: int, *, relu: bool) -> str:
        at = len(nodes)
        weight = random.standard_normal((out, into, kernel, kernel)) * np.sqrt(1 / (into * kernel * kernel))
        weights.append(numpy_helper.from_array(weight.astype(np.float32), f"w{at}"))
        weights.append(numpy_helper.from_array(np.zeros(out, np.float32), f"b{at}"))
        pad = kernel // 2
        nodes.append(
            helper.make_node(
                "Conv", [before, f"w{at}", f"b{at}"], [f"c{at}"], kernel_shape=[kernel] * 2, strides=[stride] * 2,
                pads=[pad] * 4,
            )
        )  # fmt: skip
        if relu:
            nodes.append(helper.make_node("Relu", [f"c{at}"], [f"r{at}"]))
            return f"r{at}"
        return f"c{at}"

    now = convolution("x", 3, 64, 7, 2, relu=True)
    nodes.append(helper.make_node("MaxPool", [now], ["p"], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4))
    now, wide = "p", 64
    for out, first in ((64, 1), (128, 2), (256, 2), (512, 2)):
        for stride in (first, 1):
            side = now if (stride, wide) == (1, out) else convolution(now, wide, out, 1, stride, relu=False)
            inner = convolution(now, wide, out, 3, stride, relu=True)
            inner = convolution(inner, out, out, 3, 1, relu=False)
            at = len(nodes)
            nodes.append(helper.make_node("Add", [inner, side], [f"a{at}"]))
            nodes.append(helper.make_node("Relu", [f"a{at}"], [f"s{at}"]))
            now, wide = f"s{at}", out
    nodes.append(helper.make_node("GlobalAveragePool", [now], ["pool"]))
    nodes.append(helper.make_node("Flatten", ["pool"], ["flat"]))
    weights.append(numpy_helper.from_array((random.standard_normal((512, 1000)) / 23).astype(np.float32), "w"))
    nodes.append(helper.make_node("MatMul", ["flat", "w"], ["y"]))
    _save(file, nodes, weights, [3, 224, 224], [1000])


def _save(file: Path, nodes: Nodes, weights: Weights, inputs: list[int], outputs: list[int]) -> None:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", *outputs])],
        weights,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), file)
