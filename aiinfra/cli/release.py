"""``aiinfra release``."""

from pathlib import Path

import click

from aiinfra.cli import release_fleet
from aiinfra.cli.output import emit, json_option
from aiinfra.cli.shipping import history, pull, push
from aiinfra.errors import Exit

_FOLDER = click.Path(path_type=Path)


@click.group(
    epilog="Example: aiinfra release build deployment.yaml && aiinfra release sign releases/NAME/1 --key k.pem"
)
def command() -> None:
    """Build, sign, verify and ship releases, wave by wave; bring a site to one, and say what happened there."""


@command.command(epilog="Example: aiinfra release build deployment.yaml --version 4")
@click.argument("deployment", default=".", type=_FOLDER)
@click.option("--out", default="releases", show_default=True, type=_FOLDER, help="Model repository to write into.")
@click.option("--version", default="", help="Version of the release.  [default: the declared one]")
def build(deployment: Path, out: Path, version: str) -> Exit:
    """Write OUT/NAME/VERSION: the model, its goldens and release.json, the same bytes every time. Not signed yet."""
    from aiinfra.release.build import build_release
    from aiinfra.release.declared import source_of
    from aiinfra.spec.reading import load

    source = source_of(load(deployment), version)
    folder = out / source.name / source.version
    manifest = build_release(source, folder)
    click.echo(f"wrote {folder}: {manifest.digest}, goldens from: {manifest.golden.origin}")
    return Exit.DONE


@command.command(epilog="Example: aiinfra release sign releases/line-vibration/4 --key release.key")
@click.argument("folder", type=_FOLDER)
@click.option("--key", required=True, type=_FOLDER, help="PEM file of an elliptic-curve private key, yours alone.")
def sign(folder: Path, key: Path) -> Exit:
    """Sign every file of a release FOLDER (OpenSSF model signing); an earlier signature is replaced."""
    from aiinfra.release.sign import sign as sign_release

    click.echo(f"wrote {sign_release(folder, key)}")
    return Exit.DONE


@command.command(epilog="Example: aiinfra release verify releases/line-vibration/4 --signer release.pub")
@click.argument("folder", type=_FOLDER)
@click.option("--signer", "signers", multiple=True, required=True, type=_FOLDER, help="PEM file of a public key.")
@json_option
def verify(folder: Path, *, signers: tuple[Path, ...], as_json: bool) -> Exit:
    """Check that FOLDER holds exactly what one of the signers signed, without a network. Exit code 1: it does not."""
    from aiinfra.release.verify import verify as verify_release

    verified = verify_release(folder, signers)
    manifest = verified.manifest
    if as_json:
        emit(
            "release-verify",
            {"signer": verified.fingerprint, "release": manifest.model_dump(mode="json", by_alias=True)},
        )
    else:
        click.echo(f"{manifest.name} {manifest.version} is as {verified.signer.name} signed it: {manifest.digest}")
    return Exit.DONE


for _shipping in (push, pull, history):
    command.add_command(_shipping)
_WAVES = (release_fleet.start, release_fleet.promote, release_fleet.tag, release_fleet.gate, release_fleet.simulate)
for _wave in _WAVES:
    command.add_command(_wave)
