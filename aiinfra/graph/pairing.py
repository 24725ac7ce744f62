"""Which resource of one version is which of the other: by URN, then by alias.

A child inherits its parent's aliases, as the engine has it: the alias of a child named after its parent changes with
the parent's name. Source: pulumi ``pkg/resource/deploy/step_generator.go`` (``generateAliases``) and
``sdk/python/lib/pulumi/resource.py`` (``inherited_child_alias``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiinfra.graph import urn
from aiinfra.graph.node import Graph, Node

MOST_ALIASES: Final = 64
"""Aliases multiply along a chain of renamed parents; past this many the nearest ones are kept."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """``kept``: later URN -> earlier URN, for every resource that is in both versions."""

    kept: Mapping[str, str]
    created: tuple[str, ...]
    deleted: tuple[str, ...]


def pair(before: Graph, after: Graph) -> Pairs:
    """Match the resources of two versions. An alias that is still registered under its own URN matches nothing."""
    free = set(before.nodes) - set(after.nodes)
    kept: dict[str, str] = {own: own for own in after.nodes if own in before.nodes}
    if free:
        aliases = _all_aliases(after)
        for own in after.nodes:
            if own in kept:
                continue
            found = next((alias for alias in aliases.get(own, ()) if alias in free), None)
            if found is not None:
                kept[own] = found
                free.discard(found)
    return Pairs(
        kept=kept,
        created=tuple(own for own in after.nodes if own not in kept),
        deleted=tuple(own for own in before.nodes if own in free),
    )


def _all_aliases(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Every alias of every resource that has one, its own first, then those its parents hand down."""
    found: dict[str, tuple[str, ...]] = {}
    for node in graph:
        _aliases_of(node, graph, found)
    return found


def _aliases_of(node: Node, graph: Graph, found: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if node.urn in found:
        return found[node.urn]
    found[node.urn] = node.aliases
    parent = graph.nodes.get(node.parent)
    if parent is not None:
        inherited = _aliases_of(parent, graph, found)
        if inherited:
            forms = [(node.type, node.name), *((_type_of(own), urn.name(own)) for own in node.aliases)]
            handed = (_handed_down(parent.name, alias, type_, name) for alias in inherited for type_, name in forms)
            found[node.urn] = tuple(dict.fromkeys((*node.aliases, *handed)))[:MOST_ALIASES]
    return found[node.urn]


def _type_of(own: str) -> str:
    return urn.qualified_type(own).rpartition("$")[2]


def _handed_down(parent_name: str, parent_alias: str, type_: str, name: str) -> str:
    if name.startswith(parent_name):
        name = urn.name(parent_alias) + name[len(parent_name) :]
    stack, project = parent_alias.removeprefix("urn:pulumi:").split("::", 3)[:2]
    return urn.make(stack, project, parent_alias, type_, name)
