"""``aiinfra release push``, ``pull`` and ``history``: releases on their way, and at their site."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit

_FOLDER = click.Path(path_type=Path)


def _link_options(function: Callable[..., Exit]) -> Callable[..., Exit]:
    """How a registry is reached."""
    ca = click.option("--ca", type=_FOLDER, help="PEM file with the registry's certificate authority.")
    return click.option("--plain-http", is_flag=True, help="The registry has no TLS.")(ca(function))


@click.command(
    epilog="Example: aiinfra release push releases/line-vibration/4 registry.example.com/models/line-vibration:4"
)
@click.argument("release", type=_FOLDER)
@click.argument("dest")
@_link_options
@json_option
def push(release: Path, dest: str, *, plain_http: bool, ca: Path | None, as_json: bool) -> Exit:
    """Push a signed RELEASE folder to DEST: HOST/NAME[:TAG], an OCI layout oci:PATH[:TAG], or a folder ./PATH.

    Without TAG it is the release's version. Files that are at DEST already are not sent again.
    """
    from aiinfra.cli.output import bar
    from aiinfra.release.place import parse_place
    from aiinfra.release.transfer import push as push_release

    with bar("pushing") as progress:
        artifact = push_release(release, parse_place(dest), plain_http=plain_http, ca=ca, progress=progress)
    if as_json:
        emit("release-push", {"to": dest, "digest": artifact.digest, "bytes": artifact.size})
    else:
        click.echo(f"pushed {release} to {dest}: {artifact.digest}")
    return Exit.DONE


class _Quantity(click.ParamType[Any, Any]):
    """A quantity with its unit."""

    def __init__(self, kind: str) -> None:
        self.name = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse it."""
        from aiinfra import units

        try:
            return getattr(units, self.name.capitalize())(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(
    epilog="Example: aiinfra release pull registry.example.com/models/line-vibration:wave-1"
    " --config /etc/aiinfra/server.toml --soak '10 min' --max-p99 '20 ms'"
)
@click.argument("source", required=False)
@click.option("--class-file", type=_FOLDER, help="classes/CLASS.yaml instead of SOURCE: what this site's wave serves.")
@click.option("--site", default="", help="This site's name, which the class file's waves are told by.")
@click.option("--wave", type=click.IntRange(1), help="The site's wave, where its row names one.")
@click.option("--config", type=_FOLDER, help="The server's TOML: repository, signers, [watch] address.")
@click.option("--repository", type=_FOLDER, help="Model repository, instead of the configuration's.")
@click.option("--signer", "signers", multiple=True, type=_FOLDER, help="Public key, instead of the configuration's.")
@click.option("--watch", metavar="HOST:PORT", help="The running server's [watch] or plain metrics address.")
@click.option("--model", default="", help="The only model that may come.  [default: any that is signed]")
@click.option("--soak", type=_Quantity("duration"), help="How long a version is watched.  [default: 10 min]")
@click.option("--load", type=_Quantity("duration"), help="How long the server may take to serve it.  [default: 2 min]")
@click.option("--max-failed", type=_Quantity("share"), help="Part of the requests that may fail.  [default: 1 %]")
@click.option("--max-p99", type=_Quantity("duration"), help="Longest 99th percentile.  [default: not judged]")
@click.option("--again", is_flag=True, help="Take a release that was refused or rolled back here before.")
@click.option("--no-watch", is_flag=True, help="Make it current and end; --finish watches it.")
@click.option("--finish", is_flag=True, help="Only finish what an earlier run began. Uses no network.")
@click.option("--or-keep", is_flag=True, help="Where the link is down, exit 0 if there is a release to serve.")
@click.option("--first", is_flag=True, help="End at once where a release of --model is here as it was signed.")
@click.option(
    "--try-on-cpu", is_flag=True, help="Try it on the CPU: the server holds the accelerator, and tries it too."
)
@click.option("--window", metavar="CALENDAR", help="Stay, and run each time it opens, in UTC; as 'Sun *-*-* 02:00'.")
@click.option("--jitter", type=_Quantity("duration"), help="With --window: begin within this time after it opens.")
@_link_options
@json_option
def pull(source: str | None, *, as_json: bool, window: str | None, jitter: Any, **options: Any) -> Exit:
    """Bring this site to the release that SOURCE names: fetch, verify, try, serve, watch, keep or roll back.

    SOURCE is HOST/NAME:TAG, an OCI layout oci:PATH:TAG, or a folder ./PATH. One run, then it ends; killed at any point,
    the next run finishes. Exit code 1: the site serves what it served before, and says why.
    """
    import signal

    from aiinfra.cli.output import bar, console
    from aiinfra.rollout.command import repeat, run
    from aiinfra.units import Duration

    if window or os.getpid() == 1:  # which no signal ends by itself; to end in the middle is fine
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(Exit.DONE if window else Exit.FAILED))
    err = console(stderr=True)

    def say(text: str) -> None:
        err.print(text, markup=False)

    def told(outcome: Any) -> None:
        if as_json:
            emit("release-pull", outcome.as_json())
        else:
            click.echo(outcome.told())

    with bar("fetching") as progress:
        if window:
            repeat(
                source,
                window=window,
                jitter=jitter or Duration("0 s"),
                say=say,
                told=told,
                progress=progress,
                **options,
            )
        outcome = run(source, say=say, progress=progress, **options)
    told(outcome)
    return outcome.exit_code


@click.command(epilog="Example: aiinfra release history --repository /var/lib/aiinfra/models")
@click.option("--repository", required=True, type=_FOLDER, help="Model repository.")
@json_option
def history(repository: Path, *, as_json: bool) -> Exit:
    """Say what happened to releases at this site, oldest first: served, kept, refused, rolled back, and why."""
    from dataclasses import asdict

    from aiinfra.rollout.command import history as told

    entries = told(repository)
    if as_json:
        emit("release-history", [asdict(entry) for entry in entries])
    for entry in () if as_json else entries:
        click.echo(f"{entry.at}  {entry.model} {entry.version}  {entry.event}: {entry.why}")
    if not entries and not as_json:
        click.echo(f"nothing was pulled into {repository} yet")
    return Exit.DONE


@click.command(
    "sign-manifests",
    epilog="Example: aiinfra release sign-manifests registry.example.com/fleet/cabinet:current --key k.pem",
)
@click.argument("artifact")
@click.option("--key", required=True, type=_FOLDER, help="PEM file of an elliptic-curve private key, yours alone.")
@_link_options
@json_option
def sign_manifests(artifact: str, *, key: Path, plain_http: bool, ca: Path | None, as_json: bool) -> Exit:
    """Sign a class's manifests in their registry as cosign does: it is what Flux verifies before it applies them.

    A model's release has a signature of its own (release sign), which the server and pulls verify; Flux never sees it.
    """
    from aiinfra.release.flux import sign_artifact
    from aiinfra.release.place import parse_place

    digest = sign_artifact(parse_place(artifact), key, plain_http=plain_http, ca=ca)
    if as_json:
        emit("release-sign-manifests", {"artifact": artifact, "digest": digest})
    else:
        click.echo(f"signed {artifact}: {digest}")
    return Exit.DONE
