"""The AWS resources of a graph as a Terraform plan, in the JSON form that ``terraform show -json`` prints.

Programs that judge Terraform plans (policies, costs) then judge Pulumi programs too. Only what is to be is in the plan:
everything is created, nothing is changed, and references are those that the graph recorded between resources.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aiinfra.findings import Finding, Severity
from aiinfra.graph import terraform_names as names
from aiinfra.graph import values
from aiinfra.graph.node import UNKNOWN, Graph, Node
from aiinfra.graph.shapes import Kind, Shape, inputs_of

FORMAT: Final = "1.2"
"""Version of the plan's JSON form."""
TERRAFORM: Final = "1.5.7"
"""The version that is named as the plan's maker; the form has not changed since."""
PROVIDER: Final = "registry.terraform.io/hashicorp/aws"


def plan_of(graph: Graph) -> tuple[str, list[Finding]]:
    """The plan as JSON text, and one ``plan-left-out`` for each type that is not in it.

    Secrets are null, and so is what is unknown; the latter is named in ``after_unknown``.
    """
    addresses = _addresses(graph)
    resources: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    configuration: list[dict[str, Any]] = []
    for node in (graph.nodes[urn] for urn in sorted(addresses, key=addresses.__getitem__)):
        type_, _, name = addresses[node.urn].partition(".")
        found = _Arguments(type_, node, addresses, graph)
        who = {"address": addresses[node.urn], "mode": "managed", "type": type_, "name": name}
        resources.append({**who, "provider_name": PROVIDER, "schema_version": 0, "values": found.values})
        change = {
            "actions": ["create"],
            "before": None,
            "after": found.values,
            "after_unknown": found.unknown,
            "before_sensitive": False,
            "after_sensitive": False,
        }
        changes.append({**who, "provider_name": PROVIDER, "change": change})
        told = {"provider_config_key": "aws", "schema_version": 0, "expressions": found.expressions}
        configuration.append({**who, **told})
    document = {
        "format_version": FORMAT,
        "terraform_version": TERRAFORM,
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": PROVIDER}},
            "root_module": {"resources": configuration},
        },
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n", _left_out(graph)


def _addresses(graph: Graph) -> dict[str, str]:
    """URN -> address, of every resource that is in the plan. Two of one name and type are told apart by a number."""
    found: dict[str, str] = {}
    taken: dict[str, int] = {}
    for node in graph:
        type_ = names.type_of(node.type) if node.custom and not node.read else None
        if type_ is None:
            continue
        address = f"{type_}.{re.sub(r'[^A-Za-z0-9_-]', '_', node.name)}"
        taken[address] = taken.get(address, 0) + 1
        found[node.urn] = address if taken[address] == 1 else f"{address}-{taken[address]}"
    return found


def _left_out(graph: Graph) -> list[Finding]:
    types: dict[str, int] = {}
    for node in graph:
        if node.custom and not node.read and node.package != "pulumi" and names.type_of(node.type) is None:
            types[node.type] = types.get(node.type, 0) + 1
    return [
        Finding(
            "plan-left-out",
            Severity.NOTE,
            f"{count} x {type_} {'is' if count == 1 else 'are'} not in the plan: only AWS's resources are",
            path=type_,
        )
        for type_, count in sorted(types.items())
    ]


class _Arguments:
    """One resource's arguments in Terraform's words: values, which of them are unknown, and what they refer to."""

    def __init__(self, type_: str, node: Node, addresses: Mapping[str, str], graph: Graph) -> None:
        self._type = type_
        self.values: dict[str, Any] = {}
        self.unknown: dict[str, Any] = {}
        self.expressions: dict[str, Any] = {}
        shapes = inputs_of(node.type) or {}
        for key, value in node.inputs.items():
            own = {
                graph.nodes[urn].name: addresses[urn]
                for urn in node.property_dependencies.get(key, ())
                if urn in addresses and urn in graph.nodes
            }
            name, plain, told = self._argument(names.snake(key), value, shapes.get(key), own)
            self.values[name] = plain
            # A bucket's name is known, so it stands as itself and not as "NAME.bucket": then the graph's word counts.
            self.expressions[name] = _refers(own.values()) if own and "constant_value" in told else told
            if _has_unknown(value):
                self.unknown[name] = True

    def _argument(self, key: str, value: Any, shape: Shape | None, own: Mapping[str, str]) -> tuple[str, Any, Any]:
        """``(name, value, expression)`` of one argument; ``own`` are the resources it may refer to, by name."""
        if values.marker_of(value):
            return key, None, _refers(own.values()) if own else {}
        if isinstance(value, Mapping) and (shape is None or shape.kind is not Kind.MAP):
            inner, told = self._object(value, shape, own)
            return key, [inner], [told]
        if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            each = shape.item if shape else None
            pairs = [self._object(item, each, own) for item in value if isinstance(item, Mapping)]
            return names.block(key), [inner for inner, _ in pairs], [told for _, told in pairs]
        if names.is_wrapped(self._type, key):
            value = [value]
        return key, values.plain(value), _expression(value, own)

    def _object(
        self, value: Mapping[str, Any], shape: Shape | None, own: Mapping[str, str]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        fields = shape.fields if shape is not None else {}
        plain: dict[str, Any] = {}
        told: dict[str, Any] = {}
        for key, item in value.items():
            name, inner, expression = self._argument(names.snake(key), item, fields.get(key), own)
            plain[name], told[name] = inner, expression
        return plain, told


def _expression(value: Any, own: Mapping[str, str]) -> dict[str, Any]:
    text = json.dumps(value, sort_keys=True)
    named = [address for name, address in own.items() if f"{name}_id" in text or f"{name}." in text]
    return _refers(named) if named else {"constant_value": values.plain(value)}


def _refers(addresses: Any) -> dict[str, Any]:
    return {"references": [text for address in sorted(addresses) for text in (f"{address}.id", address)]}


def _has_unknown(value: Any) -> bool:
    return any(marker == UNKNOWN for _, marker in values.markers(value))
