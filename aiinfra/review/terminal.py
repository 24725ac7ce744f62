"""The review in a terminal: coloured there, plain when piped, as wide as the place it is printed in."""

from io import StringIO
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aiinfra.review.document import Detail, Document, Figure, Level, Loss
from aiinfra.review.tally import tally

_COLOUR: Final = {
    Level.NOTHING: "green",
    Level.SAFE: "green",
    Level.OPENS: "yellow",
    Level.REPLACES: "yellow",
    Level.DESTROYS: "red",
    Level.LOSES_DATA: "bold red",
    Level.BLOCKED: "bold red",
}
_SIGNS: Final = {"-": "red", "+": "green", "~": "yellow", " ": ""}


def print_document(document: Document, console: Console, *, full: bool = False) -> None:
    """Write the review to a console. ``full`` adds the whole difference of every resource."""
    if document.level is Level.NOTHING:
        _line(console, f"{document.title}: {document.verdict}", _COLOUR[document.level])
        return
    _line(console, document.title, "bold")
    if document.compared:
        _line(console, document.compared, "dim")
    _line(console, document.verdict, _COLOUR[document.level])
    if document.counts:
        _line(console, tally(document.counts))
    _losses(document, console)
    _openings(document, console)
    _figures(document, console)
    _groups(document, console)
    _unknowns(document, console)
    if full and document.details:
        _heading(console, "The whole difference")
        for detail in document.details:
            _detail(detail, console)
    _notes(document, console, full=full)


def to_text(document: Document, *, width: int = 100, full: bool = False) -> str:
    """The review as plain text."""
    file = StringIO()
    console = Console(file=file, width=width, color_system=None, highlight=False, legacy_windows=False)
    print_document(document, console, full=full)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    console.print(Padding(Text(text, style=style), (0, 0, 0, indent)), markup=False)


def _heading(console: Console, text: str) -> None:
    console.print()
    _line(console, text, "bold underline")


def _labels(console: Console, rows: list[tuple[str, str]], indent: int) -> None:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(Text(label), Text(text))
    console.print(Padding(grid, (0, 0, 0, indent)))


def _losses(document: Document, console: Console) -> None:
    if not document.losses:
        return
    _heading(console, "Destroyed and replaced")
    for row in document.losses:
        style = "yellow" if row.action.startswith("may") else "red"
        _line(console, headline(row), style, 2)
        told = [("why", why(row)), ("data lost", row.data), ("downtime", row.downtime), ("protected", row.protected)]
        _labels(console, [*told, *([("at", row.source)] if row.source else [])], 6)


def headline(row: Loss) -> str:
    """``data (S3 bucket) is replaced, in each of 40 sites``."""
    verb = row.action if row.action.startswith("may") else f"is {row.action}"
    return f"{row.name} ({row.kind}) {verb}" + (f", {row.where}" if row.where else "")


def why(row: Loss) -> str:
    """The property that forces it, and the cause."""
    if not row.property:
        return row.cause
    return f"{row.property} {row.cause}" if row.cause.startswith("comes from") else f"{row.property}; {row.cause}"


def _openings(document: Document, console: Console) -> None:
    if not document.openings:
        return
    _heading(console, "Opens")
    last = ""
    for item in document.openings:
        where = f", {item.where}" if item.where else ""
        name = f"{item.name} ({item.kind}){where}"
        if name != last:
            _line(console, name, "yellow", 2)
        last = name
        at = f"  [{item.finding.source}]" if item.finding.source else ""
        _line(console, f"{item.words}{at}", indent=6)


def _figures(document: Document, console: Console) -> None:
    if not document.figures:
        return
    _heading(console, "Cost, watts, latency, carbon")
    last = ""
    for figure in document.figures:
        if figure.name != last:
            _line(console, figure.name, "bold", 2)
        last = figure.name
        _line(console, f"{figure.words}: {difference(figure)}", "yellow" if figure.changed else "", 6)


def difference(figure: Figure) -> str:
    """``300 USD (240 to 380) → 420 USD (...)``; one side where nothing changes."""
    return f"{figure.before.text} → {figure.after.text}" if figure.changed else f"{figure.after.text}, as before"


def _groups(document: Document, console: Console) -> None:
    if not document.groups:
        return
    _heading(console, "The rest" if document.losses or document.openings else "What changes")
    for group in document.groups:
        _line(console, group.title + members(group.members), "bold", 2)
        for row in group.rows:
            name = f"{row.name} ({row.kind})" if row.kind else row.name
            if len(row.words) == 1:
                _line(console, f"{name}: {row.words[0]}", indent=6)
                continue
            _line(console, name, indent=6)
            for words in row.words:
                _line(console, words, indent=10)


def members(names: tuple[str, ...]) -> str:
    """``: line-01, line-02, ... line-40``; nothing for one."""
    if len(names) < 2:
        return ""
    shown = names if len(names) <= 4 else (*names[:2], "...", names[-1])
    return f": {', '.join(shown)}"


def _unknowns(document: Document, console: Console) -> None:
    if not document.unknowns:
        return
    _heading(console, "Not known until apply")
    rows = []
    for item in document.unknowns:
        name = f"{item.name} ({item.kind})" if item.kind else item.name
        tail = "; may replace it" if item.may_replace else ""
        rows.append(
            (name, f"{item.path}: {item.why}{tail}" if item.kind else f"{item.path} {_come(item.path, item.why)}")
        )
    _labels(console, rows, 2)


def _come(path: str, why_: str) -> str:
    return why_ if path.startswith("1 ") else why_.replace("comes from", "come from")


def _detail(detail: Detail, console: Console) -> None:
    kind = f" ({detail.kind})" if detail.kind else ""
    where = f", {detail.where}" if detail.where else ""
    source = f"  [{detail.source}]" if detail.source else ""
    _line(console, f"{detail.name}{kind} {detail.action}{where}{source}", "bold", 2)
    for line in detail.lines:
        _line(console, f"{line.sign} {line.text}", _SIGNS.get(line.sign, ""), 4)


def _notes(document: Document, console: Console, *, full: bool) -> None:
    console.print()
    if document.details and not full:
        _line(console, "Add --full for the whole difference.", "dim")
    for note in (*document.notes, *(finding.message for finding in document.told)):
        _line(console, note, "dim")
