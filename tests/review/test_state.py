"""A stack's export against its program. ``state.json`` was exported by Pulumi 3.260 from a stand-in provider."""

import json
from pathlib import Path
from typing import Any

import pytest

from aiinfra.errors import BadInput
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph
from aiinfra.review.given import review_state
from aiinfra.review.state import State, aligned, read_state
from aiinfra.review.terminal import to_text
from aiinfra.review.versions import Compared
from tests.graphs import graph, node

DATA = Path(__file__).parent.parent / "data" / "previews"
STATE = (DATA / "state.json").read_text()
BUCKET = "aws:s3/bucket:Bucket"


def exported(*resources: dict[str, Any], **more: Any) -> str:
    stack = {"urn": "urn:pulumi:production::shop::pulumi:pulumi:Stack::shop-production", "type": "pulumi:pulumi:Stack"}
    return json.dumps({"version": 3, "deployment": {"resources": [stack, *resources], **more}})


def resource(type_: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:production::shop::{type_}::{name}"
    return {"urn": urn, "type": type_, "custom": True, "id": f"{name}-1a2b", "inputs": inputs, **more}


def changed(state: State, program: Graph) -> dict[str, list[str]]:
    found = diff(*aligned(state, program))
    return {change.node.name: [item.shown for item in change.changes] for change in found}


def test_a_program_that_was_applied_changes_nothing() -> None:
    found = review_state(Compared(DATA / "shop"), STATE, "state.json")
    assert to_text(found) == "shop, stack production: No changes: 11 resources stay as before.\n"


def test_what_changes_against_the_stack(tmp_path: Path) -> None:
    text = (DATA / "shop" / "__main__.py").read_text()
    text = text.replace("acme-datasets", "acme-data").replace("retention_in_days=90", "retention_in_days=30")
    (tmp_path / "__main__.py").write_text(text + 'aws.sqs.Queue("late", kms_master_key_id=new.arn)\n')
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    found = review_state(Compared(tmp_path), STATE, "state.json")
    assert found.counts == {"replaced": 1, "created": 1, "updated": 1, "unchanged": 9}
    assert found.compared == "Compares the program with the stack production, as state.json holds it."
    (loss,) = found.losses
    assert (loss.name, loss.property) == ("data", "bucket: acme-datasets → acme-data")
    assert not found.unknowns  # the new queue takes the arn that the other one has already


def test_what_a_provider_filled_in_is_not_a_change() -> None:
    state = read_state(
        exported(
            resource(
                BUCKET,
                "data",
                {
                    "__defaults": ["bucket", "forceDestroy"],
                    "bucket": "data-4f1c",
                    "forceDestroy": False,
                    "region": "eu-central-1",
                    "tagsAll": {"team": "x"},
                    "versioning": {"__defaults": ["mfaDelete"], "enabled": True, "mfaDelete": False},
                },
                provider="urn:pulumi:production::shop::pulumi:providers:aws::default_7_50_0::77",
            ),
            resource(
                "kubernetes:core/v1:ConfigMap",
                "settings",
                {"metadata": {"name": "settings-9d2", "annotations": {"pulumi.com/autonamed": "true"}}},
            ),
        ),
        "state.json",
    )
    program = graph(
        node(BUCKET, "data", {"versioning": {"enabled": True}}, version="7.51.0"),
        node("kubernetes:core/v1:ConfigMap", "settings", {"metadata": {}}),
    )
    assert changed(state, program) == {}
    assert diff(*aligned(state, program)).versions == {"aws": ("7.50.0", "7.51.0")}
    said = graph(
        node(BUCKET, "data", {"forceDestroy": True, "region": "us-east-1"}),
        node("kubernetes:core/v1:ConfigMap", "settings", {"metadata": {"name": "settings"}}),
    )
    assert changed(state, said) == {
        "data": ["forceDestroy", "region", "versioning"],
        "settings": ["metadata.name"],
    }


def test_a_secret_of_the_state_is_neither_shown_nor_a_change() -> None:
    sealed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"canary-9"'}
    state = read_state(exported(resource("aws:ssm/parameter:Parameter", "p", {"value": sealed})), "state.json")
    program = graph(node("aws:ssm/parameter:Parameter", "p", {"value": {"$secret": ""}}))
    assert changed(state, program) == {}
    assert "canary" not in str(state)
    plain = graph(node("aws:ssm/parameter:Parameter", "p", {"value": "plain"}))
    assert changed(state, plain) == {"p": ["value"]}


def test_what_an_interrupted_update_left_is_told() -> None:
    text = exported(
        resource(BUCKET, "old", {}, delete=True),
        pending_operations=[{"type": "creating", "resource": resource(BUCKET, "new", {})}],
    )
    state = read_state(text, "state.json")
    assert state.pending == ("old waits to be deleted", "new was being worked on (creating)")
    assert [node.name for node in state.graph] == ["shop-production"]


def test_the_checkpoint_of_a_file_backend_is_read_too() -> None:
    deployment = json.loads(STATE)["deployment"]
    state = read_state(json.dumps({"version": 3, "checkpoint": {"latest": deployment}}), "production.json")
    assert state == read_state(STATE, "production.json")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"deployment": {}}', '{"deployment": {"resources": [1]}}', '{"deployment": "x"}']
)
def test_what_is_no_export_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_state(text, "state.json")
    assert caught.value.code == "state-invalid"


def test_the_state_of_another_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("")
    (tmp_path / "Pulumi.yaml").write_text("name: other\nruntime: python\n")
    with pytest.raises(BadInput, match="is of the project shop") as caught:
        review_state(Compared(tmp_path), STATE, "state.json")
    assert caught.value.code == "state-mismatch"
