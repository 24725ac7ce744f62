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
        return Exit.DONE if only_print else _missing()
    found = locking.lock(deployment, wanted, using, plain_http=plain_http)
    if as_json:
        emit("images-lock", {name: image.model_dump(mode="json") for name, image in found.items()})
    for name, image in () if as_json else found.items():
        click.echo(f"locked {name}: {image.reference} ({', '.join(image.architectures)})")
    return Exit.DONE


@command.command(epilog="Example: aiinfra images mirror --to registry.internal/mirror")
@click.option("--to", required=True, metavar="HOST/PATH", help="Registry that the sites can reach.")
@_DEPLOYMENT
@_PLAIN
@_PRINT
@json_option
def mirror(*, to: str, deployment: Path, plain_http: bool, only_print: bool, as_json: bool) -> Exit:
    """Copy every locked image to another registry, byte by byte, and let images.lock name it there.

    Uses skopeo, or oras. Exit code 1 where neither is here: the commands to run by hand are printed.
    """
    import shlex

    from aiinfra.cli.output import console
    from aiinfra.release import images as locking

    found = locking.copies(deployment, to)
    using = locking.tool()
    if only_print or using is None:
        named = using or locking.Tool("skopeo")
        for one in found:
            click.echo(shlex.join(named.copy(one.source, one.target, plain_http=plain_http)))
        return Exit.DONE if only_print else _missing()
    console(stderr=True).print(f"copying {len(found)} image{'s' * (len(found) > 1)} with {using.name} ...")
    locking.mirror(deployment, found, using, plain_http=plain_http)
    if as_json:
        emit("images-mirror", {one.name: one.locked.reference for one in found})
    for one in () if as_json else found:
        click.echo(f"mirrored {one.name}: {one.locked.reference}")
    return Exit.DONE


def _missing() -> Exit:
    click.echo("neither skopeo nor oras is here, so nothing was done: the commands above do it elsewhere", err=True)
    return Exit.FAILED
