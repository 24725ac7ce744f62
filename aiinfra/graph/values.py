"""Walks recorded property values: what is unknown, what is secret, and where."""

from collections.abc import Iterator, Mapping
from typing import Any

from aiinfra.graph.node import ASSET, REF, SECRET, UNKNOWN, Graph
from aiinfra.graph.path import Path, text
from aiinfra.graph.wire import unescape

MARKERS = (SECRET, UNKNOWN, REF, ASSET)


def marker_of(value: Any) -> str:
    """Which reserved object ``value`` is; empty for plain data."""
    if isinstance(value, Mapping) and len(value) == 1:
        key = next(iter(value))
        return key if key in MARKERS else ""
    return ""


def markers(value: Any, path: Path = ()) -> Iterator[tuple[str, str]]:
    """``(path, marker)`` of every reserved object inside ``value``; paths read ``spec.containers[0].env``."""
    marker = marker_of(value)
    if marker:
        yield text(path), marker
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from markers(item, (*path, unescape(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from markers(item, (*path, index))


def plain(value: Any) -> Any:
    """``value`` as the program wrote it: keys that were escaped are their own again. Reserved objects stay."""
    if marker_of(value):
        return value
    if isinstance(value, Mapping):
        return {unescape(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def unknowns(graph: Graph) -> dict[str, tuple[str, ...]]:
    """URN -> paths of its inputs that are unknown; resources with none are left out. Empty for a symbolic graph."""
    found = {node.urn: tuple(path for path, marker in markers(node.inputs) if marker == UNKNOWN) for node in graph}
    return {urn: paths for urn, paths in found.items() if paths}
