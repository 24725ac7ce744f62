"""The shape of every tensor of a model, the batch being fixed: ONNX's own shape inference without the weights."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto, inliner, shape_inference
from onnx.helper import make_tensor_value_info

from aiinfra.errors import BadInput, did_you_mean
from aiinfra.model.branches import decided, resolve
from aiinfra.model.folding import fold
from aiinfra.model.onnx_file import nodes, subgraphs
from aiinfra.model.typed import Shape, Typed

_KEPT_ELEMENTS: Final = 4096
"""Constants up to this size stay in the copy, since shapes are computed from them (Reshape, Slice, Resize)."""

_ROUNDS: Final = 16


@dataclass(frozen=True, slots=True)
class Shapes:
    """A model with local functions expanded, and every tensor whose shape is known."""

    graph: GraphProto
    of: Mapping[str, Typed]
    inputs: Mapping[str, Shape | None]
    """The shapes the model's inputs were given; None where one stays open."""
    read: frozenset[str]
    """Names that an operator reads or that the model answers with."""
    failure: str = ""
    """Why shape inference gave nothing beyond what the file declares; empty where it worked."""


def declared_inputs(graph: GraphProto) -> tuple[ValueInfoProto, ...]:
    """The inputs a caller must give: older files list initializers as inputs too, which have values already."""
    initial = {t.name for t in graph.initializer} | {t.values.name for t in graph.sparse_initializer}
    return tuple(value for value in graph.input if value.name not in initial)


def infer(model: ModelProto, batch: int, given: Mapping[str, Sequence[int]]) -> Shapes:
    """Shapes for ``batch`` rows: an input's first dimension is set where the model leaves it open; ``given`` wins.

    A named dimension that the inputs fix is fixed everywhere it appears. Other open dimensions (a sequence's length)
    stay open unless ``given`` says them, and what depends on them stays unknown.

    Raises:
        BadInput: ``model-shape`` where ``given`` names no input, or contradicts a dimension that the model fixes.
    """
    values = declared_inputs(model.graph)
    _check_names(values, given)
    named: dict[str, int] = {}
    for value in values:
        _bind(value, batch, given.get(value.name), named)
    slim = _without_weights(model, values, batch, given, named)
    declared = _constants(model.graph)
    try:
        whole = inliner.inline_local_functions(slim)
        whole, known = _propagate(whole, declared)
        failure = ""
    except Exception as error:  # noqa: BLE001  # a C++ extension: any exception it raises means "no shapes", never a crash here
        reason = str(error).strip().splitlines() or [type(error).__name__]
        whole, failure = slim, f"shape inference failed: {reason[0]}"
        known = {**declared, **_declared(slim.graph)}
    inputs = {value.name: known[value.name].shape if value.name in known else None for value in values}
    return Shapes(whole.graph, known, inputs, _read(whole.graph), failure)


def _propagate(whole: ModelProto, declared: Mapping[str, Typed]) -> tuple[ModelProto, dict[str, Typed]]:
    """Infer, compute what follows from the shapes found, and infer again, until nothing new comes of it.

    Returns the model as it runs (an If that shapes decide is its branch), and what is known of its tensors.
    """
    known: dict[str, Typed] = {}
    runs = whole
    for _ in range(_ROUNDS):
        inferred = shape_inference.infer_shapes(whole, data_prop=True)
        known |= {**_declared(inferred.graph), **_constants(whole.graph), **declared}
        whole, folded = fold(whole, known)
        taken = decided(whole)
        if taken:
            whole, runs = resolve(whole, taken), resolve(runs, taken)
        if not folded and not taken:
            break
    return runs, known


def _check_names(values: Iterable[ValueInfoProto], given: Mapping[str, Sequence[int]]) -> None:
    names = [value.name for value in values]
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names)
            raise BadInput("model-shape", f"the model has no input {name!r}{hint}", f"its inputs: {', '.join(names)}")


