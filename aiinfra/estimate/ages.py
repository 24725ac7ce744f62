"""How old the sources behind some figures are: said in every output."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from aiinfra.catalogue.figure import Kind, Source
from aiinfra.estimate.value import Value
from aiinfra.estimate.verdict import Verdict

MOST: Final = 5
"""Sources named in one line; machines get all."""


def old_of(values: Iterable[Value | Verdict], as_of: date) -> tuple[Source, ...]:
    """Sources of figures and of limits that are older than 180 days on ``as_of``, by name."""
    seen = {source.name: source for value in values for source in value.sources}
    return tuple(seen[name] for name in sorted(seen) if seen[name].is_old(as_of))


def told(old: Iterable[Source]) -> list[str]:
    """The line for a list of sources: the user's own first, then the oldest, cut if long; none where none is old."""
    found = sorted(old, key=lambda source: (source.kind is not Kind.USER, source.date, source.name))
    listed = "; ".join(f"{source.title} ({source.date.isoformat()})" for source in found[:MOST])
    more = f"; and {len(found) - MOST} more: aiinfra catalogue check" if len(found) > MOST else ""
    return [f"older than 180 days: {listed}{more}"] if found else []


def plain(old: Iterable[Source]) -> list[dict[str, Any]]:
    """Plain data for ``--json``."""
    return [{"title": source.title, "date": source.date.isoformat()} for source in old]
