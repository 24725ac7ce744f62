"""``aiinfra images``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit

_DEPLOYMENT = click.option(
    "--deployment", default=".", type=click.Path(path_type=Path), help="Declaration or its folder."
)
_PLAIN = click.option("--plain-http", is_flag=True, help="The registry has no TLS.")
_PRINT = click.option("--print", "only_print", is_flag=True, help="Print the commands; run nothing.")


@click.group(epilog="Example: aiinfra images lock aiinfra-server=registry.example.com/aiinfra/server:0.1")
def command() -> None:
    """Pin container images by digest, and copy them to where a closed network can reach them."""


@command.command(epilog="Example: aiinfra images lock aiinfra-server=registry.example.com/aiinfra/server:0.1")
@click.argument("images", nargs=-1, required=True, metavar="NAME=HOST/NAME:TAG...")
@_DEPLOYMENT
@_PLAIN
@_PRINT
@json_option
def lock(*, images: tuple[str, ...], deployment: Path, plain_http: bool, only_print: bool, as_json: bool) -> Exit:
    """Write what each image is now, by digest and architecture, into images.lock beside the declaration.

    Uses skopeo, or oras. Exit code 1 where neither is here: the commands to run by hand are printed.
    """
    from aiinfra.release import images as locking

    wanted = locking.wanted(images)
    using = locking.tool()
    if only_print or using is None:
        click.echo("\n".join(locking.commands_of_lock(wanted, plain_http=plain_http)))
        return Exit.DONE if only_print else _missing("skopeo and oras are")
    found = locking.lock(deployment, wanted, using, plain_http=plain_http)
    if as_json:
        emit("images-lock", {name: image.model_dump(mode="json") for name, image in found.items()})
    for name, image in () if as_json else found.items():
        click.echo(f"locked {name}: {image.reference} ({', '.join(image.architectures)})")
    return Exit.DONE


@command.command(epilog="Example: aiinfra images mirror --to registry.internal/mirror")
@click.option("--to", required=True, metavar="HOST/PATH", help="Registry that the sites can reach.")
@click.option(
    "--by-name", is_flag=True, help="Name repositories as images.lock does, as the registry project makes them."
)
@_DEPLOYMENT
@_PLAIN
@_PRINT
@json_option
def mirror(*, to: str, by_name: bool, deployment: Path, plain_http: bool, only_print: bool, as_json: bool) -> Exit:
    """Copy images and charts to another registry, byte by byte, and let images.lock name them there.

    All that is locked, and the charts and images of operators that the declaration needs and nobody locked yet. Uses
    skopeo, or oras; helm for charts that are in no registry, with --by-name oras too. Exit code 1 where one is not
    here: the commands to run by hand are printed.
    """
    from aiinfra.cli.output import console
    from aiinfra.release import images as locking
    from aiinfra.release.mirroring import mirror as copy
    from aiinfra.release.mirroring import plan

    using = locking.tool()
    made = plan(deployment, to, using or locking.Tool("skopeo"), by_name=by_name, plain_http=plain_http)
    for name in made.unknown:
        click.echo(
            f"{name} is needed and not locked: build or choose it, and run aiinfra images lock {name}=...", err=True
        )
    if only_print or using is None or made.missing:
        click.echo("\n".join(made.lines))
        told = f"{' and '.join(made.missing)} {'are' if len(made.missing) > 1 else 'is'}"
        return Exit.DONE if only_print else _missing(told)
    console(stderr=True).print(f"copying {len(made.copies)} with {using.name} ...")
    found = copy(deployment, made, using, plain_http=plain_http)
    if as_json:
        emit("images-mirror", {name: image.reference for name, image in found.items()})
    for name, image in () if as_json else found.items():
        click.echo(f"mirrored {name}: {image.reference}")
    return Exit.DONE


def _missing(programs: str) -> Exit:
    click.echo(f"{programs} not here, so nothing was done: the commands above do it elsewhere", err=True)
    return Exit.FAILED
