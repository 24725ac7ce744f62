"""Records what the real engine says of the kitchen, for ``make test`` to replay where there is no CLI."""

import json
from importlib.metadata import version
from typing import Any

from aiinfra.engine.rehearsal import UP
from aiinfra.engine.tool import Tool
from aiinfra.engine.workplace import Outcome
from aiinfra.graph.program import find
from aiinfra.graph.urn import of_reference
from tests.e2e.conftest import Stage
from tests.engine.transcripts import FILE, as_text

STACK = "production"
PROGRAMS = FILE.parent
STATE = (
    "urn",
    "type",
    "custom",
    "external",
    "parent",
    "provider",
    "inputs",
    "dependencies",
    "propertyDependencies",
    "protect",
    "retainOnDelete",
    "ignoreChanges",
    "replaceOnChanges",
    "additionalSecretOutputs",
    "deletedWith",
    "customTimeouts",
    "replacementTrigger",
)
"""What of a state is kept: no times, no places, no outputs."""


def kept(state: dict[str, Any]) -> dict[str, Any]:
    return {key: state[key] for key in STATE if key in state}


def settled(value: Any) -> Any:
    """What says the same in every run: sets of URNs in order, providers without the id that the engine draws."""
    if isinstance(value, dict):
        return {key: of_reference(item) if key == "provider" else settled(item) for key, item in value.items()}
    if isinstance(value, list):
        names = all(isinstance(item, str) and item.startswith("urn:pulumi:") for item in value)
        return sorted(value) if names else [settled(item) for item in value]
    return value


def done(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.stderr or outcome.stdout
    return outcome


def steps(outcome: Outcome) -> list[dict[str, Any]]:
    """What was done to each resource; the engine works in parallel, so the order is that of their names."""
    found = [{"operation": step.operation, "urn": step.urn, "managed": step.managed} for step in outcome.events.steps]
    return sorted(found, key=lambda step: (step["urn"], step["operation"]))


def test_the_transcript_is_what_the_engine_says(stage: Stage, tool: Tool, update_golden: bool) -> None:
    place, on = stage.place, ["--stack", STACK]
    kitchen = find(PROGRAMS / "kitchen")
    place.open(find(PROGRAMS / "upstream"), STACK)
    done(place.run([*UP, *on]))
    place.open(kitchen, STACK)
    plan = place.root / "tmp" / "plan.json"
    preview = done(place.run(["preview", "--json", "--save-plan", str(plan), *on]))
    digest = json.loads(preview.stdout)
    goals = json.loads(plan.read_text(encoding="utf-8"))["resourcePlans"]
    up = done(place.run([*UP, *on]))
    again = done(place.run([*UP, *on]))  # an import takes its inputs from the cloud; the next up, from the program
    exported = json.loads(done(place.run(["stack", "export", "--show-secrets", *on])).stdout)
    place.open(kitchen, STACK, {"kitchen:changed": "true", "kitchen:renamed": "true"})
    change = done(place.run(["preview", *on]))
    transcript = {
        "cli": tool.version,
        "sdk": {name: version(name) for name in ("pulumi", "pulumi-aws", "pulumi-kubernetes")},
        "preview": {
            "summary": digest["changeSummary"],
            "states": [kept(step["newState"]) for step in sorted(digest["steps"], key=lambda step: str(step["urn"]))],
            "outputs": dict(sorted(preview.events.outputs.items())),
        },
        "goals": {
            own: {"goal": {"structuredAliases": item["goal"]["structuredAliases"]}}
            for own, item in sorted(goals.items())
            if item["goal"].get("structuredAliases")
        },
        "up": {
            "steps": steps(up),
            "states": sorted((kept(state) for state in exported["deployment"]["resources"]), key=lambda s: s["urn"]),
            "outputs": dict(sorted(up.events.outputs.items())),
        },
        "again": steps(again),
        "change": steps(change),
    }
    if update_golden:
        FILE.write_text(as_text(transcript), encoding="utf-8")
        return
    before = json.loads(FILE.read_text(encoding="utf-8"))
    for part in ("preview", "goals", "up", "again", "change"):
        assert settled(transcript[part]) == settled(before[part]), (
            f"{part}: CLI {tool.version} says other than {before['cli']} did"
        )
