"""Every program of this repository under the real engine, through every phase."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from aiinfra.cli import group
from aiinfra.engine.rehearsal import Request, rehearse
from aiinfra.engine.report import Rehearsal
from aiinfra.engine.tool import Tool
from aiinfra.errors import BadInput
from aiinfra.findings import Severity
from tests.e2e.conftest import Table
from tests.outliving import outliving
from tests.programs import Program, programs

KITCHEN = Path(__file__).parent.parent / "data" / "engine" / "kitchen"
PROTECTED = "destroy, refused by what is protected"


def problems(rehearsal: Rehearsal) -> list[str]:
    return [finding.render() for finding in rehearsal.findings if finding.severity is Severity.ERROR]


def show(rehearsal: Rehearsal) -> str:
    return ", ".join(f"{phase.name.split(',')[0]} {phase.seconds:.1f}" for phase in rehearsal.phases)


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)
def test_every_phase_of_every_program(program: Program, tool: Tool, table: Table) -> None:
    """The engine sees what is recorded; applies it, finds nothing more to do, recovers from a failure, removes it."""
    found = rehearse(Request(program.folder, program.stack, unlocked=True), tool)
    table(program.name, show(found))
    assert problems(found) == []
    upstreams = [phase for phase in found.phases if phase.name.startswith("upstream ")]
    assert all(phase.ok for phase in upstreams)
    phases = found.phases[len(upstreams) :]
    names = [phase.name for phase in phases]
    assert names[:4] == ["preview", "up", "no-op", "refresh"]
    assert names[-2:] == ["up again", "destroy again"]
    made = {node.urn for node in program.graph() if node.custom and node.package != "pulumi"}
    assert set(found.created) == made
    preview, up, nothing, refresh = phases[:4]
    whole, references = len(program.graph()), sum(node.read for node in program.graph())
    read = {"read": references} if references else {}
    assert preview.counts == up.counts == {"create": whole - references, **read}
    assert nothing.counts == {"same": whole - references, **read}
    assert refresh.counts == {"same": whole}
    assert (PROTECTED in names) == any(node.protect for node in program.graph())
    assert found.left_behind is not None
    assert found.left_behind.pending == found.left_behind.strays == ()
    assert set(found.left_behind.done) | set(found.left_behind.undone) == made
    gone = {step.urn: index for index, step in enumerate(phases[-1].changes)}
    outlives = outliving(program.graph())
    assert [(own, other) for own in gone for other in outlives[own] if gone.get(other, len(gone)) < gone[own]] == []


def test_a_change_does_what_the_difference_predicts(tool: Tool, table: Table) -> None:
    """Replacements, a move by alias, deletions, a trigger, a provider's settings."""
    found = rehearse(Request(KITCHEN, change="changed=true"), tool)
    table("tests/kitchen, changed", show(found))
    assert problems(found) == []
    (change,) = (phase for phase in found.phases if phase.name == "change")
    replaced = {step.urn.rpartition("::")[2] for step in change.changes if step.operation == "replace"}
    assert replaced == {"bucket", "late", "object", "secret", "triggered"}
    assert change.counts["create"] == 1


def test_a_renamed_component_keeps_everything_in_it(tool: Tool, table: Table) -> None:
    found = rehearse(Request(KITCHEN, change="renamed=true"), tool)
    table("tests/kitchen, renamed", show(found))
    assert problems(found) == []
    (change,) = (phase for phase in found.phases if phase.name == "change")
    assert set(change.counts) == {"same", "read"}


def test_a_change_that_fails_half_way_is_finished_by_the_next_up(tool: Tool, table: Table) -> None:
    found = rehearse(Request(KITCHEN, change="changed=true", fail="secret"), tool)
    table("tests/kitchen, change failing", show(found))
    assert problems(found) == []
    names = [phase.name for phase in found.phases]
    assert names[5:8] == ["preview of the change", "change, secret failing", "change again"]
    assert found.left_behind is not None
    assert found.left_behind.during == "change"
    assert [own.rpartition("::")[2] for own in found.left_behind.undone if own.endswith("::secret")] == ["secret"]


