"""``aiinfra estimate``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiinfra.cli.output import emit, failed, json_option, show
from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK

if TYPE_CHECKING:
    from aiinfra.estimate.estimate import Estimate
    from aiinfra.estimate.read import Declared
    from aiinfra.findings import Finding


@click.command(epilog="Example: aiinfra estimate deployment.yaml --why")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
@click.option("--stack", default=MAIN_STACK, show_default=True, help="Which environment's view to estimate.")
@click.option("--as-of", default="", help="Day that ages of figures are against.  [default: today]")
@click.option("--catalogue", "added", type=click.Path(path_type=Path), help="Your figures.  [default: catalogue.yaml]")
@click.option("--why", is_flag=True, help="Print what drives each range, and its sources.")
@click.option("--no-bill", is_flag=True, help="Leave out what its cloud projects bill: an answer in about a second.")
@click.option("--against", type=click.Path(path_type=Path), help="Published results (CSV) to compare estimates with.")
@click.option("--rows", is_flag=True, help="With --against: print every row, not only the groups.")
@click.option("--split", default="", help="With --against: only rows marked so, like holdout.")
@json_option
def command(
    *,
    deployment: Path,
    stack: str,
    as_of: str,
    added: Path | None,
    why: bool,
    no_bill: bool,
    against: Path | None,
    rows: bool,
    split: str,
    as_json: bool,
) -> Exit:
    """Say what DEPLOYMENT will answer, draw, cost and emit, and whether that meets its objective.

    The sites' figures come in about a second; then the projects that it compiles to for a cloud are recorded, which
    takes some seconds, and every resource they register is priced or named as not priced (--no-bill leaves that out).

    Of a Pulumi program (a project's folder or a Python file) it says what the resources it registers cost a month, and
    which have no price. Nothing is created and no cloud is asked.

    Exit code 0: nothing stands against it (aims may be unproven); 1: an aim cannot be met or a cap is broken.
    """
    if against is not None:
        return _against(against, added, split, rows=rows, as_json=as_json)
    from aiinfra.compiler.programs import is_declaration

    if deployment.exists() and not is_declaration(deployment):
        return _program(deployment, stack, as_of, added, as_json=as_json)
    from aiinfra.estimate.read import day, read_declared
    from aiinfra.estimate.report import data, parts_text, together_text
    from aiinfra.estimate.unused import unused

    declared = read_declared(deployment, stack, added)
    found = declared.estimate(day(as_of))
    if not as_json:
        click.echo(parts_text(found, why=why), nl=False)
    unbilled: tuple[Finding, ...] = ()
    if not no_bill and declared.deployment.cloud is not None:
        found, unbilled = _with_bill(found, declared)
    told = (*unbilled, *unused(found, declared.catalogue, declared.digest))
    findings = (*found.findings(require_measured=declared.deployment.objective.require_measured), *told)
    if as_json:
        emit("estimate", data(found), findings)
        return failed(findings)
    click.echo(together_text(found), nl=False)
    show(finding for finding in findings if finding.severity.value == "error" or finding in told)
    return failed(findings)


def _with_bill(found: "Estimate", declared: "Declared") -> "tuple[Estimate, tuple[Finding, ...]]":
    """The estimate with the bill of its projects; as it was, and why, where they cannot be recorded."""
    from aiinfra.cli.output import console
    from aiinfra.errors import AiinfraError
    from aiinfra.findings import Finding, Severity
    from aiinfra.review.pricing import whole

    with console(stderr=True).status("compiling the projects ...") as status:
        try:
            return whole(found, declared, lambda name: status.update(f"recording what {name} registers ...")), ()
        except AiinfraError as error:
            said = error.message.partition("\n")[0]
            message = f"what its projects bill was not looked at: {said}"
            return found, (Finding("bill-not-made", Severity.WARNING, message, remedy=error.remedy),)


def _program(program: Path, stack: str, as_of: str, added: Path | None, *, as_json: bool) -> Exit:
    from aiinfra.estimate.bill import data, text
    from aiinfra.review.pricing import priced

    found = priced(program, stack, as_of, added)
    if as_json:
        emit("bill", data(found), ())
    else:
        click.echo(text(found, program.resolve().name), nl=False)
    return Exit.DONE


def _against(file: Path, added: Path | None, split: str, *, rows: bool, as_json: bool) -> Exit:
    from aiinfra.estimate.read import compare_file
    from aiinfra.estimate.report import against_rows, against_scores, against_text

    results, scores = compare_file(file, added, split)
    if as_json:
        emit("estimate-against", {"rows": against_rows(results), "scores": against_scores(scores)})
    else:
        click.echo(against_text(results, scores, rows=rows), nl=False)
    return Exit.DONE
