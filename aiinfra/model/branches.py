"""If operators whose condition follows from shapes: the branch that runs takes their place.

Exporters write such an If where a framework looked at a shape (PyTorch's ``squeeze`` does); nothing about it depends on
the data once the input shapes are given.
"""

from collections.abc import Mapping

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper


def decided(model: ModelProto) -> dict[str, bool]:
    """First output name of each If -> which branch runs, for those whose condition is a constant of the graph."""
    conditions = {t.name: t for t in model.graph.initializer if t.data_type == TensorProto.BOOL}
    return {
        node.output[0]: bool(numpy_helper.to_array(conditions[node.input[0]]).reshape(-1)[0])
        for node in model.graph.node
        if node.op_type == "If" and not node.domain and node.output and _one(conditions.get(node.input[0]))
    }


def _one(tensor: TensorProto | None) -> bool:
    inside = tensor is not None and tensor.data_location != TensorProto.EXTERNAL
    return tensor is not None and inside and all(size == 1 for size in tensor.dims)


def resolve(model: ModelProto, which: Mapping[str, bool]) -> ModelProto:
    """``model`` with each If of ``which`` replaced by its branch, whose results keep the If's names."""
    resolved = ModelProto()
    resolved.CopyFrom(model)
    del resolved.graph.node[:]
    for node in model.graph.node:
        branch = _branch(node, which)
        if branch is None:
            resolved.graph.node.add().CopyFrom(node)
            continue
        resolved.graph.node.extend(branch.node)
        resolved.graph.initializer.extend(branch.initializer)
        resolved.graph.value_info.extend(branch.value_info)
        for inner, outer in zip(branch.output, node.output, strict=False):
            resolved.graph.node.append(NodeProto(op_type="Identity", input=[inner.name], output=[outer]))
    return resolved


def _branch(node: NodeProto, which: Mapping[str, bool]) -> GraphProto | None:
    if node.op_type != "If" or not node.output or node.output[0] not in which:
        return None
    wanted = "then_branch" if which[node.output[0]] else "else_branch"
    return next((a.g for a in node.attribute if a.name == wanted and a.type == AttributeProto.GRAPH), None)