def _bind(value: ValueInfoProto, batch: int, given: Sequence[int] | None, named: dict[str, int]) -> None:
    if not value.type.tensor_type.HasField("shape"):
        return
    dims = value.type.tensor_type.shape.dim
    if given is not None:
        fixed = [d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in dims]
        if len(given) != len(dims) or any(f is not None and f != g for f, g in zip(fixed, given, strict=True)):
            shown = [-1 if f is None else f for f in fixed]
            raise BadInput(
                "model-shape",
                f"shape {list(given)} does not fit input {value.name!r}: {shown}",
                "give one number for each -1",
            )
    for index, dim in enumerate(dims):
        size = given[index] if given is not None else batch if index == 0 else None
        if size is not None and dim.dim_param:
            named.setdefault(dim.dim_param, size)


def _without_weights(
    model: ModelProto,
    values: Sequence[ValueInfoProto],
    batch: int,
    given: Mapping[str, Sequence[int]],
    named: Mapping[str, int],
) -> ModelProto:
    slim = ModelProto(ir_version=max(model.ir_version, 4))
    slim.opset_import.extend(model.opset_import)
    slim.functions.extend(model.functions)
    slim.graph.name = model.graph.name or "model"
    slim.graph.node.extend(model.graph.node)
    slim.graph.value_info.extend(model.graph.value_info)
    slim.graph.output.extend(model.graph.output)
    for value in values:
        fixed = slim.graph.input.add()
        fixed.CopyFrom(value)
        _fix_input(fixed, batch, given.get(value.name))
    for value in (*slim.graph.input, *slim.graph.value_info, *slim.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in named:
                dim.dim_value = named[dim.dim_param]
    # inference keeps a declared name where it could know the number, so what is not static is better not declared
    static = [value for value in slim.graph.value_info if _static(value) is not None]
    del slim.graph.value_info[:]
    slim.graph.value_info.extend(static)
    for value in slim.graph.output:
        if value.type.HasField("tensor_type") and _static(value) is None:
            value.type.tensor_type.ClearField("shape")
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) <= _KEPT_ELEMENTS and tensor.data_location != TensorProto.EXTERNAL:
            slim.graph.initializer.add().CopyFrom(tensor)
        else:
            slim.graph.input.append(make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    for sparse in model.graph.sparse_initializer:
        slim.graph.input.append(make_tensor_value_info(sparse.values.name, sparse.values.data_type, list(sparse.dims)))
    return slim


def _fix_input(value: ValueInfoProto, batch: int, given: Sequence[int] | None) -> None:
    if not value.type.tensor_type.HasField("shape"):
        if given is not None:
            for size in given:
                value.type.tensor_type.shape.dim.add(dim_value=size)
        return
    for index, dim in enumerate(value.type.tensor_type.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value >= 0:
            continue
        if given is not None:
            dim.dim_value = given[index]
        elif index == 0:
            dim.dim_value = batch


def _constants(graph: GraphProto) -> dict[str, Typed]:
    known = {t.name: Typed(t.data_type, tuple(t.dims), constant=True) for t in graph.initializer}
    for sparse in graph.sparse_initializer:
        known[sparse.values.name] = Typed(sparse.values.data_type, tuple(sparse.dims), constant=True)
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value" and node.output:
                known[node.output[0]] = Typed(attribute.t.data_type, tuple(attribute.t.dims), constant=True)
    return known


def _read(graph: GraphProto) -> frozenset[str]:
    inner = {name for node in nodes(graph) for name in node.input}
    return frozenset(
        inner
        | {value.name for node in nodes(graph) for g in subgraphs(node) for value in g.output}
        | {o.name for o in graph.output}
    )


def _declared(graph: GraphProto) -> dict[str, Typed]:
    values = (*graph.output, *graph.value_info, *graph.input)
    return {value.name: typed for value in values if (typed := _static(value)) is not None}


def _static(value: ValueInfoProto) -> Typed | None:
    if not value.type.HasField("tensor_type") or not value.type.tensor_type.HasField("shape"):
        return None
    tensor = value.type.tensor_type
    if any(not dim.HasField("dim_value") or dim.dim_value < 0 for dim in tensor.shape.dim):
        return None
    return Typed(tensor.elem_type, tuple(dim.dim_value for dim in tensor.shape.dim))
