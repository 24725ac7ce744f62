"""The document a review is: plain data, in the order it is read. Every output is written from it alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from aiinfra.findings import Finding

SPENDS: Final = "Spends money at once"
"""How a verdict begins where something is bought."""
MADE_UP: Final = ("invoke-stand-in", "config-assumed")
"""Findings about what a program was told instead of what a cloud, or the stack, would tell it."""


class Level(StrEnum):
    """How much attention a change asks for; the worst thing in it decides."""

    NOTHING = "nothing"
    SAFE = "safe"
    OPENS = "opens"
    REPLACES = "replaces"
    DESTROYS = "destroys"
    LOSES_DATA = "loses-data"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference. ``sign``: ``-``, ``+``, ``~`` or a blank; ``path`` empty for a statement."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Loss:
    """A resource that is destroyed or replaced, or may be."""

    name: str
    kind: str
    action: str
    """``destroyed``, ``replaced`` or ``may be replaced``."""
    property: str
    """What forces it; empty for a deletion."""
    cause: str
    data: str
    """What is lost, in a few words."""
    stateful: bool
    downtime: str
    protected: str
    source: str = ""
    where: str = ""
    """How many like it, where several are folded into one: ``in each of 40 sites``."""
    count: int = 1
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody may newly reach or do something, or a safeguard goes."""

    name: str
    kind: str
    words: str
    finding: Finding
    where: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one resource inside a component, a statement each."""

    name: str
    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The rest of the changes, by component; identical components share one group."""

    title: str
    count: int
    members: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that no one knows before it is applied."""

    name: str
    kind: str
    path: str
    why: str
    may_replace: bool
    count: int = 1


@dataclass(frozen=True, slots=True)
class Detail:
    """The whole difference of one resource."""

    name: str
    kind: str
    action: str
    lines: tuple[Line, ...]
    source: str = ""
    where: str = ""
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """An estimated number in words. ``most``: the upper end of its range in its unit; None where it is not known."""

    text: str
    most: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """What a class of sites, or everything together, costs, draws, answers or emits: before and after."""

    name: str
    words: str
    before: Amount
    after: Amount

    @property
    def changed(self) -> bool:
        """Whether the two sides read differently."""
        return self.before.text != self.after.text


@dataclass(frozen=True, slots=True)
class Box:
    """One resource in the picture. ``column`` and ``row``: where it stands, from the top left."""

    name: str
    kind: str
    state: str
    """As counted: ``created``, ``replaced``, ...; ``unchanged`` for a neighbour."""
    column: int
    row: int
    where: str = ""
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What changes, and what it touches. ``links``: pairs of places in ``boxes``, the needed one first."""

    boxes: tuple[Box, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    left_out: int = 0
    """Changed resources for which there was no room."""


@dataclass(frozen=True, slots=True)
class Document:
    """A review."""

    title: str
    compared: str
    level: Level
    verdict: str
    counts: Mapping[str, int]
    losses: tuple[Loss, ...] = ()
    openings: tuple[Opening, ...] = ()
    figures: tuple[Figure, ...] = ()
    groups: tuple[Group, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    details: tuple[Detail, ...] = ()
    notes: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    findings: tuple[Finding, ...] = field(default=())
    """What collecting could not do as the engine would."""
    picture: Picture = field(default=Picture())

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings that are told one by one; the others are summed up in a note."""
        return tuple(finding for finding in self.findings if finding.id not in MADE_UP)

    def as_json(self) -> dict[str, Any]:
        """Plain data; the same words as the other outputs, with URNs."""
        data = asdict(self)
        del data["picture"]
        data["openings"] = [
            {**{key: value for key, value in asdict(each).items() if key != "finding"}, **each.finding.as_json()}
            for each in self.openings
        ]
        data["findings"] = [finding.as_json() for finding in self.findings]
        return data
