"""Whether the engine saw what was recorded: every field is looked at."""

from dataclasses import replace
from typing import Any

import pytest

from aiinfra.engine.agreement import compare_goals, compare_outputs, compare_states
from aiinfra.graph.node import Graph, Node
from tests.graphs import STACK, component, graph, node, own

QUEUE = "aws:sqs/queue:Queue"
JOBS = own(QUEUE, "jobs")
PART = own("shop:index:Part", "part")

RECORDED = node(
    QUEUE,
    "jobs",
    {"name": {"$secret": ""}, "size": 3, "file": {"$asset": {"kind": "asset", "path": "a.txt", "sha256": "abc"}}},
    provider=own("pulumi:providers:aws", "west"),
    dependencies=(PART,),
    property_dependencies={"name": (PART,)},
    protect=True,
    ignore_changes=("tags",),
    options={"customTimeouts": {"create": "1h5m30s"}, "deletedWith": PART},
)
STATE: dict[str, Any] = {
    "urn": JOBS,
    "type": QUEUE,
    "custom": True,
    "parent": STACK,
    "provider": own("pulumi:providers:aws", "west") + "::04da6b54",
    "inputs": {
        "name": "[secret]",
        "size": 3,
        "file": {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "hash": "abc", "path": "x"},
    },
    "dependencies": [PART],
    "propertyDependencies": {"name": [PART], "size": []},
    "protect": True,
    "ignoreChanges": ["tags"],
    "customTimeouts": {"create": 3930},
    "deletedWith": PART,
}
THE_STACK = {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False}
DEFAULT = {"urn": own("pulumi:providers:aws", "default_7_51_1"), "type": "pulumi:providers:aws", "custom": True}


def fields(recorded: Graph, *states: dict[str, Any]) -> list[tuple[str, str]]:
    return [(found.urn, found.field) for found in compare_states(recorded, [THE_STACK, *states])]


def test_they_agree() -> None:
    assert fields(graph(RECORDED), STATE, DEFAULT) == []


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("type", {"type": "aws:sns/topic:Topic"}),
        ("component", {"custom": False}),
        ("read", {"external": True}),
        ("parent", {"parent": PART}),
        ("provider", {"provider": ""}),
        ("inputs", {"inputs": {**STATE["inputs"], "size": 4}}),
        ("inputs", {"inputs": {**STATE["inputs"], "name": "hunter2"}}),
        ("dependencies", {"dependencies": []}),
        ("property_dependencies", {"propertyDependencies": {}}),
        ("protect", {"protect": False}),
        ("retain_on_delete", {"retainOnDelete": True}),
        ("ignore_changes", {"ignoreChanges": []}),
        ("replace_on_changes", {"replaceOnChanges": ["name"]}),
        ("additional_secret_outputs", {"additionalSecretOutputs": ["arn"]}),
        ("deleted_with", {"deletedWith": ""}),
        ("timeouts", {"customTimeouts": {}}),
        ("replacement_trigger", {"replacementTrigger": 1}),
    ],
)
def test_each_field_is_looked_at(field: str, change: dict[str, Any]) -> None:
    assert fields(graph(RECORDED), {**STATE, **change}) == [(JOBS, field)]


def test_a_resource_on_one_side_only() -> None:
    assert fields(graph(RECORDED)) == [(JOBS, "there")]
    assert fields(graph(), STATE) == [(JOBS, "there")]


def test_the_engine_adds_a_provider_s_version_and_its_default_providers() -> None:
    west = node("pulumi:providers:aws", "west", {"region": "r"}, version="7.51.1")
    inputs = {"region": "r", "version": "7.51.1"}
    state = {"urn": west.urn, "type": west.type, "custom": True, "parent": STACK, "inputs": inputs}
    assert fields(graph(west), state) == []
    assert fields(graph(west), {**state, "inputs": {"region": "r", "version": "6.0.0"}}) == [(west.urn, "inputs")]


def test_what_comes_from_something_that_is_there_already_is_known_to_the_engine_only() -> None:
    there = node(QUEUE, "there", read=True, id="x")
    user = node(QUEUE, "jobs", {"name": {"$unknown": True}}, property_dependencies={"name": (there.urn,)})
    state = {**STATE, "provider": "", "inputs": {"name": "known"}, "propertyDependencies": {"name": [there.urn]}}
    plain = {key: state[key] for key in ("urn", "type", "custom", "parent", "inputs", "propertyDependencies")}
    read = {"urn": there.urn, "type": QUEUE, "custom": True, "parent": STACK, "external": True}
    assert fields(graph(there, user), read, plain) == []
    made = replace(there, read=False, id="")
    assert fields(graph(made, user), {**read, "external": False}, plain) == [(JOBS, "inputs")]


def test_aliases_are_held_against_the_goals_of_a_plan() -> None:
    aliased = node(QUEUE, "jobs", aliases=(own(QUEUE, "old"), own(QUEUE, "jobs", "")))
    goal = {"structuredAliases": [{"Name": "old"}, {"Name": "old"}, {"NoParent": True}]}
    assert compare_goals(graph(aliased), {JOBS: {"goal": goal}}) == []
    (found,) = compare_goals(graph(aliased), {JOBS: {"goal": {"structuredAliases": [{"URN": "urn:x"}]}}})
    assert (found.field, found.engine) == ("aliases", ["urn:x"])


def test_outputs_of_components_and_of_the_stack() -> None:
    part = component("shop:index:Part", "part", outputs={"arn": {"$unknown": True}, "word": {"$secret": ""}})
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
    outputs = {PART: {"arn": "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "word": secret}, STACK: {"n": 3.0}}
    assert compare_outputs(graph(part, outputs={"n": 3}), outputs) == []
    assert [found.urn for found in compare_outputs(graph(part, outputs={"n": 4}), {STACK: {"n": 3.0}})] == [STACK, PART]


def test_a_difference_is_plain_data() -> None:
    changed: Node = replace(RECORDED, protect=False)
    (found,) = compare_states(graph(changed), [THE_STACK, STATE])
    assert found.as_json() == {"urn": JOBS, "field": "protect", "recorded": False, "engine": True}
