"""``aiinfra down``."""

from pathlib import Path

import click

from aiinfra.errors import Exit


@click.command(epilog="Example: aiinfra down deployment.yaml")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
def command(deployment: Path) -> Exit:
    """Take down what aiinfra up --local runs for DEPLOYMENT (a file, or its folder).

    Requests that were taken are answered first. Exit code 0 also where nothing ran.
    """
    from aiinfra.local.control import down_all

    ended = down_all(deployment)
    for instance in ended:
        click.echo(f"{instance.name} is down")
    if not ended:
        click.echo("nothing was up")
    return Exit.DONE
