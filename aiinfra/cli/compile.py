"""``aiinfra compile``."""

from dataclasses import asdict
from pathlib import Path

import click

from aiinfra.cli.output import emit, failed, json_option, show
from aiinfra.errors import Exit


@click.command(epilog="Example: aiinfra compile deployment.yaml --out infra && cd infra/registry && pulumi preview")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write the projects into.")
@json_option
def command(deployment: Path, out: Path, as_json: bool) -> Exit:  # noqa: FBT001 - click passes flags by name
    """Write the Pulumi projects and box bundles of DEPLOYMENT (a file, or a folder that holds one).

    Compiling twice changes nothing. A file that a person edited is never overwritten: the new text goes to FILE.new,
    and the exit code is 3. Exit code 1: written, but something it needs before it can be applied is missing; or nothing
    was written, since an aim cannot be met or a cap is broken.
    """
    from aiinfra.check import check
    from aiinfra.compiler.gate import stops
    from aiinfra.compiler.rendering import render
    from aiinfra.compiler.writing import write
    from aiinfra.review.pricing import stops_whole
    from aiinfra.spec.reading import load

    declaration = load(deployment)
    findings = check(declaration)
    against = stops(declaration) or stops_whole(declaration)
    if against:
        if as_json:
            emit("compile", {"out": str(out)}, (*against, *findings))
        else:
            show((*against, *findings))
            click.echo("nothing was written: the declaration asks for what it cannot have", err=True)
        return Exit.FAILED
    written = write(render(declaration), out)
    code = Exit.REFUSED if written.kept else failed(findings)
    if as_json:
        emit("compile", {"out": str(out), **asdict(written)}, findings)
        return code
    for word, names in asdict(written).items():
        for name in names if word != "same" else ():
            click.echo(f"{word:<8}  {out / name}{'.new' if word == 'kept' else ''}")
    click.echo(f"{len(written.created) + len(written.updated)} written, {len(written.same)} as they were")
    if written.kept:
        click.echo("Edited files were kept: move what you need from FILE.new, then delete it.", err=True)
    show(findings)
    return code
