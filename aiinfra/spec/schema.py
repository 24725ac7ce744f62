"""The JSON Schema of a declaration (draft 2020-12), generated from the models and their docstrings."""

import json
from typing import Any

from aiinfra.spec.deployment import Deployment


def schema() -> dict[str, Any]:
    """The schema as data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Deployment.model_json_schema(by_alias=True),
        "title": "aiinfra deployment",
    }


def schema_text() -> str:
    """The schema as text, the same bytes every time."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
