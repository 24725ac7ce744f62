"""For tests of programs built with aiinfra: record a program, pick resources out of its graph, compare it with a file.

>>> from aiinfra.testing import collect, one
>>> graph = collect(program)  # doctest: +SKIP
>>> one(graph, "aws:s3/bucket:Bucket").inputs["tags"]  # doctest: +SKIP
"""

from aiinfra.graph.collect import collect
from aiinfra.graph.node import Graph, Mode, Node

__all__ = ["Graph", "Mode", "Node", "children", "collect", "one"]


def one(graph: Graph, type_: str, name: str | None = None) -> Node:
    """The only resource of that type (and name).

    Raises:
        LookupError: none or several; says which there are.
    """
    return graph.one(type_, name)


def children(graph: Graph, urn: str) -> list[Node]:
    """The resources whose parent is ``urn``."""
    return graph.children(urn)
