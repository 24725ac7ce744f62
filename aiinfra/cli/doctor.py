"""``aiinfra doctor``."""

import click

from aiinfra.cli.output import json_option
from aiinfra.errors import Exit


@click.command(epilog="Example: aiinfra doctor")
@json_option
def command(*, as_json: bool) -> Exit:
    """Say what this machine has and lacks, with each vendor's install page.

    Ends with 0 where nothing that aiinfra needs for its own work is missing, and with 1 otherwise.
    """
    from rich.table import Table

    from aiinfra.cli.output import console, emit
    from aiinfra.engine.doctor import examine, healthy

    items = examine()
    if as_json:
        emit("doctor", {"healthy": healthy(items), "items": [item.as_json() for item in items]})
        return Exit.DONE if healthy(items) else Exit.FAILED
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found", "for"):
        table.add_column(heading, overflow="fold")
    for item in items:
        mark = "ok" if item.there else ("MISSING" if item.needed else "-")
        table.add_row(mark, item.name, item.found if item.there else f"install: {item.page}", item.purpose)
    console().print(table)
    return Exit.DONE if healthy(items) else Exit.FAILED
