"""A rehearsal: a program under the real engine, in phases, without a cloud, credentials or an account."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiinfra.engine import change as changes
from aiinfra.engine import drift
from aiinfra.engine.agreement import Difference, compare_outputs, compare_states
from aiinfra.engine.change import Change, change_of
from aiinfra.engine.cloud import Cloud
from aiinfra.engine.critical_path import CriticalPath, critical_path
from aiinfra.engine.events import Events
from aiinfra.engine.faults import Failure, Faults
from aiinfra.engine.providers import installed
from aiinfra.engine.recording import Recording, record
from aiinfra.engine.report import LeftBehind, Phase, Rehearsal
from aiinfra.engine.standin import serve
from aiinfra.engine.tool import INSTALL_PAGE, Tool, behind, find_tool
from aiinfra.engine.workplace import OnEvent, Outcome, Workplace, workplace
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.findings import Finding, Severity
from aiinfra.graph import urn as urns
from aiinfra.graph.diff import diff
from aiinfra.graph.program import Program, find

UP: Final = ["up", "--yes", "--skip-preview"]
UNLOCKED: Final = {"aiinfra:unlocked": "allow"}
"""Lets ``up`` of our own components go on without ``images.lock``: nothing is pulled here."""

OnPhase = Callable[[str], OnEvent | None]
"""Told of each phase as it begins; what it returns sees the engine's events."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to rehearse."""

    path: Path
    stack: str = "production"
    change: str = ""
    """See :func:`aiinfra.engine.change.change_of`; empty: no change is rehearsed."""
    fail: str = ""
    """URN or name of the resource that fails; empty: one half-way through."""
    faults: Faults = field(default_factory=Faults)
    unlocked: bool = False
    drift: str = ""
    """URN or name of the resource that somebody changes by hand, and then deletes; empty: none."""


def rehearse(request: Request, tool: Tool | None = None, on_phase: OnPhase | None = None) -> Rehearsal:
    """Run every phase: preview, up, no-op, refresh, the change, a failure and its recovery, destroy.

    Where ``up`` itself fails, the phases that build on it are left out.

    Raises:
        AiinfraError: no usable CLI; ``rehearsal-setup``, ``rehearsal-timeout``.
        BadInput: no such program, change or resource.
    """
    tool = tool or find_tool()
    program = find(request.path)
    change = change_of(request.change, program) if request.change else None
    recordings = [record(each.program, request.stack, each.config) for each in (Change(program), change) if each]
    _check_name("fail-unknown", request.fail, recordings)
    _check_name("drift-unknown", request.drift, recordings[:1])
    cloud = Cloud()
    with serve(installed(), cloud, request.faults) as providers, workplace(tool, providers) as place:
        config = UNLOCKED if request.unlocked else {}
        run = _Run(place, cloud, request, program, change, config, recordings, on_phase or (lambda _name: None))
        run.all(behind(tool))
    return Rehearsal(
        project=program.name,
        stack=request.stack,
        version=tool.version,
        phases=tuple(run.phases),
        created=tuple(run.created),
        critical_path=run.path,
        left_behind=run.left,
        findings=tuple(sorted(run.findings, key=lambda finding: finding.sort_key)),
    )


