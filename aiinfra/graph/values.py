"""Walks recorded property values: what is unknown, what is secret, and where."""

from collections.abc import Iterator, Mapping
from typing import Any

from aiinfra.graph.node import ASSET, REF, SECRET, UNKNOWN, Graph
from aiinfra.graph.wire import unescape

MARKERS = (SECRET, UNKNOWN, REF, ASSET)


def marker_of(value: Any) -> str:
    """Which reserved object ``value`` is; empty for plain data."""
    if isinstance(value, Mapping) and len(value) == 1:
        key = next(iter(value))
        return key if key in MARKERS else ""
    return ""


def markers(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """``(path, marker)`` of every reserved object inside ``value``; paths read ``spec.containers[0].env``."""
    marker = marker_of(value)
    if marker:
        yield path, marker
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from markers(item, join(path, unescape(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from markers(item, f"{path}[{index}]")


def join(path: str, key: str) -> str:
    """``path`` one key deeper; a key that is no plain word is quoted: ``metadata.labels["app.io/name"]``."""
    if not key.replace("_", "a").replace("-", "a").isalnum():
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


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
