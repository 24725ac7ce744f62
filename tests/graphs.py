"""Small graphs for tests of the difference and the review: nodes by short names."""

from collections.abc import Mapping
from typing import Any

from aiinfra.graph import urn
from aiinfra.graph.node import Graph, Mode, Node

STACK = "urn:pulumi:production::shop::pulumi:pulumi:Stack::shop-production"


def own(type_: str, name: str, parent: str = STACK) -> str:
    return urn.make("production", "shop", parent, type_, name)


def node(type_: str, name: str, inputs: Mapping[str, Any] | None = None, **fields: Any) -> Node:
    parent = fields.pop("parent", STACK)
    return Node(urn=own(type_, name, parent), type=type_, name=name, inputs=inputs or {}, parent=parent, **fields)


def component(type_: str, name: str, inputs: Mapping[str, Any] | None = None, **fields: Any) -> Node:
    return node(type_, name, inputs, custom=False, **fields)


def graph(*nodes: Node, outputs: Mapping[str, Any] | None = None, mode: Mode = Mode.SYMBOLIC) -> Graph:
    stack = Node(urn=STACK, type=urn.STACK_TYPE, name="shop-production", custom=False)
    everything = {each.urn: each for each in (stack, *nodes)}
    return Graph("shop", "production", mode, dict(sorted(everything.items())), outputs=outputs or {})
