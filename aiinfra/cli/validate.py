"""``aiinfra validate``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, failed, json_option, show
from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(epilog="Example: aiinfra validate deployment.yaml --stack staging")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
@click.option("--stack", default=MAIN_STACK, show_default=True, help="Which environment's view to check.")
@json_option
def command(deployment: Path, stack: str, as_json: bool) -> Exit:  # noqa: FBT001 - click passes flags by name
    """Check DEPLOYMENT (a file, or a folder that holds one): shape first, then everything it names.

    Prints every problem at once. Exit code 0: nothing wrong; 1: it reads, but something it needs is missing; 2: it
    cannot be read.
    """
    from aiinfra.check import check
    from aiinfra.spec.reading import load

    declaration = load(deployment, stack)
    findings = check(declaration)
    if as_json:
        emit("validate", declaration.deployment.plain(), findings)
        return failed(findings)
    show(findings)
    sites = sum(len(rows) for rows in declaration.rows.values())
    words = f"{declaration.file}: {declaration.deployment.name}, stack {stack}, {sites} site{'s' if sites != 1 else ''}"
    click.echo(f"{words}: {'valid' if not findings else f'{len(findings)} finding' + 's' * (len(findings) != 1)}")
    return failed(findings)
