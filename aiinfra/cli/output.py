"""How commands print: findings for people, or one JSON envelope for machines."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console

from aiinfra import __version__
from aiinfra.errors import AiinfraError, BadInput, Exit
from aiinfra.findings import Finding, Severity

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


def console(*, stderr: bool = False) -> Console:
    """A rich console that wraps at the terminal's width and prints plain text when piped."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def envelope(command: str, data: Any, findings: Iterable[Finding] = ()) -> str:
    """``{schema, tool, version, data, findings}``: what every ``--json`` prints."""
    document = {
        "schema": f"aiinfra.{command}/1",
        "tool": "aiinfra",
        "version": __version__,
        "data": data,
        "findings": [finding.as_json() for finding in findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def emit(command: str, data: Any, findings: Iterable[Finding] = ()) -> None:
    """Print the JSON envelope on standard output."""
    click.echo(envelope(command, data, findings))


def show(findings: Iterable[Finding]) -> None:
    """Print findings on standard error, most serious first, coloured on a terminal."""
    err = console(stderr=True)
    colour = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
    for finding in sorted(findings, key=lambda f: f.sort_key):
        err.print(finding.render(), style=colour[finding.severity], markup=False)


def failed(findings: Iterable[Finding]) -> Exit:
    """``FAILED`` where a finding is an error, else ``DONE``."""
    return Exit.FAILED if any(f.severity is Severity.ERROR for f in findings) else Exit.DONE


def error_envelope(command: str, error: AiinfraError) -> str:
    """The envelope of a command that could not run: the error as findings, no data."""
    findings = (
        error.findings
        if isinstance(error, BadInput) and error.findings
        else (Finding(error.code, Severity.ERROR, error.message, remedy=error.remedy),)
    )
    return envelope(command, None, findings)


def _unseen(file: str, done: int, total: int) -> None:
    """Nobody watches."""


@contextmanager
def bar(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error, fed with (file, bytes done, bytes in all); nothing is shown without a terminal."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield _unseen
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=None)

        def told(file: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, description=f"{what} {file}".rstrip())

        yield told
