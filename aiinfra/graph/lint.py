"""Finds keys that no provider knows: ``fromport`` for ``from_port``.

The Python SDKs take dictionaries for nested properties and send keys they do not know as they are. No error comes
before the provider looks, and some providers drop such a key without a word. The SDKs' own types say which keys there
are, so nothing but the recorded graph is needed.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiinfra.errors import did_you_mean
from aiinfra.findings import Finding, Severity
from aiinfra.graph import urn, values, wire
from aiinfra.graph.node import Graph, Node
from aiinfra.graph.path import Path, text
from aiinfra.graph.shapes import Kind, Shape, inputs_of, python_names


def lint(graph: Graph) -> list[Finding]:
    """One ``dropped-key`` for every key, at any depth, that the resource's type does not have.

    Maps with keys of the user's own (tags, labels, ``data``), the bodies of custom resources and what is secret or
    unknown are not looked into. A type that no installed SDK has is not looked into either.
    """
    found = [finding for node in graph if node.custom and not node.read for finding in _of(node)]
    return sorted(found, key=lambda finding: finding.sort_key)


def _of(node: Node) -> Iterator[Finding]:
    fields = inputs_of(node.type)
    if fields is None and node.package == "kubernetes":
        # A custom resource: its body is its own, its metadata is like any other's.
        meta = (inputs_of("kubernetes:core/v1:ConfigMap") or {}).get("metadata")
        fields = dict.fromkeys(node.inputs, Shape(Kind.ANY)) | ({"metadata": meta} if meta is not None else {})
    if fields is None:
        return
    inputs: Mapping[str, Any] = node.inputs
    if node.type.startswith(urn.PROVIDER_PREFIX):
        inputs = {key: _parsed(value, fields.get(key)) for key, value in inputs.items()}
    for path, known in _unknown_keys(inputs, fields, ()):
        yield Finding(
            "dropped-key",
            Severity.ERROR,
            f"{node.type} has no such key{did_you_mean(str(path[-1]), known)}",
            path=text(path),
            urn=node.urn,
            remedy=f"use one of {', '.join(sorted(known)[:12])}{', ...' if len(known) > 12 else ''}",
            source=node.source,
        )


def _unknown_keys(
    value: Mapping[str, Any], fields: Mapping[str, Shape], path: Path, names: Mapping[str, str] | None = None
) -> Iterator[tuple[Path, list[str]]]:
    """``(path, keys there are)``; the latter in snake case where the key given is, or has no capital."""
    for raw, item in value.items():
        key = wire.unescape(raw)
        place = (*path, key)
        # A provider's properties travel as text in which Python names stay, and the bridged providers take both.
        name = key if key in fields or names is None else names.get(key, key)
        if name not in fields:
            snake = names is not None and ("_" in key or key == key.lower())
            yield place, list(names or fields) if snake else list(fields)
        else:
            yield from _inside(item, fields[name], place)


def _inside(value: Any, shape: Shape, path: Path) -> Iterator[tuple[Path, list[str]]]:
    if values.marker_of(value):
        return
    if isinstance(value, list):
        if shape.kind is Kind.LIST and shape.item is not None:
            for index, item in enumerate(value):
                yield from _inside(item, shape.item, (*path, index))
    elif isinstance(value, Mapping):
        if shape.kind is Kind.OBJECT:
            yield from _unknown_keys(value, shape.fields, path, python_names(shape.type))
        elif shape.kind is Kind.MAP and shape.item is not None:
            for key, item in value.items():
                yield from _inside(item, shape.item, (*path, wire.unescape(key)))


def _parsed(value: Any, shape: Shape | None) -> Any:
    """A provider's property, which travels as JSON text unless it is text itself."""
    if shape is None or shape.kind in (Kind.TEXT, Kind.ANY) or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
