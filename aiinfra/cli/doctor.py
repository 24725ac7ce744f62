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
    from aiinfra.cli.output import emit
    from aiinfra.engine.doctor import examine, healthy

    items = examine()
    if as_json:
        emit("doctor", {"healthy": healthy(items), "items": [item.as_json() for item in items]})
        return Exit.DONE if healthy(items) else Exit.FAILED
    width = max(len(item.name) for item in items)
    for item in items:
        mark = "ok" if item.there else ("MISSING" if item.needed else "-")
        said = f"{item.found}: {item.purpose}" if item.there else f"{item.purpose}"
        click.echo(f"{mark:<8}{item.name:<{width}}  {said}")
        if not item.there:
            click.echo(f"{'':<8}{'':<{width}}  get it: {item.page}")
    return Exit.DONE if healthy(items) else Exit.FAILED
