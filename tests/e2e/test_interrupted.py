"""The CLI killed in the middle of ``up``, and two of them at once."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from aiinfra.engine.rehearsal import UP
from aiinfra.engine.workplace import Workplace, end
from aiinfra.graph.program import find
from tests.e2e.conftest import Stage

STACK = "production"
ROOT = Path(__file__).parent.parent.parent
LATENCY = 0.15
"""Seconds a call takes, so that there is a middle to be killed in."""


def export(place: Workplace) -> dict[str, Any]:
    outcome = place.run(["stack", "export", "--stack", STACK])
    assert outcome.code == 0, outcome.stderr or outcome.stdout
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


def resume(stage: Stage) -> None:
    """What a person must do after a crash, before the next ``up``.

    The engine notes a creation before it begins; whether it came to be, only the cloud knows: here, the stand-in. What
    did is put into the state by its id, what did not is forgotten. Without that, ``up`` only warns and makes it again;
    and ``refresh --import-pending-creates`` of CLI 3.260 forgets both.
    """
    stage.place.run(["cancel", "--yes", "--stack", STACK])
    whole = export(stage.place)
    deployment = whole["deployment"]
    resources = deployment.setdefault("resources", [])
    known = {state.get("id") for state in resources}
    made = {thing.urn: thing.id for thing in stage.cloud.things.values() if thing.id not in known}
    for pending in deployment.pop("pending_operations", None) or []:
        assert pending["type"] == "creating", pending
        state = pending["resource"]
        if state["urn"] in made:
            resources.append({**state, "id": made.pop(state["urn"])})
    assert made == {}, "something was made that the state knows nothing of, not even as pending"
    file = stage.place.root / "tmp" / "state.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    for arguments in (["stack", "import", "--file", str(file)], ["refresh", "--yes", "--skip-preview"]):
        outcome = stage.place.run([*arguments, "--stack", STACK])
        assert outcome.code == 0, outcome.stderr or outcome.stdout


def kill_and_finish(stage: Stage, seed: int) -> str:
    """One kill at a random point; the point, in words."""
    place = stage.place
    process = place.start([*UP, "--stack", STACK])
    try:
        begun = time.monotonic()
        chance = random.Random(seed)
        wanted = chance.randint(0, 10)
        while process.poll() is None and len(stage.cloud.calls) < wanted and time.monotonic() - begun < 60:
            time.sleep(0.005)
        time.sleep(chance.random() * LATENCY * 2)
    finally:
        end(process)
    made = len(stage.cloud.things)
    time.sleep(LATENCY * 2)  # calls that were on their way arrive all the same, as they would in a cloud
    resume(stage)
    again = place.run([*UP, "--stack", STACK])
    assert again.code == 0, again.stderr or again.stdout
    return f"killed with {made} made"


def check(stage: Stage) -> None:
    """No duplicate, no orphan, nothing missing, no protection lost."""
    states = [state for state in export(stage.place)["deployment"]["resources"] if state["custom"]]
    states = [state for state in states if not state["type"].startswith("pulumi:")]
    things = stage.cloud.things
    assert sorted(state["id"] for state in states) == sorted(things)
    assert len({thing.urn for thing in things.values()}) == len(things)
    protected = {state["urn"].rpartition("::")[2] for state in states if state.get("protect")}
    assert protected == {"vision-releases-bucket", "vision-releases-key"}
    assert not export(stage.place)["deployment"].get("pending_operations")


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(100, 150))])
def test_a_killed_up_leaves_nothing_double_and_nothing_lost(stage: Stage, seed: int) -> None:
    stage.faults.latency = {"*": LATENCY}
    stage.place.open(find(ROOT / "stacks" / "release-registry"), STACK)
    point = kill_and_finish(stage, seed)
    try:
        check(stage)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}, {point}") from error


def test_a_second_up_at_the_same_time_is_refused(stage: Stage) -> None:
    stage.faults.latency = {"*": 1.0}
    stage.place.open(find(ROOT / "stacks" / "release-registry"), STACK)
    first = stage.place.start([*UP, "--stack", STACK])
    try:
        deadline = time.monotonic() + 60
        while not stage.cloud.calls and first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        second = stage.place.run([*UP, "--stack", STACK])
        assert second.code != 0
        assert "the stack is currently locked by" in second.stderr + second.stdout
        out, _ = first.communicate(timeout=300)
        assert first.returncode == 0, out
    finally:
        end(first)
    check(stage)