@pytest.mark.parametrize(
    ("resource", "others"),
    [("plain-topic", 0), ("plain-queue", 1), ("late", 0)],
)
def test_what_somebody_changes_by_hand_is_seen_and_mended(tool: Tool, resource: str, others: int) -> None:
    """A tag, an annotation; then the whole thing. What takes its address from it changes with it."""
    found = rehearse(Request(KITCHEN, drift=resource), tool)
    assert problems(found) == []
    phases = {phase.name: phase for phase in found.phases}
    changed, mended = (phases[f"{resource} changed by hand, {what}"] for what in ("refresh", "up"))
    assert [step.operation for step in changed.changes] == ["update"]
    assert [(step.operation, step.urn) for step in mended.changes] == [("update", changed.changes[0].urn)]
    deleted, made = (phases[f"{resource} deleted by hand, {what}"] for what in ("refresh", "up"))
    assert [step.operation for step in deleted.changes] == ["delete"]
    assert made.counts["create"] == 1
    assert sum(step.operation == "update" for step in made.changes) == others


def test_drift_that_a_program_ignores_stays(tool: Tool) -> None:
    """The bucket's program ignores its tags; the refresh shows them, and no apply takes them away."""
    found = rehearse(Request(KITCHEN, drift="bucket"), tool)
    assert [finding.id for finding in found.findings if finding.severity is Severity.ERROR] == ["drift-stays"]


def test_a_refused_change_is_told(tool: Tool) -> None:
    """The bucket is protected, and another region would replace it."""
    stack = Path(__file__).parent.parent.parent / "stacks" / "release-registry"
    found = rehearse(Request(stack, change="aiinfra:region=eu-west-1"), tool)
    (finding,) = (each for each in found.findings if each.severity is Severity.ERROR)
    assert finding.id == "rehearsal-failed"
    assert finding.message.startswith("preview of the change: unable to replace resource")
    assert not found.ok


def test_images_that_nobody_locked_stop_an_up_before_anything_is_made(tool: Tool) -> None:
    site = next(program for program in programs() if program.name == "stacks/edge-site")
    found = rehearse(Request(site.folder), tool)
    (finding,) = (each for each in found.findings if each.severity is Severity.ERROR)
    assert "not in images.lock" in finding.message
    assert finding.remedy == "lock the images, or rehearse with --unlocked"
    assert found.left_behind is not None
    assert found.left_behind.done == ()


def test_latency_and_throttling_reach_the_report(tool: Tool) -> None:
    from aiinfra.engine.faults import Faults

    faults = Faults(latency={"*": 0.05}, rate=100)
    stack = Path(__file__).parent.parent.parent / "stacks" / "release-registry"
    found = rehearse(Request(stack, faults=faults), tool)
    assert problems(found) == []
    assert found.critical_path.seconds == pytest.approx(0.05 * len(found.critical_path.urns))


def test_bad_requests_are_refused_before_anything_runs(tool: Tool) -> None:
    request = Request(KITCHEN, fail="buckett")
    for option in ("fail", "drift"):
        with pytest.raises(BadInput) as error:
            rehearse(Request(KITCHEN, **{option: "buckett"}), tool)
        assert error.value.code == f"{option}-unknown"
        assert "did you mean 'bucket'" in error.value.message
    with pytest.raises(BadInput) as error:
        rehearse(replace(request, fail="", change="nowhere"), tool)
    assert error.value.code == "change-unclear"


def test_the_command_line() -> None:
    stack = str(Path(__file__).parent.parent.parent / "stacks" / "release-registry")
    result = CliRunner().invoke(group, ["rehearse", stack, "--json"], standalone_mode=False)
    assert result.return_value == 0
    document = json.loads(result.stdout)
    assert document["schema"] == "aiinfra.rehearse/1"
    assert document["data"]["ok"]
    (protected,) = (finding for finding in document["findings"] if finding["id"] != "pulumi-cli-behind")
    assert protected["id"] == "protected"
    assert "(vision-releases-key, vision-releases-bucket)" in protected["message"]
