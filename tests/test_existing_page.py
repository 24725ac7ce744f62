"""docs/existing.md: what it shows holds, and its statements are those of the keys that are made."""

import json
import re
from typing import Any

import pytest

from aiinfra.components.aws import key_policy
from aiinfra.spec import yaml
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.existing import ENDPOINTS
from aiinfra.spec.reading import load
from tests.programs import ROOT

PAGE = (ROOT / "docs" / "existing.md").read_text(encoding="utf-8")
ACCOUNT, REGION = "111122223333", "us-east-1"
LOGS = (
    "/aiinfra/NAME-training-*",
    "/aws/eks/NAME-training-cluster/cluster",
    "/aws/vendedlogs/aiinfra/NAME-training-*",
)
MADE = {
    "data": key_policy.data_key(ACCOUNT, REGION, "aws"),
    "volumes": key_policy.volumes_key(ACCOUNT, REGION, "aws"),
    "logs": key_policy.logs_key(ACCOUNT, REGION, "aws", LOGS),
    "cluster": key_policy.cluster_key(ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:role/ROLE"),
}


def shapes() -> list[tuple[str, dict[str, Any]]]:
    """Each example of the page over the declaration that it is a part of."""
    found = [yaml.documents(text, "existing.md")[0] for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    return [("lent" if "training" in part else "joined", part) for part in found]


@pytest.mark.parametrize("index", range(4))
def test_each_example_is_a_part_of_a_declaration_that_holds(index: int) -> None:
    name, part = shapes()[index]
    whole = load(ROOT / "tests" / "data" / "declarations" / f"{name}.yaml").whole.plain()
    Deployment.model_validate({**whole, **part})


@pytest.mark.parametrize("noun", MADE)
def test_statements_are_those_of_a_key_that_is_made(noun: str) -> None:
    text = PAGE.partition(f"\n`{noun}` (")[2].partition("```json\n")[2].partition("```")[0]
    shown = [one for one in json.loads(text) if one["Sid"] != "GrantThroughEC2"]
    made = [one for one in json.loads(MADE[noun])["Statement"] if one["Sid"] != "AdministerKey"]
    assert shown == made


def test_every_endpoint_is_named() -> None:
    assert " ".join(ENDPOINTS) in PAGE
