"""For tests of programs built with aiinfra: record a program, pick resources out of its graph, compare it with a file.

>>> from aiinfra.testing import collect, golden, lint, one
>>> graph = collect("infrastructure/", stack="production")  # doctest: +SKIP
>>> assert one(graph, "aws:s3/bucket:Bucket", "releases").protect  # doctest: +SKIP
>>> assert not lint(graph)  # doctest: +SKIP
>>> golden(graph, "tests/golden/infrastructure.json")  # doctest: +SKIP

Nothing here needs the Pulumi CLI, a cloud or credentials.
"""

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from aiinfra.graph.aws_values import refused_values
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.collect import collect
from aiinfra.graph.export import Format, text_of
from aiinfra.graph.lint import lint
from aiinfra.graph.node import Graph, Mode, Node, is_secret, is_unknown
from aiinfra.graph.projects import collect_projects, collect_with_upstreams
from aiinfra.graph.specs import specs_of
from aiinfra.graph.values import unknowns

if TYPE_CHECKING:
    from aiinfra.graph.diff import GraphDiff

__all__ = [
    "Graph",
    "Mode",
    "Node",
    "children",
    "collect",
    "collect_in_subprocess",
    "collect_projects",
    "collect_with_upstreams",
    "diff",
    "golden",
    "is_secret",
    "is_unknown",
    "lint",
    "one",
    "refused_values",
    "specs_of",
    "unknowns",
    "yaml",
]

MOST_LINES = 80
"""How much of a difference :func:`golden` shows."""


def one(graph: Graph, type_: str, name: str | None = None) -> Node:
    """The only resource of that type (and name).

    Raises:
        LookupError: none or several; says which there are.
    """
    return graph.one(type_, name)


def children(graph: Graph, parent: str | Node) -> list[Node]:
    """The resources whose parent is ``parent`` (a resource or its URN), by URN."""
    return graph.children(parent if isinstance(parent, str) else parent.urn)


def yaml(graph: Graph) -> str:
    """The graph as YAML, secrets left out: for reading."""
    return text_of(graph, Format.YAML)[0]


def diff(before: Graph, after: Graph) -> "GraphDiff":
    """What changed between two graphs: created, deleted, updated, replaced, with property paths.

    Its data (which properties force replacement) is loaded when it is first needed.
    """
    from aiinfra.graph.diff import diff as compare  # noqa: PLC0415

    return compare(before, after)


def golden(graph: Graph, path: str | Path, *, update: bool = False) -> None:
    """Compare the graph with the golden file at ``path``; with ``update`` write the file instead.

    Raises:
        AssertionError: the two differ, or there is no file; shows the difference line by line.
    """
    file, text = Path(path), graph.to_text()
    if update:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        return
    if not file.is_file():
        raise AssertionError(f"{file} is not there; write it with golden(graph, path, update=True) and review it")
    before = file.read_text(encoding="utf-8")
    if before == text:
        return
    lines = list(
        difflib.unified_diff(before.splitlines(), text.splitlines(), str(file), "the program now", n=2, lineterm="")
    )
    shown = lines[:MOST_LINES]
    more = [f"... and {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    names = _came_and_went(before, text)
    raise AssertionError("\n".join([f"the graph is not that of {file}", *names, *shown, *more]))


def _came_and_went(before: str, after: str) -> list[str]:
    """One line for each resource that is only in one of the two; twenty at most."""
    old, new = _urns(before), _urns(after)
    gone = [f"  no longer there: {urn}" for urn in sorted(old - new)]
    return [*gone, *(f"  new: {urn}" for urn in sorted(new - old))][:20]


def _urns(text: str) -> set[str]:
    try:
        return {str(item["urn"]) for item in json.loads(text)["resources"]}
    except (ValueError, KeyError, TypeError):  # a file that is no graph, which the lines will show
        return set()
