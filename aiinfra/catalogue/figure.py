"""A figure: a number with its unit, its range, where it comes from and when that was written; or unknown."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from aiinfra.errors import BadInput

STALE_AFTER_DAYS = 180
"""Figures older than this, against the ``as_of`` of a command, are said to be old in every output."""


class Kind(StrEnum):
    """What a source is."""

    VENDOR = "vendor"
    """The maker's own document or repository."""
    MEASURED = "measured"
    """A published or own measurement."""
    THIRD_PARTY = "third-party"
    """Somebody else's page or data set."""
    DERIVED = "derived"
    """Arithmetic on other figures."""
    USER = "user"
    """A user's own file."""


class Confidence(StrEnum):
    """How far a figure can be trusted."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from. ``ships`` is false for sources that serve cross-checks only: no figure may name one."""

    name: str
    title: str
    date: date
    kind: Kind
    seen: str = "document"
    licence: str = ""
    ships: bool = True
    where: tuple[str, ...] = ()
    """Pages that were read, where the named document itself was out of reach."""

    def age_days(self, as_of: date) -> int:
        """Days between the source and ``as_of``; never negative."""
        return max((as_of - self.date).days, 0)

    def is_old(self, as_of: date) -> bool:
        """Older than ``STALE_AFTER_DAYS``."""
        return self.age_days(as_of) > STALE_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in ``unit`` within ``[low, high]``; ``value`` is ``None`` where nobody has published one."""

    value: float | None
    unit: str
    source: Source
    confidence: Confidence
    low: float | None = None
    high: float | None = None
    rate: Source | None = None
    """Where the exchange rate comes from, for a figure that was given in another currency."""

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.value is not None

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value; the value twice where no range is given.

        Raises:
            ValueError: the figure is unknown.
        """
        if self.value is None:
            raise ValueError(f"unknown figure ({self.source.title})")
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return low, high

    def __str__(self) -> str:
        return "unknown" if self.value is None else f"{self.value:g} {self.unit}".rstrip()


@cache
def sources() -> Mapping[str, Source]:
    """Every source the shipped data names, by name."""
    return read_sources(read_data("sources.toml"))


def read_sources(text: str) -> Mapping[str, Source]:
    """Read sources as the data file writes them.

    Raises:
        BadInput: ``source-unread`` for a source that nobody says to have read: neither the document nor pages that copy
            it.
    """
    table = tomllib.loads(text)
    for name, entry in table.items():
        if entry["seen"] != "document" and not (entry["seen"] == "copy" and entry.get("where")):
            reason = f"it was seen as {entry['seen']!r}, and no page that was read is named"
            raise BadInput(
                "source-unread", f"sources.{name}: {reason}", "name the pages under where, or drop its figures"
            )
    return {
        name: Source(
            name=name,
            title=entry["title"],
            date=entry["date"],
            kind=Kind(entry["kind"]),
            seen=entry["seen"],
            licence=entry.get("licence", ""),
            ships=entry.get("ships", True),
            where=tuple(entry.get("where", ())),
        )
        for name, entry in table.items()
    }


def read_data(name: str) -> str:
    """The text of one of the package's data files."""
    return (files("aiinfra.catalogue") / "data" / name).read_text(encoding="utf-8")


def unknown(unit: str) -> Figure:
    """A figure nobody has published."""
    return Figure(None, unit, sources()["not-published"], Confidence.LOW)


def figure(
    raw: Any, unit: str, source: str, confidence: str, *, where: str, known: Mapping[str, Source] | None = None
) -> Figure:
    """Read a figure as data files write it: a number, or ``{value, low, high, source, confidence}``.

    Raises:
        BadInput: ``figure-invalid`` where it is not a number, its range does not hold it, or its source is not one
            that ships.
    """
    known = sources() if known is None else known
    if raw is None:
        return Figure(None, unit, _source(source, known, where), Confidence(confidence))
    table = raw if isinstance(raw, Mapping) else {"value": raw}
    stray = set(table) - {"value", "low", "high", "source", "confidence"}
    if stray:
        raise _invalid(where, f"{', '.join(sorted(stray))} is not a key of a figure")
    value, low, high = (_number(table.get(key), where, key) for key in ("value", "low", "high"))
    if value is None:
        raise _invalid(where, "it has no value: leave the figure out where it is unknown")
    if (low is not None and low > value) or (high is not None and high < value):
        raise _invalid(where, f"its range [{low}, {high}] does not hold its value {value}")
    level = str(table.get("confidence", confidence))
    if level not in {item.value for item in Confidence}:
        raise _invalid(where, f"confidence {level!r} is not one of high, medium, low")
    origin = _source(str(table.get("source", source)), known, where)
    return Figure(value, unit, origin, Confidence(level), low, high)


def _number(raw: Any, where: str, key: str) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw) or raw < 0:
        raise _invalid(where, f"{key} {raw!r} is not a number of at least zero")
    return float(raw)


def _source(name: str, known: Mapping[str, Source], where: str) -> Source:
    if name not in known:
        raise _invalid(where, f"its source {name!r} is not listed under sources")
    if not known[name].ships:
        raise _invalid(where, f"its source {name!r} serves cross-checks only")
    return known[name]


def _invalid(where: str, reason: str) -> BadInput:
    return BadInput(
        "figure-invalid",
        f"{where}: {reason}",
        "write a number, or {value, low, high, source, confidence} with a source that may be shipped",
    )
