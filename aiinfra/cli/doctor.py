"""``aiinfra doctor``."""

from pathlib import Path

import click

from aiinfra.cli.output import json_option
from aiinfra.errors import Exit


@click.command(epilog="Examples: aiinfra doctor; aiinfra doctor --account deployment.yaml")
@click.option(
    "--account",
    type=click.Path(path_type=Path),
    metavar="DECLARATION",
    help="Ask the AWS account of a declaration for its zones, machines and quotas; write account.facts.json beside it.",
)
@json_option
def command(*, account: Path | None, as_json: bool) -> Exit:
    """Say what this machine has and lacks, with each vendor's install page.

    Ends with 0 where nothing that aiinfra needs for its own work is missing, and with 1 otherwise.

    With --account, the credentials that boto3 finds are used, to read only.
    """
    if account is not None:
        return _account(account, as_json=as_json)
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


def _account(path: Path, *, as_json: bool) -> Exit:
    from aiinfra.check.account import read_account_facts
    from aiinfra.cli.output import emit
    from aiinfra.engine.account import write_account_facts
    from aiinfra.spec.reading import load

    file = write_account_facts(load(path))
    facts = read_account_facts(file)
    quotas = facts is not None and facts.quotas is not None
    if as_json:
        emit("doctor", {"file": str(file), "quotas": quotas})
        return Exit.DONE
    click.echo(f"{file}: written. 'aiinfra validate' reads it from now on")
    if not quotas:
        click.echo("quotas are not in it: these credentials may not call servicequotas:ListServiceQuotas")
    return Exit.DONE
