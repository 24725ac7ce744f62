"""``aiinfra schema``."""

from pathlib import Path

import click

from aiinfra.errors import Exit


@click.command(epilog="Example: aiinfra schema --out deployment.schema.json")
@click.option(
    "--of",
    type=click.Choice(["deployment", "review"]),
    default="deployment",
    show_default=True,
    help="deployment: what a declaration may hold; review: what `aiinfra review --json` prints.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write instead of standard output."
)
def command(of: str, out: Path | None) -> Exit:
    """Print the JSON Schema of a declaration, or of a review.

    An editor with a YAML language server completes and checks a declaration whose first line is
    ``# yaml-language-server: $schema=deployment.schema.json``.
    """
    if of == "review":
        from aiinfra.review.schema import schema_text
    else:
        from aiinfra.spec.schema import schema_text

    text = schema_text()
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"wrote {out}")
    return Exit.DONE
