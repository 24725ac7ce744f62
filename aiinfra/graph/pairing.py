"""Which resource of one version is which of the other: by URN, then by alias.

As the engine has it, a parent hands a child one alias at most: the URN that the parent itself was found under in the
other version, where that is not its own. The other aliases that a parent names are not handed down. Source: pulumi
``pkg/resource/deploy/step_generator.go`` (``generateAliases``, ``getOldResource``); held against a real engine by
``tests/e2e/test_aliases.py``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiinfra.graph import urn
from aiinfra.graph.node import Graph, Node


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
        for node in _parents_first(after):
            if node.urn not in kept:
                found = next((alias for alias in _aliases(node, after, kept) if alias in free), None)
                if found is not None:
                    kept[node.urn] = found
                    free.discard(found)
    return Pairs(
        kept={own: kept[own] for own in after.nodes if own in kept},
        created=tuple(own for own in after.nodes if own not in kept),
        deleted=tuple(own for own in before.nodes if own in free),
    )


def _parents_first(graph: Graph) -> Iterator[Node]:
    seen: set[str] = set()
    for each in graph:
        chain: list[Node] = []
        node: Node | None = each
        while node is not None and node.urn not in seen:
            seen.add(node.urn)
            chain.append(node)
            node = graph.nodes.get(node.parent)
        yield from reversed(chain)


def _aliases(node: Node, graph: Graph, kept: Mapping[str, str]) -> Iterator[str]:
    """A resource's own aliases, then those it has through what its parent was found under."""
    yield from node.aliases
    parent = graph.nodes.get(node.parent)
    found = kept.get(node.parent)
    if parent is None or found is None or found == parent.urn:
        return
    for type_, name in ((node.type, node.name), *((_type_of(own), urn.name(own)) for own in node.aliases)):
        yield _handed_down(parent.name, found, type_, name)


def _type_of(own: str) -> str:
    return urn.qualified_type(own).rpartition("$")[2]


def _handed_down(parent_name: str, parent_alias: str, type_: str, name: str) -> str:
    if name.startswith(parent_name):
        name = urn.name(parent_alias) + name[len(parent_name) :]
    stack, project = parent_alias.removeprefix("urn:pulumi:").split("::", 3)[:2]
    return urn.make(stack, project, parent_alias, type_, name)
