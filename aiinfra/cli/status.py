"""``aiinfra status``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit


@click.command(epilog="Example: aiinfra status deployment.yaml")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
@json_option
def command(deployment: Path, *, as_json: bool) -> Exit:
    """Say what aiinfra up --local runs for DEPLOYMENT (a file, or its folder).

    Exit code 0: it runs and is ready. 1: it is not up, is not ready, or ended without being asked to.
    """
    from dataclasses import asdict

    from aiinfra.local.control import overview

    found = overview(deployment)
    if as_json:
        emit("status", [asdict(item.instance) | {"ready": item.ready, "url": item.instance.url} for item in found])
    else:
        for item in found:
            words = "ready" if item.ready else "NOT ready"
            click.echo(f"{item.instance.name} is up at {item.instance.url} (pid {item.instance.pid}), {words}")
    return Exit.DONE if all(item.ready for item in found) else Exit.FAILED
