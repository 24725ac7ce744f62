"""How old the sources behind some figures are: said in every output."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from aiinfra.catalogue.figure import Source
from aiinfra.estimate.value import Value

MOST: Final = 5
"""Sources named in one line; machines get all."""


def old_of(values: Iterable[Value], as_of: date) -> tuple[Source, ...]:
    """Sources of ``values`` that are older than 180 days on ``as_of``, by name."""
    seen = {source.name: source for value in values for source in value.sources}
    return tuple(seen[name] for name in sorted(seen) if seen[name].is_old(as_of))


def told(old: Iterable[Source]) -> list[str]:
    """One line a list of sources gets, the oldest first; none where none is old. A long list is cut."""
    found = sorted(old, key=lambda source: (source.date, source.name))
    listed = "; ".join(f"{source.title} ({source.date.isoformat()})" for source in found[:MOST])
    more = f"; and {len(found) - MOST} more: aiinfra catalogue check" if len(found) > MOST else ""
    return [f"older than 180 days: {listed}{more}"] if found else []


def plain(old: Iterable[Source]) -> list[dict[str, Any]]:
    """Plain data for ``--json``."""
    return [{"title": source.title, "date": source.date.isoformat()} for source in old]
