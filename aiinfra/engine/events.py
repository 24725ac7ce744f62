"""The engine's event log: what happened to which resource, in which order, and what was said."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiinfra.graph import urn as urns

_COLOUR = re.compile(r"<\{%.*?%\}>")

QUIET: Final = frozenset({"same", "read", "refresh", "read-discard", "discard"})
"""Operations that change nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the engine did, or would do, to a resource. ``failed``: it tried."""

    operation: str
    """As the engine names it: ``create``, ``update``, ``create-replacement``, ``delete-replaced``, ``same`` ..."""
    urn: str
    diffs: tuple[str, ...] = ()
    """Paths of the properties that differ."""
    failed: bool = False
    managed: bool = False
    """A provider makes it: neither a component, nor the stack, nor a provider itself."""


@dataclass(frozen=True, slots=True)
class Events:
    """One run of the engine."""

    steps: tuple[Step, ...]
    """In the order they were finished."""
    started: tuple[str, ...]
    """URNs, in the order the engine began with them."""
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    outputs: Mapping[str, Mapping[str, Any]]
    """URN of a component, or of the stack -> the outputs it registered, as they travelled."""

    @property
    def counts(self) -> dict[str, int]:
        """Operation -> how many resources, replacements counted once each way."""
        return dict(sorted(Counter(step.operation for step in self.steps if not step.failed).items()))

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.operation not in QUIET)

    def of(self, *operations: str) -> list[str]:
        """The URNs of managed resources that one of ``operations`` was done to, in order."""
        done = (step for step in self.steps if step.operation in operations and step.managed and not step.failed)
        return list(dict.fromkeys(step.urn for step in done))

    @property
    def touched(self) -> frozenset[str]:
        """The URNs of managed resources that something changes."""
        return frozenset(step.urn for step in self.changes if step.managed)


def is_default_provider(own: str) -> bool:
    """Whether a URN is that of a provider which the engine made by itself."""
    type_ = urns.qualified_type(own)
    return type_.startswith(urns.PROVIDER_PREFIX) and re.match(r"default(_|$)", urns.name(own)) is not None


def parse(text: str) -> list[dict[str, Any]]:
    """The events of a log; a last line that is not whole yet is left out."""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def read(events: Iterable[Mapping[str, Any]]) -> Events:
    """What a run did."""
    steps: list[Step] = []
    started: dict[str, None] = {}
    said: dict[str, dict[str, None]] = {"error": {}, "warning": {}}
    outputs: dict[str, Mapping[str, Any]] = {}
    for event in events:
        for key, step in _steps(event):
            if is_default_provider(step.urn):
                continue
            if key == "resourcePreEvent":
                started.setdefault(step.urn)
                continue
            steps.append(step)
            new = event[key]["metadata"].get("new") or {}
            if not new.get("custom", False) and new.get("outputs"):
                outputs[step.urn] = new["outputs"]
        diagnostic = event.get("diagnosticEvent")
        if diagnostic is not None and diagnostic.get("severity") in said:
            said[diagnostic["severity"]].setdefault(_plain(diagnostic["message"]))
    return Events(tuple(_once(steps)), tuple(started), tuple(said["error"]), tuple(said["warning"]), outputs)


def _steps(event: Mapping[str, Any]) -> Iterator[tuple[str, Step]]:
    for key in ("resourcePreEvent", "resOutputsEvent", "resOpFailedEvent"):
        if key in event:
            data = event[key]["metadata"]
            differing = tuple(sorted(data.get("detailedDiff") or data.get("diffs") or ()))
            custom = bool((data.get("new") or data.get("old") or {}).get("custom"))
            managed = custom and not data["type"].startswith("pulumi:")
            yield key, Step(data["op"], data["urn"], differing, key == "resOpFailedEvent", managed)


def _once(steps: list[Step]) -> Iterator[Step]:
    """A component reports twice: when it is registered, and when its outputs are."""
    seen: set[tuple[str, str]] = set()
    for step in steps:
        mark = (step.operation, step.urn)
        if mark not in seen:
            seen.add(mark)
            yield step


def _plain(message: str) -> str:
    return _COLOUR.sub("", message).strip()
