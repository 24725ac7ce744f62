"""``aiinfra release class|promote|gate|simulate``: the waves of a class."""

from pathlib import Path
from typing import Any

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit

_PATH = click.Path(path_type=Path)
_CLASS = click.option("--class", "class_name", required=True, help="Class of sites: classes/CLASS.yaml is its file.")


@click.command(
    "class",
    epilog="Example: aiinfra release class press-line --uri oci://registry.example.com/releases/line-vibration "
    "--signer release.pub --version 4 --digest sha256:...",
)
@click.argument("class_name", metavar="CLASS")
@click.argument("deployment", default=".", type=_PATH)
@click.option("--uri", required=True, help="Where releases are: oci://HOST/NAME, or a folder.")
@click.option("--signer", required=True, type=_PATH, help="PEM file of the public key that releases are signed with.")
@click.option("--version", required=True, help="Version that every wave begins with.")
@click.option("--digest", required=True, help="Its artifact, as `release push` printed it.")
@click.option("--waves", default=3, show_default=True, type=click.IntRange(1, 100), help="How many waves.")
def start(*, class_name: str, deployment: Path, uri: str, signer: Path, version: str, digest: str, waves: int) -> Exit:
    """Write classes/CLASS.yaml beside DEPLOYMENT: its waves, and a gate to begin with."""
    from aiinfra.release.class_files import start_class

    written = start_class(deployment, class_name, uri, signer, (version, digest), waves=waves)
    click.echo(f"wrote {written}: {waves} waves of version {version}; commit it")
    return Exit.DONE


@click.command(epilog="Example: aiinfra release promote 5 --class press-line --wave 2")
@click.argument("version")
@click.argument("deployment", default=".", type=_PATH)
@_CLASS
@click.option("--wave", required=True, type=click.IntRange(1), help="Waves 1 to this one get the version.")
@click.option("--digest", default="", help="The artifact, where the class file does not know the version yet.")
@click.option("--skip-waves", is_flag=True, help="Let a wave get what the wave before it has not tried.")
@json_option
def promote(
    *, version: str, deployment: Path, class_name: str, wave: int, digest: str, skip_waves: bool, as_json: bool
) -> Exit:
    """Let the first waves of a class serve VERSION: edits classes/CLASS.yaml beside DEPLOYMENT, for you to commit.

    The same command with an older version is the rollback, in one step for all waves that it names.
    """
    from aiinfra.release.class_files import class_file, sites_of_waves
    from aiinfra.release.promote import promote as promote_release

    file = class_file(deployment, class_name)
    done = promote_release(file, version, wave, digest, skip_waves=skip_waves)
    sites = sites_of_waves(deployment, class_name)
    if as_json:
        waves = [{"wave": n, "before": was, "sites": sites.get(n)} for n, was in done.before.items()]
        data = {"file": str(file), "class": class_name, "version": version, "digest": done.digest, "waves": waves}
        emit("release-promote", data)
        return Exit.DONE
    for number, was in done.before.items():
        count = f" ({sites[number]:,} of {sum(sites.values()):,} sites)" if sites else ""
        click.echo(f"wave {number}: {was} -> {version}{count}")
        if sites and not sites[number]:
            click.echo(f"warning: no site is in wave {number}; write `wave: {number}` into a row", err=True)
    if done.before:
        click.echo(f"commit it: git commit -m '{class_name}: version {version} to wave {wave}' {file}")
    else:
        click.echo(f"{file} says so already")
    return Exit.DONE


@click.command(epilog="Example: aiinfra release tag --class press-line")
@click.argument("deployment", default=".", type=_PATH)
@_CLASS
@click.option("--ca", type=_PATH, help="PEM file with the registry's certificate authority.")
@click.option("--plain-http", is_flag=True, help="The registry has no TLS.")
@json_option
def tag(*, deployment: Path, class_name: str, ca: Path | None, plain_http: bool, as_json: bool) -> Exit:
    """Point the tag CLASS-wave-N at what the class file says for each wave; a pipeline runs it after the merge."""
    from aiinfra.release.class_files import class_file
    from aiinfra.release.tag import tag_waves
    from aiinfra.spec.class_file import read_class

    told = read_class(class_file(deployment, class_name))
    tags = tag_waves(told, class_name, plain_http=plain_http, ca=ca)
    if as_json:
        emit("release-tag", {"uri": told.uri, "tags": dict(tags)})
    for name, version in () if as_json else tags:
        click.echo(f"{told.uri}:{name} is version {version}")
    return Exit.DONE


