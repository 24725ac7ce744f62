"""What other languages see of the components."""

import json
from typing import Any

from aiinfra.components.hosted import COMPONENTS, schema
from aiinfra.tokens import PUBLISHED, RETIRED
from tests.goldens import check_golden


def test_the_schema_is_the_golden_one(update_golden: bool) -> None:
    check_golden("schema/package.json", json.dumps(schema(), indent=1, sort_keys=True) + "\n", update=update_golden)


def test_every_published_token_is_hosted_and_none_was_ever_dropped() -> None:
    assert set(schema()["resources"]) == set(PUBLISHED)
    assert {f"aiinfra:index:{component.__name__}" for component in COMPONENTS} == set(PUBLISHED)
    assert all(new in PUBLISHED for new in RETIRED.values())


def test_what_a_spec_requires_is_required_of_other_languages() -> None:
    required: dict[str, Any] = {
        token.rpartition(":")[2]: sorted(resource.get("requiredInputs", []))
        for token, resource in schema()["resources"].items()
    }
    assert required == {
        "InferenceRuntime": ["model", "modelName", "namespace", "runtime", "tags", "tier"],
        "Registry": ["account", "name", "region", "tags"],
        "ReleaseBucket": ["account", "region"],
        "Site": ["className", "model", "modelName", "runtime", "site", "tags", "tier"],
        "TrustedNamespace": ["namespace", "tags"],
    }
