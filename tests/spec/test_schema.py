"""The published schema says what the models say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aiinfra.spec import yaml
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


ROOT = Path(__file__).parent.parent.parent
DECLARATIONS = [*sorted((ROOT / "examples").glob("*/deployment.yaml")), ROOT / "tests/data/declarations/whole.yaml"]


def judge() -> Draft202012Validator:
    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema())


def test_the_published_file_is_the_schema() -> None:
    assert (ROOT / "docs" / "deployment.schema.json").read_text() == schema_text(), (
        "run: aiinfra schema --out docs/deployment.schema.json"
    )


@pytest.mark.parametrize("file", DECLARATIONS, ids=lambda file: file.parent.name)
def test_an_editor_accepts_what_we_accept(file: Path) -> None:
    assert [error.message for error in judge().iter_errors(yaml.read(file.read_text(), file.name).data)] == []


def test_an_editor_marks_what_we_refuse() -> None:
    data = yaml.read((ROOT / "tests/data/declarations/bad.yaml").read_text(), "bad.yaml").data
    paths = {"/".join(str(part) for part in error.absolute_path) for error in judge().iter_errors(data)}
    assert {"name", "tags", "objective/p99", "caps/power", "sites/0/runtime/on", "model/inputs/0/dtype"} <= paths
