"""What ``pulumi stack export`` says is there, as a graph to compare a program with.

Form: ``apitype.UntypedDeployment`` with a ``DeploymentV3`` in it
(https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go). A provider writes the values it fills in
by itself beside those that a program gave; where it names them (``__defaults``, the Terraform bridge) they are told
apart.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from aiinfra.errors import BadInput
from aiinfra.graph import urn as urns
from aiinfra.graph.existing import Existing
from aiinfra.graph.node import SECRET, Graph, Mode, Node
from aiinfra.graph.pairing import pair
from aiinfra.review.digest import node_of, value_of
from aiinfra.review.engine import by_itself

_REMEDY: Final = "make it with: pulumi stack export > state.json"
_DEFAULTS: Final = "__defaults"
_BRIDGE: Final = frozenset({"region", "tagsAll"})
"""Inputs that the AWS provider fills in from its own configuration without naming them as defaults."""
_AUTONAMED: Final = "pulumi.com/autonamed"
_ENCRYPTED: Final = {SECRET: "encrypted"}


@dataclass(frozen=True, slots=True)
class State:
    """A stack as its backend holds it. ``pending``: what an interrupted update left to be deleted or unclear."""

    graph: Graph
    existing: Mapping[str, Existing]
    pending: tuple[str, ...] = ()


def read_state(text: str, name: str) -> State:
    """Read a stack export, or the checkpoint of a file backend.

    Raises:
        BadInput: ``state-invalid``.
    """
    try:
        document = json.loads(text)
        held = document.get("deployment") or (document.get("checkpoint") or {}).get("latest")
        if not held or not held.get("resources"):
            raise BadInput("state-invalid", f"{name} holds no resource, not even the stack", _REMEDY)
        resources = held["resources"]
        stack, project = resources[0]["urn"].removeprefix("urn:pulumi:").split("::")[:2]
        there = [item for item in resources if not item.get("delete") and not by_itself(item["urn"])]
        nodes = {item["urn"]: _node(item) for item in there}
        existing = {item["urn"]: _existing(item) for item in there if item.get("custom") or item.get("external")}
        outputs = next((value_of(i.get("outputs") or {}) for i in there if i["type"] == urns.STACK_TYPE), {})
        pending = tuple(_pending(held))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        message = f"{name} is no stack export of Pulumi's: {type(error).__name__} {error}"
        raise BadInput("state-invalid", message, _REMEDY) from None
    graph = Graph(project, stack, Mode.SYMBOLIC, dict(sorted(nodes.items())), outputs=outputs)
    return State(graph, existing, pending)


def aligned(state: State, program: Graph) -> tuple[Graph, Graph]:
    """Both sides with what only one of them can hold left out: options that no state keeps, and secrets.

    A secret's value is encrypted in the state, so that one that changed does not show.
    """
    nodes = dict(state.graph.nodes)
    for own, earlier in pair(state.graph, program).kept.items():
        old, new = nodes[earlier], program.nodes[own]
        nodes[earlier] = replace(
            old,
            inputs=_given(old, new),
            id=new.id,
            delete_before_replace=new.delete_before_replace,
            ignore_changes=new.ignore_changes,
            replace_on_changes=new.replace_on_changes,
            options=new.options,
        )
    return _alike(replace(state.graph, nodes=nodes)), _alike(program)


def _given(old: Node, new: Node) -> Mapping[str, Any]:
    if not old.custom and not old.inputs:
        return new.inputs
    if old.package != "aws":
        return old.inputs
    return {key: value for key, value in old.inputs.items() if key in new.inputs or key not in _BRIDGE}


def _node(item: Mapping[str, Any]) -> Node:
    inputs = item.get("inputs") or {}
    asked = _named_by_itself(_asked(inputs))
    return replace(node_of({**item, "inputs": asked}), version=_version(item.get("provider") or ""))


def _asked(value: Any) -> Any:
    """Without what the provider filled in by itself."""
    if isinstance(value, list):
        return [_asked(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    filled = {_DEFAULTS, *value.get(_DEFAULTS, ())}
    return {key: _asked(item) for key, item in value.items() if key not in filled}


def _named_by_itself(inputs: dict[str, Any]) -> dict[str, Any]:
    """Without the name that the Kubernetes provider made up, and the note that it did."""
    metadata = inputs.get("metadata")
    notes = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(metadata, Mapping) or not isinstance(notes, Mapping) or _AUTONAMED not in notes:
        return inputs
    others = {key: value for key, value in notes.items() if key != _AUTONAMED}
    kept = {key: value for key, value in metadata.items() if key not in ("name", "annotations")}
    return {**inputs, "metadata": {**kept, "annotations": others} if others else kept}


def _existing(item: Mapping[str, Any]) -> Existing:
    outputs = {key: value for key, value in (item.get("outputs") or {}).items() if not key.startswith("__")}
    return Existing(str(item.get("id", "")), value_of(outputs))


def _version(reference: str) -> str:
    """``7.51.0`` of a default provider (``...::default_7_51_0::ID``): a default provider is named by its version."""
    name = urns.name(urns.of_reference(reference)) if reference else ""
    digits = name.removeprefix("default_").split("_") if name.startswith("default_") else []
    return ".".join(digits) if len(digits) == 3 and all(part.isdigit() for part in digits) else ""


def _pending(held: Mapping[str, Any]) -> Iterator[str]:
    for item in held["resources"]:
        if item.get("delete"):
            yield f"{urns.name(item['urn'])} waits to be deleted"
    for item in held.get("pending_operations") or ():
        yield f"{urns.name(item['resource']['urn'])} was being worked on ({item['type']})"


def _alike(graph: Graph) -> Graph:
    nodes = {own: replace(node, inputs=_sealed(node.inputs)) for own, node in graph.nodes.items()}
    return replace(graph, nodes=nodes, outputs=_sealed(graph.outputs))


def _sealed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _ENCRYPTED if SECRET in value else {key: _sealed(item) for key, item in value.items()}
    return [_sealed(item) for item in value] if isinstance(value, list) else value
