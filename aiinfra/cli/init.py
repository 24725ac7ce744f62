"""``aiinfra init``."""

from pathlib import Path

import click

from aiinfra.errors import Exit


@click.command(epilog="Example: aiinfra init --model vibration.onnx && aiinfra validate")
@click.option("--model", required=True, type=click.Path(path_type=Path), help="ONNX file to declare.")
@click.option("--name", help="Name of the deployment.  [default: the file's name]")
@click.option(
    "--out", default="deployment.yaml", show_default=True, type=click.Path(path_type=Path), help="File to write."
)
def command(model: Path, name: str | None, out: Path) -> Exit:
    """Write a starter declaration for a model, beside the model or wherever --out says.

    Reads the file's inputs, outputs and digest. Never overwrites: exit code 3 when the file is there already.
    """
    from aiinfra.model.starter import start

    start(model, out, name)
    click.echo(f"wrote {out}")
    click.echo("Next: set tags and sites, then")
    click.echo(f"  aiinfra validate {out}\n  aiinfra up {out} --local")
    return Exit.DONE
