"""The JSON Schema of ``aiinfra review --json``: made from the document's own classes, so that it cannot differ."""

import json
from typing import Any

from pydantic import TypeAdapter

from aiinfra.review.document import Document

_LEFT_OUT_WHERE_EMPTY = ("path", "urn", "remedy", "source", "before", "after")
"""Keys of a finding."""


def schema() -> dict[str, Any]:
    """The schema of the whole envelope, JSON Schema 2020-12. Objects are closed: a new key is a new version."""
    document = TypeAdapter(Document).json_schema(mode="serialization")
    kinds: dict[str, Any] = document.pop("$defs")
    for unused in ("Picture", "Box"):
        del kinds[unused]
    del document["properties"]["picture"]
    kinds["Document"] = document
    finding = kinds["Finding"]["properties"]
    opening = kinds["Opening"]["properties"]
    del opening["finding"]
    own = list(opening)
    kinds["Opening"]["properties"] = {**opening, **finding}
    for name, kind in kinds.items():
        if kind.get("type") == "object":
            kind["additionalProperties"] = False
            told = {"Finding": [key for key in finding if key not in _LEFT_OUT_WHERE_EMPTY]}
            told["Opening"] = [*own, *told["Finding"]]
            kind["required"] = told.get(name, list(kind["properties"]))
        _plain(kind)
    found: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aiinfra review",
        "type": "object",
        "properties": {
            "schema": {"const": "aiinfra.review/1"},
            "tool": {"const": "aiinfra"},
            "version": {"type": "string", "description": "Of aiinfra."},
            "data": {
                "type": "array",
                "description": "One review a project; of a declaration, its estimates come first.",
                "items": {"$ref": "#/$defs/Document"},
            },
            "findings": {
                "type": "array",
                "description": "What opens, of all projects.",
                "items": {"$ref": "#/$defs/Finding"},
            },
        },
        "required": ["schema", "tool", "version", "data", "findings"],
        "additionalProperties": False,
        "$defs": dict(sorted(kinds.items())),
    }
    return found


def schema_text() -> str:
    """As published in ``docs/review.schema.json``."""
    return json.dumps(schema(), indent=2) + "\n"


def _plain(kind: dict[str, Any]) -> None:
    """Take out what pydantic adds for its own use: titles, and defaults of keys that are always written."""
    kind.pop("title", None)
    if "description" in kind:
        kind["description"] = " ".join(kind["description"].replace("``", "").split())
    for value in kind.get("properties", {}).values():
        value.pop("title", None)
        value.pop("default", None)
