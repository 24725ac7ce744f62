"""``aiinfra dashboards``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(epilog="Example: aiinfra dashboards deployment.yaml --out dashboards")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write into.")
@click.option("--stack", default=MAIN_STACK, show_default=True, help="The stack whose declaration is read.")
@json_option
def command(deployment: Path, out: Path, stack: str, as_json: bool) -> Exit:  # noqa: FBT001 - click passes flags by name
    """Write the dashboards of DEPLOYMENT's centre as Grafana takes them.

    They are training, inference, sites, energy, cost and security; those with nothing to show are left out. A site's
    own dashboards travel with the site.
    """
    from aiinfra.compiler.centre import dashboards, write
    from aiinfra.spec.reading import load

    made = write(dashboards(load(deployment, stack)), out)
    if as_json:
        emit("dashboards", {"files": [str(file) for file in made]})
    else:
        click.echo("\n".join(map(str, made)))
    return Exit.DONE
