"""``aiinfra tiers``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(epilog="Example: aiinfra tiers deployment.yaml --by watts --picture tiers.svg")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
@click.option("--stack", default=MAIN_STACK, show_default=True, help="Which environment's view to choose for.")
@click.option("--class", "class_name", default="", help="Class of sites.  [default: all]")
@click.option("--by", default="cost", show_default=True, help="What is ranked by: cost, latency, watts or carbon.")
@click.option("--as-of", default="", help="Day that ages of figures are against.  [default: today]")
@click.option("--catalogue", "added", type=click.Path(path_type=Path), help="Your figures.  [default: catalogue.yaml]")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the trade-off to a .svg, .png or .html.")
@json_option
def command(
    *,
    deployment: Path,
    stack: str,
    class_name: str,
    by: str,
    as_of: str,
    added: Path | None,
    picture: Path | None,
    as_json: bool,
) -> Exit:
    """List the tiers that meet DEPLOYMENT's objective, best first, why each other fails, and what would prove it.

    Exit code 1 where no tier meets the objective of a class or could turn out to.
    """
    from aiinfra.estimate.read import choose
    from aiinfra.estimate.tiers import data, possible, text

    choices = choose(deployment, stack, as_of, added, class_name=class_name, by=by)
    if as_json:
        emit("tiers", [data(choice.class_name, choice.found, choice.as_of) for choice in choices])
    else:
        click.echo("\n".join(text(choice.class_name, choice.found, by, choice.as_of) for choice in choices), nl=False)
        if not choices:
            click.echo("the declaration has no sites: there is nothing to choose a tier for")
    if picture is not None:
        from aiinfra.estimate.draw import write

        for file in write(picture, choices):
            click.echo(f"wrote {file}", err=True)
    return Exit.DONE if all(possible(choice.found) for choice in choices) else Exit.FAILED
