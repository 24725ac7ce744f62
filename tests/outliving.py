"""What outlives what when a program's resources are destroyed."""

from collections.abc import Mapping

from aiinfra.graph.node import Graph


def outliving(graph: Graph) -> Mapping[str, frozenset[str]]:
    """URN -> everything that is there until it is gone: what it depends on, what it is in, and what these wait for.

    A component's own dependencies hold for what is in it: a child cannot outlive its parent. The real engine is seen to
    keep to this in ``tests/e2e/test_rehearse.py``.
    """
    found = dict[str, frozenset[str]]()

    def of(urn: str, path: tuple[str, ...] = ()) -> frozenset[str]:
        assert urn not in path, f"a circle: {[*path, urn]}"
        if urn not in found:
            node = graph.nodes[urn]
            asked = {
                node.parent,
                *node.dependencies,
                *(one for urns in node.property_dependencies.values() for one in urns),
            }
            first = {one for one in asked if one in graph.nodes}
            found[urn] = frozenset(first).union(*(of(one, (*path, urn)) for one in sorted(first)))
        return found[urn]

    return {urn: of(urn) for urn in graph.nodes}
