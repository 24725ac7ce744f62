"""Reading an ONNX file that may be anything: missing, truncated, garbage, hostile.

The bytes are read once; the digest and the parsed model come from the same bytes. External data is never loaded here.
"""

import hashlib
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from google.protobuf.message import DecodeError
from onnx import (
    AttributeProto,
    FunctionProto,
    GraphProto,
    ModelProto,
    NodeProto,
    SparseTensorProto,
    TensorProto,
    ValueInfoProto,
)

from aiinfra.errors import BadInput

LARGEST: Final = 2**31 - 1
"""Bytes. A protobuf message cannot be larger; larger models keep their weights in external data files."""

MOST_EXPANDED: Final = 200_000
"""Operators a model may have after its local functions are expanded (functions that call functions grow as a power)."""

CONTROL_FLOW: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """A parsed model, with the size and digest of exactly the bytes that were parsed."""

    path: Path
    digest: str
    size: int
    model: ModelProto


def read_onnx(path: Path) -> OnnxFile:
    """Read and parse ``path``.

    Raises:
        BadInput: ``model-missing`` (no such file), ``model-corrupt`` (not an ONNX model), ``model-unsafe`` (functions
            that call themselves or expand without bound).
    """
    data = _bytes_of(path)
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, RecursionError):
        raise _corrupt(path, "it does not parse as ONNX: truncated, nested too deeply, or not a model") from None
    _check_structure(path, model)
    _check_functions(path, model)
    return OnnxFile(path, f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), model)


def _bytes_of(path: Path) -> bytes:
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise BadInput("model-missing", f"{path} is not a file", "name the .onnx file itself")
        if state.st_size > LARGEST:
            raise _corrupt(path, f"it has {state.st_size} bytes, and an ONNX file cannot exceed {LARGEST}")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(
            "model-missing", f"no model at {path}", "check the path; it is relative to the declaration"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadInput("model-missing", f"cannot read {path}: {reason}", "check the path and its permissions") from None


def _corrupt(path: Path, reason: str) -> BadInput:
    return BadInput(
        "model-corrupt", f"{path} is not a usable ONNX model: {reason}", "export the model again, or copy it again"
    )


def _check_structure(path: Path, model: ModelProto) -> None:
    """What protobuf lets through: an empty file parses as an empty message."""
    if model.ir_version < 1 or not model.HasField("graph"):
        raise _corrupt(path, "it has no IR version or no graph")
    if not model.opset_import:
        raise _corrupt(path, "it imports no operator set")
    if not model.graph.output:
        raise _corrupt(path, "its graph has no outputs")
    for value in (*model.graph.input, *model.graph.output):
        if not value.name:
            raise _corrupt(path, "an input or output has no name")
    if not all(isinstance(text, str) for text in _texts(model)):  # the parser hands out undecodable text as bytes
        raise _corrupt(path, "it holds text that is not UTF-8")
    for tensor in tensors(model):
        if any(dim < 0 for dim in tensor.dims):
            raise _corrupt(path, f"tensor {tensor.name!r} has a negative dimension")


def _texts(model: ModelProto) -> Iterator[str]:
    """Every name and label that anything here reads."""
    yield from (model.producer_name, model.producer_version, model.graph.name)
    yield from (opset.domain for opset in model.opset_import)
    for function in model.functions:
        yield from (function.name, function.domain, function.overload)
        yield from (*function.input, *function.output, *function.attribute)
        yield from (opset.domain for opset in function.opset_import)
        yield from _value_texts(function.value_info)
    for graph in (model.graph, *(g for node in all_nodes(model) for g in subgraphs(node))):
        yield graph.name
        yield from _value_texts((*graph.input, *graph.output, *graph.value_info))
    for node in all_nodes(model):
        yield from (node.op_type, node.domain, node.name, node.overload, *node.input, *node.output)
        for attribute in node.attribute:
            yield from (attribute.name, attribute.ref_attr_name)
    for tensor in tensors(model):
        yield tensor.name
        for entry in tensor.external_data:
            yield from (entry.key, entry.value)


def _value_texts(values: Iterable[ValueInfoProto]) -> Iterator[str]:
    for value in values:
        yield value.name
        yield from (dim.dim_param for dim in value.type.tensor_type.shape.dim)


def _check_functions(path: Path, model: ModelProto) -> None:
    """Model-local functions must not call themselves, and must not expand past :data:`MOST_EXPANDED` operators."""
    bodies = {(f.domain, f.name): f for f in model.functions}
    sizes: dict[tuple[str, str], int] = {}
    open_calls: list[tuple[str, str]] = []

    def size(key: tuple[str, str]) -> int:
        if key in sizes:
            return sizes[key]
        if key in open_calls or len(open_calls) > 200:
            raise BadInput(
                "model-unsafe",
                f"{path}: function {key[1]!r} calls itself",
                "export the model without recursive functions",
            )
        open_calls.append(key)
        sizes[key] = count(nodes(bodies[key]))
        open_calls.pop()
        return sizes[key]

    def count(body: Iterator[NodeProto]) -> int:
        return sum(size(key) if (key := (n.domain, n.op_type)) in bodies else 1 for n in body)

    expanded = count(nodes(model.graph))
    if expanded > MOST_EXPANDED:
        raise BadInput(
            "model-unsafe",
            f"{path} expands to {expanded} operators; at most {MOST_EXPANDED} are accepted",
            "export the model without nested functions",
        )


def nodes(body: GraphProto | FunctionProto) -> Iterator[NodeProto]:
    """Every operator of ``body`` and of the graphs inside its operators, in file order."""
    for node in body.node:
        yield node
        for graph in subgraphs(node):
            yield from nodes(graph)


def all_nodes(model: ModelProto) -> Iterator[NodeProto]:
    """Every operator of the model: its graph, nested graphs, and the bodies of its local functions (each once)."""
    yield from nodes(model.graph)
    for function in model.functions:
        yield from nodes(function)


def subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs an operator carries (the branches of If, the bodies of Loop and Scan)."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Every tensor stored in the model, wherever it hides: initializers, attributes, nested graphs, training."""
    yield from _graph_tensors(model.graph)
    for training in model.training_info:
        yield from _graph_tensors(training.initialization)
        yield from _graph_tensors(training.algorithm)
    for function in model.functions:
        for node in function.node:
            yield from _node_tensors(node)
        for attribute in function.attribute_proto:
            yield from _attribute_tensors(attribute)


def _graph_tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from _sparse(sparse)
    for node in graph.node:
        yield from _node_tensors(node)


def _node_tensors(node: NodeProto) -> Iterator[TensorProto]:
    for attribute in node.attribute:
        yield from _attribute_tensors(attribute)


def _attribute_tensors(attribute: AttributeProto) -> Iterator[TensorProto]:
    if attribute.HasField("t"):
        yield attribute.t
    yield from attribute.tensors
    if attribute.HasField("sparse_tensor"):
        yield from _sparse(attribute.sparse_tensor)
    for sparse in attribute.sparse_tensors:
        yield from _sparse(sparse)
    if attribute.HasField("g"):
        yield from _graph_tensors(attribute.g)
    for graph in attribute.graphs:
        yield from _graph_tensors(graph)


def _sparse(sparse: SparseTensorProto) -> Iterator[TensorProto]:
    yield sparse.values
    yield sparse.indices