@dataclass
class _Run:
    place: Workplace
    cloud: Cloud
    request: Request
    program: Program
    change: Change | None
    config: Mapping[str, str]
    recordings: list[Recording]
    """Of the program, and of the changed one where there is one."""
    on_phase: OnPhase
    phases: list[Phase] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    path: CriticalPath = field(default_factory=lambda: CriticalPath((), 0.0))
    left: LeftBehind | None = None

    def all(self, versions: str) -> None:
        """Every phase in turn. ``versions``: what there is to say of them, if anything."""
        if versions:
            self._find("pulumi-cli-behind", versions, f"update the CLI: {INSTALL_PAGE}", Severity.NOTE)
        for upstream in self.recordings[0].upstreams:
            self._open(Change(upstream))
            self._phase(f"upstream {upstream.name}", UP)
        self._open(Change(self.program))
        self._preview()
        if self._up():
            self._nothing_to_do("no-op", UP)
            self._nothing_to_do("refresh", ["refresh", "--yes", "--skip-preview"])
            if self.request.drift:
                self._drifted(self.request.drift)
            if self.change is not None:
                self._changed(self.change)
            self._destroy()
            if self.left is None:
                self._failing("up", self._chosen())
                self._destroy(named=False)

    def _open(self, version: Change) -> None:
        self.place.open(version.program, self.request.stack, {**self.config, **version.config})

    def _phase(self, name: str, arguments: list[str], *, fails: bool = False) -> Outcome:
        """One run; where it does not end as it should, that is a finding."""
        outcome = self.place.run([*arguments, "--stack", self.request.stack], self.on_phase(name))
        events, ok = outcome.events, (outcome.code != 0) is fails
        errors = events.errors or (() if outcome.code == 0 else (outcome.stderr.strip(),))
        self.phases.append(Phase(name, ok, round(outcome.seconds, 2), events.counts, events.changes, errors))
        if not ok:
            said = "; ".join(errors) if errors else "it did not fail"
            remedy = "mend the program, and rehearse again"
            if "not in images.lock" in said:
                remedy = "lock the images, or rehearse with --unlocked"
            self._find("rehearsal-failed", f"{name}: {said}", remedy)
        return outcome

    def _find(
        self, code: str, message: str, remedy: str = "", severity: Severity = Severity.ERROR, **place: Any
    ) -> None:
        self.findings.append(Finding(code, severity, message, remedy=remedy, **place))

    def _preview(self) -> None:
        outcome = self._phase("preview", ["preview", "--json"])
        if outcome.code != 0:
            return
        graph = self.recordings[0].preview
        if graph is None:
            self._find("not-recorded", self.recordings[0].why, severity=Severity.NOTE)
            return
        states = [step["newState"] for step in json.loads(outcome.stdout).get("steps", ()) if step.get("newState")]
        for each in [*compare_states(graph, states), *compare_outputs(graph, outcome.events.outputs)]:
            self._differs(each)

    def _differs(self, found: Difference) -> None:
        message = f"{found.field} is recorded as {_short(found.recorded)}, and is {_short(found.engine)} to the engine"
        remedy = "the review of this resource cannot be relied on; please report it with the program"
        self._find("recorded-differs", message, remedy, urn=found.urn, path=found.field)

    def _up(self) -> bool:
        outcome = self._phase("up", UP)
        states = self._states()
        self.created = outcome.events.of("create", "import")
        self.path = critical_path(states, lambda own: self.request.faults.seconds(_type(own)))
        if outcome.code != 0:
            self.left = self._left_behind("", "up", outcome.events, frozenset())
        self._strays("up")
        return outcome.code == 0

    def _nothing_to_do(self, name: str, arguments: list[str]) -> None:
        outcome = self._phase(name, arguments)
        for step in outcome.events.changes:
            what = f"{name}: {step.operation} again, though nothing changed"
            message = f"{what} ({', '.join(step.diffs)})" if step.diffs else what
            remedy = "look for a value that differs from run to run: time, randomness, the order of a set"
            self._find("not-idempotent", message, remedy, urn=step.urn)

    def _drifted(self, words: str) -> None:
        """Somebody changes a resource behind the engine's back, and later deletes it: seen, and mended, each time."""
        own = self._named(words, frozenset(self.created))
        thing = next((thing for thing in self.cloud.things.values() if thing.urn == own), None)
        if thing is None:
            raise BadInput("drift-unknown", f"nothing that was made is named {words!r}", "name a resource it makes")
        self.cloud.altered[thing.id] = drift.place_of(thing)
        self._seen_and_mended(f"{urns.name(own)} changed by hand", own)
        self.cloud.delete(thing.id)
        self._seen_and_mended(f"{urns.name(own)} deleted by hand", own)
        self._nothing_to_do("no-op after that", UP)

    def _seen_and_mended(self, what: str, own: str) -> None:
        refresh = self._phase(f"{what}, refresh", ["refresh", "--yes", "--skip-preview"])
        shown = {step.urn for step in refresh.events.changes}
        if refresh.code == 0 and shown != {own}:
            listed = ", ".join(sorted(urns.name(each) for each in shown)) or "nothing"
            self._find("drift-unseen", f"{what}: the refresh shows {listed}", urn=own)
        mended = self._phase(f"{what}, up", UP)
        there = [thing for thing in self.cloud.things.values() if thing.urn == own]
        if mended.code == 0 and (len(there) != 1 or there[0].id in self.cloud.altered):
            self._find("drift-stays", f"{what}: the next up does not mend it", "look for ignore_changes", urn=own)

    def _changed(self, change: Change) -> None:
        """The change; with its failure first, where the resource that is to fail is part of it."""
        self._open(change)
        outcome = self._phase("preview of the change", ["preview"])
        if outcome.code != 0:
            return
        touched = outcome.events.touched
        failing = self._named(self.request.fail, touched) if self.request.fail else ""
        if failing:
            self._failing("change", failing, touched)
        else:
            self._phase("change", UP)
        self._strays("change")
        before, after = (recording.symbolic for recording in self.recordings)
        if before is None or after is None:
            return
        predicted = diff(before, after)
        for own, expected, done in changes.unexpected(predicted, outcome.events.steps):
            message = f"the difference predicts {expected}, the engine says {done}"
            self._find("prediction-differs", message, "please report it with the program", urn=own)

    def _failing(self, during: str, resource: str, wanted: frozenset[str] | None = None) -> None:
        """Let one resource fail, see what is left behind, and run again."""
        if not resource:
            return
        if during == "up":
            self._open(Change(self.program))
        faults = self.request.faults
        faults.failure = Failure(resource)
        broken = self._phase(f"{during}, {urns.name(resource)} failing", UP, fails=True)
        faults.failure = None
        self.left = self._left_behind(resource, during, broken.events, wanted or frozenset(self.created))
        recovery = self._phase(f"{during} again", UP)
        for own in sorted(set(recovery.events.of("create", "create-replacement")) & set(self.left.done)):
            if own in broken.events.of("create"):
                self._find("made-twice", f"{during} again: made once more, though it was there", urn=own)
        self._strays(f"{during} again")

    def _left_behind(self, resource: str, during: str, events: Events, wanted: frozenset[str]) -> LeftBehind:
        deployment = self._deployment()
        done = tuple(dict.fromkeys(step.urn for step in events.changes if step.managed and not step.failed))
        return LeftBehind(
            resource=resource,
            during=during,
            done=done,
            undone=tuple(sorted(own for own in wanted if own not in done)),
            pending=tuple(item["resource"]["urn"] for item in deployment.get("pending_operations") or ()),
            strays=tuple(self._unknown_things(deployment)),
        )

    def _destroy(self, *, named: bool = True) -> None:
        """Take everything down. What is protected refuses, and everything else is gone by then."""
        protected = [state for state in self._states() if state.get("protect")]
        down = ["destroy", "--yes", "--skip-preview"]
        if protected and named:
            outcome = self._phase("destroy, refused by what is protected", down, fails=True)
            names = ", ".join(urns.name(state["urn"]) for state in protected if state["custom"])
            gone = len(outcome.events.of("delete"))
            message = f"a destroy is refused by what is protected ({names}), but only after {gone} others are deleted"
            remedy = "unprotect first (pulumi state unprotect), where everything is meant to go"
            self._find("protected", message, remedy, Severity.NOTE)
        if protected:
            self.place.run(["state", "unprotect", "--all", "--yes", "--stack", self.request.stack])
        self._phase("destroy" if named else "destroy again", down)
        stays = self._stays()
        for thing in list(self.cloud.things.values()):
            if thing.urn not in stays and not self._is_upstream(thing.urn):
                self._find("orphan-left", f"{thing.id} is still there after the destroy", urn=thing.urn)
        self.cloud.clear(lambda own: not self._is_upstream(own))

    def _strays(self, phase: str) -> None:
        for id_ in self._unknown_things(self._deployment()):
            message = f"{id_} exists after {phase}, and the state does not know it"
            self._find("orphan-left", message, urn=self.cloud.things[id_].urn)

    def _unknown_things(self, deployment: Mapping[str, Any]) -> Iterator[str]:
        known = {state.get("id") for state in deployment.get("resources") or ()}
        stays = self._stays()
        for thing in list(self.cloud.things.values()):
            if thing.id not in known and thing.urn not in stays and not self._is_upstream(thing.urn):
                yield thing.id

    def _is_upstream(self, own: str) -> bool:
        return own.split("::")[1] != self.program.name

    def _stays(self) -> set[str]:
        """URNs of what the program itself says is not deleted."""
        graphs = [recording.symbolic for recording in self.recordings if recording.symbolic is not None]
        return {
            node.urn for graph in graphs for node in graph if node.retain_on_delete or node.options.get("deletedWith")
        }

    def _deployment(self) -> Mapping[str, Any]:
        outcome = self.place.run(["stack", "export", "--stack", self.request.stack])
        found: Mapping[str, Any] = json.loads(outcome.stdout)["deployment"]
        return found

    def _states(self) -> list[dict[str, Any]]:
        return list(self._deployment().get("resources") or ())

    def _named(self, words: str, among: frozenset[str]) -> str:
        """The URN that a URN or a name means; empty where it is not among these."""
        return next((own for own in sorted(among) if words in (own, urns.name(own))), "")

    def _chosen(self) -> str:
        """The resource that is to fail: the one asked for, else one half-way through what was made."""
        if self.request.fail:
            return self._named(self.request.fail, frozenset(self.created))
        return self.created[len(self.created) // 2] if self.created else ""


def _check_name(code: str, words: str, recordings: list[Recording]) -> None:
    graphs = [recording.symbolic for recording in recordings if recording.symbolic is not None]
    own = {node.urn for graph in graphs for node in graph if node.custom and node.package != "pulumi"}
    names = sorted({urns.name(each) for each in own})
    if not words or not graphs or words in own or words in names:
        return
    message = f"the program makes nothing named {words!r}{did_you_mean(words, names)}"
    raise BadInput(code, message, f"name one of {', '.join(names)}")


def _type(own: str) -> str:
    return urns.qualified_type(own).rpartition("$")[2]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 160 else f"{text[:157]}..."
