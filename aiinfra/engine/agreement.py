"""Whether the engine saw what was recorded: resource by resource, field by field."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct

from aiinfra.engine.events import is_default_provider
from aiinfra.graph import urn as urns
from aiinfra.graph import wire
from aiinfra.graph.node import ASSET, SECRET, UNKNOWN, Graph, Node

MASK: Final = "[secret]"
"""What the engine prints in place of a secret."""
_HASH: Final = "asset sha256"
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something the recorded graph and the engine do not agree on."""

    urn: str
    field: str
    recorded: Any
    engine: Any

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"urn": self.urn, "field": self.field, "recorded": self.recorded, "engine": self.engine}


def compare_states(graph: Graph, states: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """Hold a recorded graph against states as the engine writes them, in a preview's digest or an exported stack.

    Compared: which resources there are; type, parent, provider, inputs, dependencies and property dependencies;
    protection and the other options. Providers that the engine makes by itself have no counterpart; ``version`` in the
    inputs of a provider is the engine's own addition; what comes from a resource that is only read or imported is
    known to the engine and unknown to a recording. Aliases are not part of a state: see :func:`compare_goals`.
    """
    by_urn = {state["urn"]: state for state in states if not is_default_provider(state["urn"])}
    found = [Difference(own, "there", recorded=True, engine=False) for own in graph.nodes if own not in by_urn]
    found += [Difference(own, "there", recorded=False, engine=True) for own in sorted(by_urn) if own not in graph.nodes]
    there_already = frozenset(own for own, node in graph.nodes.items() if node.read or node.id)
    for own, node in graph.nodes.items():
        if own in by_urn:
            found += _node(node, by_urn[own], there_already)
    return found


def compare_goals(graph: Graph, goals: Mapping[str, Mapping[str, Any]]) -> list[Difference]:
    """Hold the aliases of a recorded graph against the goals of an update plan (``pulumi preview --save-plan``)."""
    found: list[Difference] = []
    for own, node in graph.nodes.items():
        goal = goals.get(own, {}).get("goal")
        if goal is None:
            continue
        aliases = list(dict.fromkeys(_alias(item, node, graph) for item in goal.get("structuredAliases") or ()))
        found += _unequal(own, "aliases", list(node.aliases), aliases)
    return found


def compare_outputs(graph: Graph, outputs: Mapping[str, Mapping[str, Any]]) -> list[Difference]:
    """Hold what components, and the stack, registered as outputs against the event log's."""
    found: list[Difference] = []
    for own, node in graph.nodes.items():
        if node.custom or node.remote:
            continue
        recorded = graph.outputs if node.type == urns.STACK_TYPE else node.outputs
        found += _unequal(own, "outputs", _masked(dict(recorded)), _masked(decoded(outputs.get(own, {}))))
    return found


def decoded(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as the engine writes them, as a graph holds them."""
    struct = Struct()
    struct.update(_by_hash(properties))
    return wire.Decoder().mapping(struct)


def _node(node: Node, state: Mapping[str, Any], there_already: frozenset[str]) -> Iterator[Difference]:
    provider = urns.of_reference(state.get("provider", ""))
    inputs = decoded(state.get("inputs") or {})
    if node.type.startswith(urns.PROVIDER_PREFIX) and inputs.get("version") == node.version:
        inputs.pop("version", None)
    depends = state.get("propertyDependencies") or {}
    recorded_inputs = _looked_up(dict(node.inputs), inputs, node, there_already)
    options = node.options
    pairs = {
        "type": (node.type, state["type"]),
        "component": (not node.custom, not state["custom"]),
        "read": (node.read, state.get("external", False)),
        "parent": (node.parent, state.get("parent", "")),
        "provider": (node.provider, "" if provider and is_default_provider(provider) else provider),
        "inputs": (_masked(recorded_inputs), _masked(inputs)),
        "dependencies": (list(node.dependencies), sorted(set(state.get("dependencies") or ()))),
        "property_dependencies": (
            {key: sorted(found) for key, found in node.property_dependencies.items()},
            {key: sorted(set(found)) for key, found in sorted(depends.items()) if found},
        ),
        "protect": (node.protect, state.get("protect", False)),
        "retain_on_delete": (node.retain_on_delete, state.get("retainOnDelete", False)),
        "ignore_changes": (list(node.ignore_changes), sorted(state.get("ignoreChanges") or ())),
        "replace_on_changes": (list(node.replace_on_changes), sorted(state.get("replaceOnChanges") or ())),
        "additional_secret_outputs": (
            list(node.additional_secret_outputs),
            sorted(state.get("additionalSecretOutputs") or ()),
        ),
        "deleted_with": (options.get("deletedWith", ""), state.get("deletedWith", "")),
        "timeouts": (
            {key: _seconds(text) for key, text in options.get("customTimeouts", {}).items()},
            {key: float(value) for key, value in (state.get("customTimeouts") or {}).items() if value},
        ),
        "replacement_trigger": (options.get("replacementTrigger"), state.get("replacementTrigger")),
    }
    for field, (recorded, engine) in pairs.items():
        yield from _unequal(node.urn, field, recorded, engine)


def _unequal(own: str, field: str, recorded: Any, engine: Any) -> Iterator[Difference]:
    if recorded != engine:
        yield Difference(own, field, recorded, engine)


def _alias(item: Mapping[str, Any], node: Node, graph: Graph) -> str:
    """The URN an alias names; what it leaves out is as the resource has it."""
    if item.get("URN"):
        return str(item["URN"])
    parent = "" if item.get("NoParent") else item.get("Parent") or node.parent
    stack, project = item.get("Stack") or graph.stack, item.get("Project") or graph.project
    return urns.make(stack, project, parent, item.get("Type") or node.type, item.get("Name") or node.name)


def _looked_up(
    recorded: dict[str, Any], engine: dict[str, Any], node: Node, there_already: frozenset[str]
) -> dict[str, Any]:
    """``recorded`` with the engine's value where a recording could not know it: it comes from what is there already."""
    for key, sources in node.property_dependencies.items():
        if there_already.intersection(sources) and key in recorded and _has_unknown(recorded[key]):
            recorded[key] = engine.get(key)
    return recorded


def _has_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return UNKNOWN in value or any(_has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(_has_unknown(item) for item in value)


def _masked(value: Any) -> Any:
    """``value`` with one mask for every secret, however it is written; assets by what both sides know of them."""
    if isinstance(value, Mapping):
        if SECRET in value:
            return MASK
        if ASSET in value:
            asset = value[ASSET]
            if asset["kind"] == "asset" and "sha256" in asset:
                return {_HASH: asset["sha256"]}
            return {ASSET: {key: _masked(item) for key, item in asset.items() if key in ("kind", "uri", "assets")}}
        return {key: _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _by_hash(value: Any) -> Any:
    """A state keeps an asset's hash beside its path, as it was then; the path says nothing."""
    if isinstance(value, Mapping):
        if value.get(wire.SIGNATURE) == wire.ASSET_SIGNATURE and "hash" in value:
            return {_HASH: value["hash"]}
        return {key: _by_hash(item) for key, item in value.items()}
    return [_by_hash(item) for item in value] if isinstance(value, list) else value


def _seconds(text: str) -> float:
    """A Go duration (``1h5m``) in seconds."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|h|m|s)", text))
