"""``aiinfra audit``: read the server's audit log back."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit


@click.group(epilog="Example: aiinfra audit verify audit.jsonl --key audit.pub")
def command() -> None:
    """The server's audit log."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="PEM public key that signed the checkpoints")
@json_option
def verify(file: Path, key: Path | None, as_json: bool) -> Exit:  # noqa: FBT001 - click passes flags by name
    """Check that no record of FILE, and of the full files set aside before it, was changed, removed or added.

    Exit code 0: unbroken; 1: broken, with the line; 2: it cannot be read.
    """
    from dataclasses import asdict

    from aiinfra.server.audit_verify import verify_audit

    found = verify_audit(file, key)
    if as_json:
        emit("audit", asdict(found), ())
    else:
        click.echo(
            f"{file}: unbroken; {found.records} records in {found.files} files, {found.checkpoints} checkpoints "
            f"({found.signed} signed)"
        )
        click.echo(f"  {found.unsealed} records after the last checkpoint; last hash {found.last}")
    return Exit.DONE
