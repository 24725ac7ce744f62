"""``aiinfra catalogue``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, failed, json_option, show
from aiinfra.errors import Exit

_added = click.option(
    "--catalogue", "added", type=click.Path(path_type=Path), help="Your figures, added to the shipped."
)
_as_of = click.option("--as-of", default="", help="Day that ages of figures are against.  [default: today]")


@click.group()
def command() -> None:
    """Look at the figures that estimates rest on: each has a source, a date and a confidence; unknown is a value."""


@command.command("list", epilog="Example: aiinfra catalogue list instances")
@click.argument("kind", default="accelerators")
@_added
@_as_of
@json_option
def list_(*, kind: str, added: Path | None, as_of: str, as_json: bool) -> Exit:
    """List KIND: accelerators, hosts, instances, regions, services or sources."""
    from aiinfra.catalogue.additions import read_or_shipped
    from aiinfra.catalogue.listing import check as check_catalogue
    from aiinfra.catalogue.listing import listing
    from aiinfra.estimate.read import day

    found, today = read_or_shipped(added), day(as_of)
    text, old = listing(found, kind), len(check_catalogue(found, today))
    if as_json:
        head, *rows = [line for line in text.splitlines() if line]
        emit(
            "catalogue-list",
            {"kind": kind, "names": [row.split()[0] for row in rows], "columns": head.split(), "old": old},
        )
    else:
        click.echo(text, nl=False)
        if old:
            click.echo(f"{old} sources are older than 180 days on {today}: aiinfra catalogue check names them")
    return Exit.DONE


@command.command("show", epilog="Example: aiinfra catalogue show jetson-orin-nano-super")
@click.argument("name")
@_added
@_as_of
@json_option
def show_(*, name: str, added: Path | None, as_of: str, as_json: bool) -> Exit:
    """Show one accelerator, instance, region or service: every figure with its source."""
    from aiinfra.catalogue.additions import read_or_shipped
    from aiinfra.catalogue.listing import entry, entry_text
    from aiinfra.estimate.read import day

    found = entry(read_or_shipped(added), name, day(as_of))
    if as_json:
        emit("catalogue-show", found)
    else:
        click.echo(entry_text(found), nl=False)
    return Exit.DONE


@command.command(epilog="Example: aiinfra catalogue diff catalogue.yaml")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", required=False, type=click.Path(path_type=Path))
@json_option
def diff(*, before: Path, after: Path | None, as_json: bool) -> Exit:
    """Show what one file of yours changes of the shipped catalogue, or what changes from one file to another."""
    from aiinfra.catalogue.additions import read, shipped
    from aiinfra.catalogue.listing import difference, difference_text

    pair = (shipped(), read(before)) if after is None else (read(before), read(after))
    found = difference(*pair)
    if as_json:
        emit("catalogue-diff", found)
    else:
        click.echo(difference_text(found), nl=False)
    return Exit.DONE


@command.command(epilog="Example: aiinfra catalogue check catalogue.yaml --as-of 2027-01-31")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@_as_of
@json_option
def check(*, file: Path | None, as_of: str, as_json: bool) -> Exit:
    """Check a file of yours (or what ships): it reads, every figure has a dated source, and which are old."""
    from aiinfra.catalogue.additions import read_or_shipped
    from aiinfra.catalogue.listing import check as check_catalogue
    from aiinfra.catalogue.listing import figures
    from aiinfra.estimate.read import day

    found = read_or_shipped(file)
    today = day(as_of)
    findings = check_catalogue(found, today, own=file is not None)
    known = [figure for figure in figures(found).values() if figure.known]
    if as_json:
        emit("catalogue-check", {"figures": len(figures(found)), "known": len(known), "as_of": str(today)}, findings)
    else:
        show(findings)
        click.echo(f"{len(figures(found))} figures, {len(known)} known, as of {today}")
    return failed(findings)


@command.command(epilog="Example: aiinfra catalogue add index.csv --to catalogue.yaml")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--to", "to", default="catalogue.yaml", show_default=True, type=click.Path(path_type=Path))
@click.option("--region", default="", help="Print where AWS publishes this region's prices; nothing is fetched.")
@json_option
def add(*, files: tuple[Path, ...], to: Path, region: str, as_json: bool) -> Exit:
    """Add AWS's prices to your catalogue file: FILES are offers of AWS's public price list (CSV or JSON), or what the
    AWS CLI answers of spot prices (describe-spot-price-history) or Capacity Blocks (describe-capacity-block-offerings).

    What the catalogue uses of each is kept in prices/ beside the catalogue file, which lists it under price_lists.
    """
    from aiinfra.catalogue import adding
    from aiinfra.errors import BadInput
    from aiinfra.estimate.read import day

    if bool(files) == bool(region):
        fix = "aiinfra catalogue add --region eu-central-1, then aiinfra catalogue add FILE ..."
        raise BadInput("files-or-region", "name files to add, or one region to be told where its files are", fix)
    if region:
        found = adding.addresses(region)
        if as_json:
            emit("catalogue-addresses", found)
            return Exit.DONE
        for offer, address in found.items():
            click.echo(f"curl -o {offer}.csv {address}")
        click.echo(f"aiinfra catalogue add {' '.join(f'{offer}.csv' for offer in found)}")
        return Exit.DONE
    kept = adding.add(files, to, day(""))
    if as_json:
        emit("catalogue-add", {"to": str(to), "kept": {item.file: item.figures for item in kept}})
        return Exit.DONE
    for item in kept:
        click.echo(f"{item.file}: {item.figures} prices")
    click.echo(f"listed in {to}; aiinfra catalogue diff {to} shows what changes")
    return Exit.DONE
