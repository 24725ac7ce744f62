"""Kubernetes objects against the real schemas: the API server's own, and those of custom resources' definitions.

Both refuse unknown fields at every level. The first come from ``kubernetes-validate`` (made from the server's OpenAPI
document), the second from the definitions in ``tests/data/crds``.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator

from aiinfra.graph.node import Graph

CRDS = Path(__file__).parent.parent / "data" / "crds"
VERSIONS = ("1.35", "1.37")
"""The oldest server that mounts images by default, and the newest that there are schemas for."""


def objects(graph: Graph) -> list[dict[str, Any]]:
    """The Kubernetes objects a program registers, as they were recorded."""
    return [
        dict(node.inputs)
        for node in graph
        if node.package == "kubernetes" and node.custom and {"apiVersion", "kind"} <= node.inputs.keys()
    ]


def problems(item: Mapping[str, Any]) -> list[str]:
    """What the API server would refuse; empty: nothing."""
    return list(_problems(json.dumps(item, sort_keys=True)))


@cache
def _problems(text: str) -> tuple[str, ...]:
    item = json.loads(text)
    schema = custom_schemas().get((item["apiVersion"], item["kind"]))
    found = _builtin(item) if schema is None else _custom(item, schema)
    return tuple(f"{item['kind']} {item['metadata']['name']}: {problem}" for problem in found)


def _builtin(item: dict[str, Any]) -> Iterator[str]:
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError as error:
            yield error.message
        except kubernetes_validate.ValidationError as error:
            yield f"{version}: {'.'.join(map(str, error.absolute_path))}: {error.message}"


def _custom(item: dict[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    for error in Draft202012Validator(schema).iter_errors(item):
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
    # The definition says no more of metadata than that it is an object; the server knows the rest.
    yield from _builtin({"apiVersion": "v1", "kind": "ConfigMap", "metadata": item.get("metadata")})


@cache
def custom_schemas() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """``(apiVersion, kind)`` -> schema with every object closed."""
    found = {}
    for file in sorted(CRDS.glob("*.yaml")):
        spec = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["spec"]
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            root = {
                **schema["properties"],
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {},
            }
            key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            found[key] = {**schema, "properties": root, "required": [*schema.get("required", ()), "metadata"]}
    return found


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A structural schema as a JSON schema that refuses what the server would prune.

    Only the structure is closed: what stands in ``anyOf`` and its like narrows fields that the structure names.
    """
    result = dict(schema)
    if "properties" in schema:
        result["properties"] = {name: closed(item) for name, item in schema["properties"].items()}
    if "items" in schema:
        result["items"] = closed(schema["items"])
    if isinstance(schema.get("additionalProperties"), Mapping):
        result["additionalProperties"] = closed(schema["additionalProperties"])
    open_ = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if schema.get("type") == "object" and not open_:
        result["additionalProperties"] = False
    if result.pop("nullable", False):
        return {"anyOf": [{"type": "null"}, result]}
    return result
