"""``aiinfra review``."""

import sys
from pathlib import Path

import click

from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(
    epilog="Examples: aiinfra review infrastructure/; "
    "aiinfra review --base v1.2 --head v1.3 --format markdown --out review.md --fail-on replace:stateful"
)
@click.argument("program", default=".", type=click.Path(path_type=Path))
@click.option("--base", default="", metavar="REV", help="Compare with this revision. Default: where the branch began.")
@click.option("--head", default="worktree", show_default=True, metavar="REV", help="A revision, or the work tree.")
@click.option(
    "--against", type=click.Path(path_type=Path, exists=True), help="Compare with the program at this path instead."
)
@click.option(
    "--preview",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="Review what `pulumi preview --json` wrote to this file (- for standard input) instead of two versions.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="Compare the program with what `pulumi stack export` wrote to this file (- for standard input).",
)
@click.option("--stack", default=MAIN_STACK, show_default=True, help="The stack; its Pulumi.STACK.yaml is read.")
@click.option("--config", "settings", multiple=True, metavar="KEY=VALUE", help="A configuration value; repeatable.")
@click.option("--assume-config", is_flag=True, help="Run with stand-ins for configuration that is not set.")
@click.option("--project", default="", help="Of a declaration: the one project to review.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "markdown", "html", "json", "sarif", "gitlab"]),
    help="html: one page that needs nothing else; sarif: code scanning; gitlab: its code quality report. "
    "[default: terminal; of a file, by its ending]",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--full", is_flag=True, help="In the terminal: the whole difference, too.")
@click.option(
    "--out",
    "outs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file (.md, .html, .json, .sarif, .txt) instead of printing; repeatable.",
)
@click.option(
    "--fail-on",
    "gates",
    multiple=True,
    metavar="GATE",
    help="Exit with 1 on: replace:stateful, replace, delete, opening, blocked, at-once, cost>USD a month, watts>W. "
    "Repeatable.",
)
@click.option("--fresh", is_flag=True, help="Run revisions again whose graphs were kept from an earlier review.")
@click.option(
    "--libraries",
    type=click.Choice(["own", "same"]),
    default="own",
    show_default=True,
    help="own: where the two versions' requirements.txt differ, each runs with its own, installed once into the cache.",
)
@click.option("--python", default=sys.executable, metavar="PATH", help="The Python that runs both versions.")
def command(
    *,
    program: Path,
    base: str,
    head: str,
    against: Path | None,
    preview: Path | None,
    state: Path | None,
    stack: str,
    settings: tuple[str, ...],
    assume_config: bool,
    project: str,
    form: str | None,
    as_json: bool,
    full: bool,
    outs: tuple[Path, ...],
    gates: tuple[str, ...],
    fresh: bool,
    libraries: str,
    python: str,
) -> Exit:
    """Say what a change to PROGRAM would do: what it destroys, replaces and opens first, then the rest.

    Compares two versions of a Pulumi project, a Python program or a declaration, without an engine, a cloud or
    credentials. By default the work tree is compared with the commit where it left the default branch.
    Exit code 1: a gate fails.
    """
    from aiinfra.review.gates import check_gates, failing
    from aiinfra.review.given import review_preview, review_state
    from aiinfra.review.repository import WORKTREE
    from aiinfra.review.revisions import review_revisions
    from aiinfra.review.versions import Compared
    from aiinfra.review.writing import ENDINGS, written

    if against is not None and (base or head != WORKTREE):
        raise click.UsageError(
            "--against compares two paths; --base and --head compare revisions: use one or the other"
        )
    if len(outs) > 1 and (form or as_json):
        raise click.UsageError("several --out files are written by their endings: leave --format out")
    check_gates(gates)
    values = dict(setting.split("=", 1) for setting in settings if "=" in setting)
    if len(values) != len(settings):
        raise click.BadParameter("write KEY=VALUE", param_hint="--config")
    compared = Compared(
        program=program,
        base=base,
        head=head,
        stack=stack,
        project=project,
        python=python,
        against=against,
        config=values,
        assume_config=assume_config,
        keep=not fresh,
        own_libraries=libraries == "own",
    )
    given = preview or state
    if given is not None:
        if base or head != WORKTREE or against is not None or (preview and state):
            message = "--preview, --state, --against, and --base with --head: each says what to compare; use one"
            raise click.UsageError(message)
        text = sys.stdin.read() if str(given) == "-" else given.read_text(encoding="utf-8", errors="replace")
        name = "standard input" if str(given) == "-" else str(given)
        documents = [(review_preview if preview else review_state)(compared, text, name)]
    else:
        documents = review_revisions(compared, lambda words: click.echo(words, err=True))
    failed = list(dict.fromkeys(line for document in documents for line in failing(document, gates)))
    chosen = "json" if as_json else form
    for out in outs:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(written(documents, chosen or ENDINGS.get(out.suffix, "terminal"), full=full), encoding="utf-8")
    if not outs and chosen in (None, "terminal") and sys.stdout.isatty():
        from rich.console import Console

        from aiinfra.review.terminal import print_document

        for document in documents:
            print_document(document, Console(highlight=False), full=full)
    elif not outs:
        click.echo(written(documents, chosen or "terminal", full=full), nl=False)
    for line in failed:
        click.echo(f"gate failed: {line}", err=True)
    return Exit.FAILED if failed else Exit.DONE
