"""The published schema says what the models say."""

import json
from collections.abc import Iterator
from typing import Any

from aiinfra.spec.schema import schema, schema_text


def objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if "properties" in node:
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")


def test_every_field_is_described_and_no_key_is_free() -> None:
    for path, node in objects(schema()):
        assert node["additionalProperties"] is False, path
        for name, field in node["properties"].items():
            assert field.get("description"), f"{path}/{name} has no description"


def test_the_text_is_the_same_every_time() -> None:
    assert schema_text() == schema_text()
    assert json.loads(schema_text())["title"] == "aiinfra deployment"
