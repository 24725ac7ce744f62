"""Values that follow from shapes alone: the small integer arithmetic with which exporters compute shapes.

ONNX's shape inference carries such values through some operators only; a padding that is computed, say, hides every
shape behind it. Here the remaining small ones are computed with ONNX's reference implementation. Nothing larger than
:data:`LARGEST` numbers is ever made, whatever the file says.
"""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper
from onnx.helper import make_graph, make_model
from onnx.reference import ReferenceEvaluator

from aiinfra.model.typed import Typed

LARGEST: Final = 1024
"""Numbers in one folded value."""

_FOLDED: Final = frozenset(
    {
        *(
            "Add",
            "And",
            "Cast",
            "Ceil",
            "Concat",
            "Constant",
            "ConstantOfShape",
            "Div",
            "Equal",
            "Expand",
            "Floor",
            "Gather",
        ),
        *(
            "Greater",
            "Identity",
            "Less",
            "Max",
            "Min",
            "Mod",
            "Mul",
            "Neg",
            "Not",
            "Or",
            "Range",
            "ReduceProd",
            "Reshape",
        ),
        *("Shape", "Size", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where"),
    }
)


def fold(model: ModelProto, known: Mapping[str, Typed]) -> tuple[ModelProto, int]:
    """``model`` with every operator replaced by its value where ``known`` shapes decide it; and how many were."""
    inside = [t for t in model.graph.initializer if t.data_location != TensorProto.EXTERNAL]
    values = {t.name: numpy_helper.to_array(t) for t in inside if math.prod(t.dims) <= LARGEST}
    folded = ModelProto()
    folded.CopyFrom(model)
    del folded.graph.node[:]
    count = 0
    outputs = {value.name for value in model.graph.output}
    for node in model.graph.node:
        results = _value(node, values, known, model) if not outputs.intersection(node.output) else None
        if results is None:
            folded.graph.node.add().CopyFrom(node)
            continue
        count += 1
        for name, value in zip(node.output, results, strict=True):
            values[name] = value
            folded.graph.initializer.append(numpy_helper.from_array(value, name))
    return folded, count


def _value(
    node: NodeProto, values: Mapping[str, np.ndarray], known: Mapping[str, Typed], model: ModelProto
) -> list[np.ndarray] | None:
    if node.domain not in ("", "ai.onnx") or node.op_type not in _FOLDED or not all(node.output):
        return None
    if node.op_type in ("Shape", "Size"):
        return _of_shape(node, known)
    given = {name: values[name] for name in node.input if name in values}
    if any(name and name not in given for name in node.input) or not _small(node, given, known):
        return None
    try:
        graph: GraphProto = make_graph([node], "one", [], [])
        for name in node.output:
            graph.output.add(name=name)
        for name, value in given.items():
            graph.input.add(name=name).type.tensor_type.elem_type = numpy_helper.from_array(value).data_type
        one = make_model(graph, opset_imports=list(model.opset_import), ir_version=8)
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(one).run(None, given)
    except Exception:  # noqa: BLE001  # whatever a hostile node does to the reference code, its value is then not known
        return None
    arrays = [np.asarray(result) for result in results]
    plain = all(array.size <= LARGEST and array.dtype.kind in "iufb" for array in arrays)
    return arrays if plain and len(arrays) == len(node.output) else None


def _of_shape(node: NodeProto, known: Mapping[str, Typed]) -> list[np.ndarray] | None:
    typed = known.get(node.input[0]) if node.input else None
    if typed is None or any(size >= 2**63 for size in typed.shape):
        return None
    attributes = {attribute.name: attribute.i for attribute in node.attribute}
    if node.op_type == "Size":
        return [np.array(typed.elements, dtype=np.int64)] if typed.elements < 2**63 else None
    start, end = attributes.get("start", 0), attributes.get("end", len(typed.shape))
    return [np.array(typed.shape[slice(start, end)], dtype=np.int64)]


def _small(node: NodeProto, given: Mapping[str, np.ndarray], known: Mapping[str, Typed]) -> bool:
    """Whether the results stay small, judged before anything is made."""
    operands = [given[name] for name in node.input if name]
    if any(operand.size > LARGEST for operand in operands):
        return False
    if node.op_type == "Constant":
        return all(math.prod(a.t.dims) <= LARGEST and a.t.data_location != TensorProto.EXTERNAL for a in node.attribute)
    if node.op_type in ("ConstantOfShape", "Expand"):
        wanted = operands[-1].reshape(-1)
        return wanted.dtype.kind in "iu" and math.prod(int(max(size, 1)) for size in wanted) <= LARGEST
    if node.op_type == "Range":
        if len(operands) != 3 or any(operand.size != 1 for operand in operands):
            return False
        start, limit, step = (float(operand.reshape(())) for operand in operands)
        return step != 0 and math.isfinite((limit - start) / step) and abs((limit - start) / step) <= LARGEST
    return all(name not in known or known[name].elements <= LARGEST for name in node.output)
