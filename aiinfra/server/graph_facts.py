"""What a model file's graph is made of: operators, domains, external files. Runs in the vetting child only.

The file is hostile until proven otherwise, so nothing here follows a path that the file names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import onnx

from aiinfra.errors import AiinfraError

ALLOWED_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator sets that onnxruntime itself implements. Any other is refused, as is code that would implement it."""

_CONTROL_FLOW = frozenset({"Loop", "Scan", "If", "SequenceMap"})
_SIZED_BY_VALUES = frozenset(
    {"ConstantOfShape", "Expand", "Tile", "Range", "Resize", "Upsample", "OneHot", "EyeLike", "Pad", "MelWeightMatrix"}
)
"""Operators whose work depends on the values of an input, not on its shape alone."""
_RANDOM = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"}
)


@dataclass(slots=True)
class GraphFacts:
    """Facts of one model file."""

    operators: set[str] = field(default_factory=set)
    external: set[str] = field(default_factory=set)
    control_flow: bool = False
    sized_by_values: bool = False
    random: bool = False


def read_graph(file: Path) -> GraphFacts:
    """Read ``file`` without its external data.

    Raises:
        AiinfraError: ``model-corrupt``, ``model-operator`` (a domain that is not allowed) or ``model-external-data`` (a
            tensor outside the release's folder).
    """
    try:
        model = onnx.load_model(str(file), load_external_data=False)
    except Exception as error:  # noqa: BLE001 - protobuf's and onnx's own classes
        raise AiinfraError(
            "model-corrupt", f"{file} is not an ONNX model: {type(error).__name__}", "export the model again"
        ) from None
    if not model.graph.node:
        raise AiinfraError("model-corrupt", f"{file} is not an ONNX model: it has no graph", "export the model again")
    local = {function.domain for function in model.functions}
    facts = GraphFacts()
    for nodes, tensors in _scopes(model):
        fixed = {tensor.name for tensor in tensors if isinstance(tensor, onnx.TensorProto)}
        for tensor in tensors:
            _external(tensor, facts, file)
        for node in nodes:
            _node(node, facts, fixed, local, file)
    return facts


def _node(node: onnx.NodeProto, facts: GraphFacts, fixed: set[str], local: set[str], file: Path) -> None:
    if node.domain not in ALLOWED_DOMAINS and node.domain not in local:
        raise AiinfraError(
            "model-operator",
            f"{file} uses operator {node.op_type!r} of domain {node.domain!r}; allowed are "
            + ", ".join(sorted(domain or "ai.onnx" for domain in ALLOWED_DOMAINS - {"ai.onnx"})),
            "export the model with standard operators",
        )
    facts.operators.add(f"{node.domain}:{node.op_type}" if node.domain else node.op_type)
    facts.control_flow |= node.op_type in _CONTROL_FLOW
    facts.random |= node.op_type in _RANDOM
    if node.op_type == "Constant":
        fixed.update(node.output)
    if node.op_type in _SIZED_BY_VALUES:
        givers = node.input if node.op_type in ("ConstantOfShape", "Range") else node.input[1:]
        facts.sized_by_values |= any(name and name not in fixed for name in givers)
    for attribute in node.attribute:
        for tensor in (attribute.t, *attribute.tensors, attribute.sparse_tensor, *attribute.sparse_tensors):
            _external(tensor, facts, file)


def _external(tensor: onnx.TensorProto | onnx.SparseTensorProto, facts: GraphFacts, file: Path) -> None:
    parts = [tensor.values, tensor.indices] if isinstance(tensor, onnx.SparseTensorProto) else [tensor]
    for part in parts:
        if part.data_location != onnx.TensorProto.EXTERNAL and not part.external_data:
            continue
        location = next((entry.value for entry in part.external_data if entry.key == "location"), "")
        if not location or location in (".", "..") or any(mark in location for mark in ("/", "\\", "\0")):
            raise AiinfraError(
                "model-external-data",
                f"{file} keeps tensor {part.name!r} in {location!r}: only a file beside the model is read",
                "save the model with its external data in one file of the same folder",
            )
        facts.external.add(location)


def _scopes(
    model: onnx.ModelProto,
) -> Iterator[tuple[list[onnx.NodeProto], list[onnx.TensorProto | onnx.SparseTensorProto]]]:
    """Nodes and stored tensors of the main graph, of every graph inside a node, and of every function."""
    graphs = [model.graph]
    for function in model.functions:
        yield list(function.node), []
        graphs.extend(_inner(function.node))
    while graphs:
        graph = graphs.pop()
        yield list(graph.node), [*graph.initializer, *graph.sparse_initializer]
        graphs.extend(_inner(graph.node))


def _inner(nodes: object) -> list[onnx.GraphProto]:
    found = []
    for node in nodes:  # type: ignore[attr-defined]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found.append(attribute.g)
            found.extend(attribute.graphs)
    return found
