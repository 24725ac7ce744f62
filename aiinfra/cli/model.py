"""``aiinfra model``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option, show
from aiinfra.errors import Exit


@click.group(name="model", epilog="Example: aiinfra model inspect deployment.yaml --write")
def command() -> None:
    """Say what a model file holds, and keep it beside the declaration."""


@command.command(name="inspect", epilog="Example: aiinfra model inspect deployment.yaml --write")
@click.argument("target", metavar="FILE|DEPLOYMENT", default=".", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Write MODEL.facts.json, and digest, inputs and outputs in DEPLOYMENT.")
@click.option(
    "--shape", "shapes", multiple=True, metavar="INPUT=1x16", help="Whole shape of an input, to count its work."
)
@json_option
def inspect(target: Path, *, write: bool, shapes: tuple[str, ...], as_json: bool) -> Exit:
    """Print what an ONNX file says of itself: tensors, operators, parameters, work, memory. Runs nothing.

    Given a declaration, reads the model that it names. Comments and order of the declaration stay as they are.
    """
    from aiinfra.model.inspecting import inspect as read
    from aiinfra.model.show import lines

    inspected = read(target, shapes)
    findings = inspected.facts.findings()
    written = inspected.write() if write else None
    if as_json:
        emit("model-inspect", inspected.facts.model_dump(mode="json", by_alias=True), findings)
        return Exit.DONE
    for line in lines(inspected.facts):
        click.echo(line)
    show(findings)
    if written is not None:
        click.echo(f"wrote {written[0]}")
        if inspected.declaration is not None:
            said = f"wrote {', '.join(written[1])} in" if written[1] else "nothing to change in"
            click.echo(f"{said} {inspected.declaration}")
    return Exit.DONE
