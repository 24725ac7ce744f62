"""Which resource of a graph a property value means.

A symbolic graph writes ``NAME_id`` and ``NAME.PROPERTY``; a preview leaves the value unknown and keeps the dependency;
a resource that is read or adopted has its own id.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from aiinfra.graph.node import Graph, Node, is_unknown


class References:
    """An index of the graph's AWS resources by what values call them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._named: dict[str, list[Node]] = defaultdict(list)
        self._ids: dict[str, list[Node]] = defaultdict(list)
        for node in graph:
            if node.custom and node.package == "aws":
                self._named[node.name].append(node)
                self._ids[f"{node.name}_id"].append(node)
                if node.id:
                    self._ids[node.id].append(node)

    def node(self, owner: Node, key: str, value: Any, types: Collection[str], *, properties: Iterable[str] = ()) -> Any:
        """The resource of one of ``types`` that ``value``, of the property ``key`` of ``owner``, names; else None.

        ``properties``: those besides the id that name it (``arn``, ``name``).
        """
        depended = owner.property_dependencies.get(key, ())
        if is_unknown(value):
            found = [self._graph.nodes[urn] for urn in depended if urn in self._graph.nodes]
            return next((node for node in found if node.type in types), None)
        if not isinstance(value, str):
            return None
        found = [node for node in self._ids.get(value, ()) if node.type in types]
        for name in properties:
            start, _, last = value.rpartition(f".{name}")
            if start and not last:
                found += [node for node in self._named.get(start, ()) if node.type in types]
        return next((node for node in found if node.urn in depended), found[0] if found else None)

    def property_of(self, value: Any, types: Collection[str], path: str) -> Node | None:
        """The resource of one of ``types`` whose output at ``path`` a value of a symbolic graph is."""
        start, _, last = value.rpartition(f".{path}") if isinstance(value, str) else ("", "", "x")
        found = [node for node in self._named.get(start, ()) if node.type in types] if start and not last else []
        return found[0] if found else None
