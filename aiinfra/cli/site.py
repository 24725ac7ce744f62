"""``aiinfra site``."""

from pathlib import Path

import click

from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(epilog="Example: aiinfra site deployment.yaml junction-12 | kubectl --context junction-12 apply -f -")
@click.argument("deployment", type=click.Path(path_type=Path))
@click.argument("name")
@click.option("--stack", default=MAIN_STACK, show_default=True, help="The stack the site belongs to.")
def command(deployment: Path, name: str, stack: str) -> Exit:
    """Print what one site that fetches its manifests is enrolled with: its class's source, and its own row.

    Nothing of any other site is in it. Applied again after the site's row changed, it changes the site.
    """
    from aiinfra.compiler.fleet import enrolment
    from aiinfra.spec.reading import load

    click.echo(enrolment(load(deployment, stack), name), nl=False)
    return Exit.DONE
