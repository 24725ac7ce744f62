"""What a rehearsal found: plain data, for a terminal and for ``--json``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aiinfra.engine.critical_path import CriticalPath
from aiinfra.engine.events import Step
from aiinfra.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Phase:
    """One run of the engine. ``ok``: it ended as it should, which for a failure means that it failed."""

    name: str
    ok: bool
    seconds: float
    counts: Mapping[str, int]
    """Operation -> how many resources."""
    changes: tuple[Step, ...] = ()
    """What it did, or tried, in the order it was finished."""
    errors: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What there is after an apply that failed half-way."""

    resource: str
    """URN of the resource that was let fail."""
    during: str
    """``up`` or ``change``."""
    done: tuple[str, ...]
    """URNs of what was created, changed or deleted before."""
    undone: tuple[str, ...]
    """URNs of what was to be done and was not."""
    pending: tuple[str, ...]
    """URNs of operations that the state says were begun and not ended."""
    strays: tuple[str, ...]
    """Ids of what exists and the state does not know."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole of it."""

    project: str
    stack: str
    version: str
    """Of the Pulumi CLI."""
    phases: tuple[Phase, ...]
    created: tuple[str, ...]
    """URNs in the order the first apply finished them, components and providers left out."""
    critical_path: CriticalPath
    left_behind: LeftBehind | None
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found that a person must mend."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Plain data; findings stand apart, as in every command's output."""
        return {
            "project": self.project,
            "stack": self.stack,
            "pulumi": self.version,
            "ok": self.ok,
            "phases": [phase.as_json() for phase in self.phases],
            "created": list(self.created),
            "critical_path": {"urns": list(self.critical_path.urns), "seconds": self.critical_path.seconds},
            "left_behind": None if self.left_behind is None else asdict(self.left_behind),
        }
