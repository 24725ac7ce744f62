"""A rehearsal in a terminal."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aiinfra.engine.report import LeftBehind, Phase, Rehearsal
from aiinfra.graph import urn as urns

MOST: int = 12
"""Names that one line of the report lists; the rest is counted. ``--json`` has them all."""


def show(rehearsal: Rehearsal) -> RenderableType:
    """Phases as a table, then the order of creation, the longest chain, and what a failure leaves behind."""
    parts: list[RenderableType] = [
        Text(f"{rehearsal.project} / {rehearsal.stack}, Pulumi {rehearsal.version}, no cloud and no account"),
        _table(rehearsal),
    ]
    parts += [Text(line) for line in _lines(rehearsal)]
    return Group(*parts)


def _table(rehearsal: Rehearsal) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("phase", "as expected", "seconds", "resources"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for phase in rehearsal.phases:
        table.add_row(phase.name, "yes" if phase.ok else "NO", f"{phase.seconds:.1f}", _counts(phase))
    return table


def _counts(phase: Phase) -> str:
    return ", ".join(f"{count} {operation}" for operation, count in phase.counts.items()) or "-"


def _lines(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.created:
        yield ""
        yield f"created in this order ({len(rehearsal.created)}): {_names(rehearsal.created, ' > ')}"
    path = rehearsal.critical_path
    if path.urns:
        took = f", {path.seconds:g} s of it" if path.seconds else ""
        yield f"longest chain ({len(path.urns)} of {len(rehearsal.created)}{took}): {_names(path.urns, ' > ')}"
    for phase in rehearsal.phases:
        replaced = Counter(step.urn for step in phase.changes if step.operation == "replace")
        if replaced:
            yield f"replaced in {phase.name} ({len(replaced)}): {_names(tuple(replaced))}"
    if rehearsal.left_behind is not None:
        yield ""
        yield from _left(rehearsal.left_behind)


def _left(left: LeftBehind) -> Iterator[str]:
    yield f"when {urns.name(left.resource)} fails during {left.during}:" if left.resource else f"{left.during} failed:"
    if not left.done:
        yield "  nothing was made by then"
    for words, found in (
        ("done by then, and kept", tuple(urns.name(own) for own in left.done)),
        ("not done", tuple(urns.name(own) for own in left.undone)),
        ("begun, and unclear", tuple(urns.name(own) for own in left.pending)),
        ("there, but not in the state", left.strays),
    ):
        if found:
            yield f"  {words} ({len(found)}): {_listed(found)}"


def _names(found: tuple[str, ...], between: str = ", ") -> str:
    return _listed(tuple(urns.name(own) for own in found), between)


def _listed(names: tuple[str, ...], between: str = ", ") -> str:
    more = [f"and {len(names) - MOST} more"] if len(names) > MOST else []
    return between.join([*names[:MOST], *more])
