"""The real engine's words, recorded, against the graphs of today: so that agreement does not rot where there is no CLI.

``make e2e`` with ``--update-golden`` records them again.
"""

import json
from functools import cache
from typing import Any

import pytest

from aiinfra.engine.agreement import compare_goals, compare_outputs, compare_states
from aiinfra.engine.change import unexpected
from aiinfra.engine.events import Step
from aiinfra.engine.recording import Recording, record
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.program import find
from tests.engine.transcripts import FILE, as_text

CHANGED = {"kitchen:changed": "true", "kitchen:renamed": "true"}


@cache
def transcript() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@cache
def recording(*, changed: bool = False) -> Recording:
    return record(find(FILE.parent / "kitchen"), "production", CHANGED if changed else None)


def graph(mode: Mode, *, changed: bool = False) -> Graph:
    found = recording(changed=changed)
    both = found.preview if mode is Mode.PREVIEW else found.symbolic
    assert both is not None, found.why
    return both


def steps(key: str) -> tuple[Step, ...]:
    return tuple(Step(item["operation"], item["urn"], managed=item["managed"]) for item in transcript()[key])


def test_it_is_stored_as_it_is_written() -> None:
    assert FILE.read_text(encoding="utf-8") == as_text(transcript())


def test_the_preview_is_what_is_recorded() -> None:
    preview = transcript()["preview"]
    assert compare_states(graph(Mode.PREVIEW), preview["states"]) == []
    assert compare_outputs(graph(Mode.PREVIEW), preview["outputs"]) == []


def test_aliases_are_what_is_recorded() -> None:
    goals = transcript()["goals"]
    assert compare_goals(graph(Mode.PREVIEW), goals) == []
    assert {node.urn for node in graph(Mode.PREVIEW) if node.aliases} == set(goals)


def test_what_is_applied_is_what_the_symbolic_graph_holds() -> None:
    assert [found.as_json() for found in compare_states(graph(Mode.SYMBOLIC), transcript()["up"]["states"])] == []


def test_a_second_up_did_nothing() -> None:
    assert {step.operation for step in steps("again")} == {"same", "read"}


def test_the_change_does_what_the_difference_predicts() -> None:
    predicted = diff(graph(Mode.SYMBOLIC), graph(Mode.SYMBOLIC, changed=True))
    assert unexpected(predicted, steps("change")) == []


@pytest.mark.parametrize("field", ["inputs", "parent", "provider", "protect", "dependencies"])
def test_a_graph_that_lost_a_field_would_be_noticed(field: str) -> None:
    states = transcript()["preview"]["states"]
    broken = [{key: value for key, value in state.items() if key != field} for state in states]
    assert {found.field for found in compare_states(graph(Mode.PREVIEW), broken)} == {field}


def test_what_refers_to_another_stack_names_it() -> None:
    assert [program.name for program in recording().upstreams] == ["upstream"]
