"""``aiinfra release``."""

from pathlib import Path

import click

from aiinfra.cli import release_fleet
from aiinfra.cli.output import emit, json_option
from aiinfra.cli.shipping import history, pull, push, sign_manifests
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
@json_option
def build(deployment: Path, out: Path, version: str, *, as_json: bool) -> Exit:
    """Write OUT/NAME/VERSION: model, goldens, release.json, model card, BOM; the same bytes every time. Not signed."""
    from aiinfra.release.build import build_release
    from aiinfra.release.declared import source_of
    from aiinfra.spec.reading import load

    source = source_of(load(deployment), version)
    folder = out / source.name / source.version
    manifest = build_release(source, folder)
    if as_json:
        release = manifest.model_dump(mode="json", by_alias=True)
        emit("release-build", {"folder": str(folder), "card": source.card is not None, "release": release})
        return Exit.DONE
    click.echo(f"wrote {folder}")
    click.echo(f"model: {manifest.digest}; goldens from: {manifest.golden.origin}")
    if source.card is None:
        click.echo("it has no model card: name one in model.card (purpose, metrics, oversight)", err=True)
    return Exit.DONE


@command.command(epilog="Example: aiinfra release sign releases/line-vibration/4 --key release.key")
@click.argument("folder", type=_FOLDER)
@click.option("--key", type=_FOLDER, help="PEM file of an elliptic-curve private key, yours alone.")
@click.option("--kms", metavar="KEY", help="Instead: a key in AWS KMS, by id, ARN or alias/NAME. Needs aiinfra[aws].")
@click.option("--certificate", type=_FOLDER, help="The key's certificate (PEM): sites then trust its authority.")
@click.option("--chain", multiple=True, type=_FOLDER, help="Certificates between it and the authority.")
@click.option("--public", type=_FOLDER, help="Also write the public key here, for the sites' signers.")
@json_option
def sign(
    folder: Path,
    *,
    key: Path | None,
    kms: str | None,
    certificate: Path | None,
    chain: tuple[Path, ...],
    public: Path | None,
    as_json: bool,
) -> Exit:
    """Sign every file of a release FOLDER (OpenSSF model signing); an earlier signature is replaced."""
    from aiinfra.release.signing import sign_release

    signature = sign_release(folder, key=key, kms=kms, certificate=certificate, chain=chain, public=public)
    if as_json:
        emit("release-sign", {"signature": str(signature)})
    else:
        click.echo(f"wrote {signature}")
    return Exit.DONE


@command.command(epilog="Example: aiinfra release verify releases/line-vibration/4 --signer release.pub")
@click.argument("folder", type=_FOLDER)
@click.option("--signer", "signers", multiple=True, required=True, type=_FOLDER, help="PEM: public key or authority.")
@json_option
def verify(folder: Path, *, signers: tuple[Path, ...], as_json: bool) -> Exit:
    """Check that FOLDER holds exactly what one of the signers signed, without a network. Exit code 1: it does not."""
    from aiinfra.release.verify import verify as verify_release

    verified = verify_release(folder, signers)
    manifest = verified.manifest
    if as_json:
        said = {"signer": verified.fingerprint, "holder": verified.holder}
        emit("release-verify", {**said, "release": manifest.model_dump(mode="json", by_alias=True)})
    else:
        by = f"by the key {verified.signer.name}"
        if verified.holder:
            by = f"by {verified.holder}, whose certificate comes from {verified.signer.name}"
        click.echo(f"{manifest.name} {manifest.version} was signed {by}; every file is what was signed")
        click.echo(f"model: {manifest.digest}")
    return Exit.DONE


for _shipping in (push, pull, history, sign_manifests):
    command.add_command(_shipping)
_WAVES = (release_fleet.start, release_fleet.promote, release_fleet.tag, release_fleet.gate, release_fleet.simulate)
for _wave in _WAVES:
    command.add_command(_wave)