@click.command(
    epilog="Example: aiinfra release gate --class press-line --wave 1 --prometheus https://metrics.example.com"
)
@click.argument("deployment", default=".", type=_PATH)
@_CLASS
@click.option("--wave", required=True, type=click.IntRange(1), help="Wave whose version is asked about.")
@click.option("--prometheus", default="", help="Address of a Prometheus server, or of what speaks its HTTP API.")
@click.option("--token-file", type=_PATH, help="File with the bearer token to show it.")
@click.option("--metrics", multiple=True, type=_PATH, help="File of metrics as text instead; may be given again.")
@json_option
def gate(
    *,
    deployment: Path,
    class_name: str,
    wave: int,
    prometheus: str,
    token_file: Path | None,
    metrics: tuple[Path, ...],
    as_json: bool,
) -> Exit:
    """Say whether a wave's version may go on to the next: every condition of the class file's gate must be met.

    Exit code 1 where one is not met, or its answer is empty, unknown, or not one number.
    """
    from aiinfra.release.class_files import class_file
    from aiinfra.release.gate import ask_of
    from aiinfra.release.gate import gate as ask_gate
    from aiinfra.spec.class_file import read_class

    told = read_class(class_file(deployment, class_name))
    answers = ask_gate(told, class_name, wave, ask_of(prometheus, token_file, metrics))
    met = all(answer.met for answer in answers)
    version = told.waves[wave].version
    if as_json:
        data = {"class": class_name, "wave": wave, "version": version, "open": met}
        emit("release-gate", {**data, "conditions": [answer.as_json() for answer in answers]})
    else:
        for answer in answers:
            value = "no answer" if answer.value is None else f"{answer.value:g}"
            line = f"{'ok  ' if answer.met else 'SHUT'} {answer.name}: {value}, wanted {answer.wanted}"
            click.echo(line if answer.met or answer.value is not None else f"{line} ({answer.why})")
        click.echo(f"the gate is {'open' if met else 'shut'} for version {version} after wave {wave}")
    return Exit.DONE if met else Exit.FAILED


@click.command(epilog="Example: aiinfra release simulate --waves '1 %, 10 %' --misbehaves '5 %' --picture exposure.svg")
@click.option("--sites", default=100_000, show_default=True, type=int, help="How many sites.")
@click.option("--waves", default="1 %, 9 %", show_default=True, help="Shares of all waves but the last.")
@click.option("--no-gate", is_flag=True, help="Nobody looks between waves.")
@click.option("--gate", "at_most", default="1 %", show_default=True, help="Failed requests that shut the gate above.")
@click.option("--wait", default="24 h", show_default=True, help="From a promotion to its gate.")
@click.option("--misbehaves", default="30 %", show_default=True, help="Sites where the release misbehaves.")
@click.option("--fails", default="20 %", show_default=True, help="Requests that fail there.")
@click.option("--golden-catch", default="50 %", show_default=True, help="Of those sites, refused by golden inputs.")
@click.option("--soak-catch", default="20 %", show_default=True, help="Of the rest, rolled back by the site itself.")
@click.option("--every", default="10 min", show_default=True, help="How often a site looks.")
@click.option("--offline", default="2 %", show_default=True, help="Sites whose link is down at any time.")
@click.option("--outage", default="24 h", show_default=True, help="Mean time until a link is back.")
@click.option("--link", default=10.0, show_default=True, help="Median Mbit/s of a link.")
@click.option("--size", default="50 MiB", show_default=True, help="Size of the release.")
@click.option("--window", default="4 h", show_default=True, help="A site's maintenance window each day.")
@click.option("--skew", default="5 min", show_default=True, help="Standard deviation of clocks.")
@click.option("--requests", default=60.0, show_default=True, help="Requests an hour and site.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--picture", type=_PATH, help="Draw it to a .svg, .png or .html.")
@json_option
def simulate(*, picture: Path | None, as_json: bool, **options: Any) -> Exit:
    """Simulate a fleet that gets a bad release: how many sites see it before a gate stops it, waves or not."""
    from aiinfra.release import exposure
    from aiinfra.release.simulate import of_options

    found = of_options(**options)
    if as_json:
        emit("release-simulate", {"options": options, "plans": [one.as_json() for one in found]})
    else:
        click.echo(exposure.table(found), nl=False)
    if picture is not None:
        click.echo(f"wrote {exposure.write(picture, found)}", err=True)
    return Exit.DONE
