"""The engine's event log."""

import json
from typing import Any

from aiinfra.engine.events import is_default_provider, parse, read
from tests.graphs import STACK, own

QUEUE = own("aws:sqs/queue:Queue", "jobs")
PART = own("shop:index:Part", "part")
DEFAULT = "urn:pulumi:production::shop::pulumi:providers:aws::default_7_51_1"


def event(kind: str, operation: str, urn: str, **data: Any) -> dict[str, Any]:
    type_ = urn.split("::")[2].rpartition("$")[2]
    custom = not type_.startswith(("shop:", "pulumi:pulumi:"))
    new = {"custom": custom, "outputs": data.pop("outputs", {})}
    return {"timestamp": 1, kind: {"metadata": {"op": operation, "urn": urn, "type": type_, "new": new, **data}}}


LOG = [
    event("resourcePreEvent", "create", STACK),
    event("resourcePreEvent", "create", DEFAULT),
    event("resOutputsEvent", "create", DEFAULT),
    event("resourcePreEvent", "create", PART),
    event("resOutputsEvent", "create", PART),
    event("resourcePreEvent", "create", QUEUE, detailedDiff={"name": {"diffKind": "add"}}),
    event("resOpFailedEvent", "create", QUEUE),
    event("resOutputsEvent", "create", PART, outputs={"arn": "x"}),
    {"diagnosticEvent": {"severity": "error", "message": "<{%reset%}>it failed<{%reset%}>\n"}},
    {"diagnosticEvent": {"severity": "error", "message": "it failed"}},
    {"diagnosticEvent": {"severity": "info", "message": "so what"}},
]


def test_what_a_run_did() -> None:
    found = read(LOG)
    assert [(step.operation, step.urn, step.failed, step.managed) for step in found.steps] == [
        ("create", PART, False, False),
        ("create", QUEUE, True, True),
    ]
    assert found.started == (STACK, PART, QUEUE)
    assert (found.errors, found.warnings) == (("it failed",), ())
    assert found.outputs == {PART: {"arn": "x"}}
    assert found.counts == {"create": 1}
    assert found.of("create") == []
    assert found.touched == {QUEUE}


def test_what_stays_is_no_change() -> None:
    found = read([event("resOutputsEvent", "same", QUEUE), event("resOutputsEvent", "read", own("a:b:C", "d"))])
    assert found.changes == ()
    assert found.counts == {"read": 1, "same": 1}


def test_a_line_that_is_still_being_written_is_left_out() -> None:
    said = {"sequence": 1, "message": "a line of its own\x85 but not of the log"}
    assert parse(json.dumps(said, ensure_ascii=False) + '\n{"sequ') == [said]
    assert parse("") == []


def test_providers_that_the_engine_makes() -> None:
    assert is_default_provider(DEFAULT)
    assert is_default_provider("urn:pulumi:production::shop::pulumi:providers:pulumi::default")
    assert not is_default_provider("urn:pulumi:production::shop::pulumi:providers:aws::defaults")
    assert not is_default_provider(own("aws:sqs/queue:Queue", "default"))
