"""Images that nobody has locked: a finding for each, in any recorded graph."""

from collections.abc import Iterator
from typing import Any

from aiinfra.findings import Finding, Severity
from aiinfra.graph.node import Graph
from aiinfra.images import FILE, UNLOCKED_HOST, is_unlocked


def unlocked(graph: Graph) -> tuple[Finding, ...]:
    """One failing finding a resource and image; the resource would look for an image that is nowhere."""
    return tuple(
        Finding(
            "unlocked",
            Severity.ERROR,
            f"{node.name} needs the image {_named(image)!r}, which is not in {FILE}",
            path=path,
            urn=node.urn,
            remedy=f"lock it by digest in {FILE}",
            source=node.source,
        )
        for node in graph
        if node.custom
        for path, image in _images(dict(node.inputs), "")
    )


def _named(image: str) -> str:
    return image.removeprefix("oci://").removeprefix(f"{UNLOCKED_HOST}/")


def _images(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if is_unlocked(value):
            yield path, value
    elif isinstance(value, dict):
        if value.get("registry") == UNLOCKED_HOST:  # some charts take the host apart
            yield path, f"{UNLOCKED_HOST}/{value.get('repository')}"
        for key, item in value.items():
            yield from _images(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _images(item, f"{path}[{index}]")
