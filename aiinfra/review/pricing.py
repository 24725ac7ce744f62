"""The bill of a program on disk, and of two versions in their review."""

from collections.abc import Callable
from pathlib import Path

from aiinfra.catalogue import additions
from aiinfra.compiler.programs import programs
from aiinfra.compiler.projects import BUNDLES, Project, projects
from aiinfra.errors import AiinfraError
from aiinfra.estimate.bill import Bill
from aiinfra.estimate.estimate import Estimate
from aiinfra.estimate.read import Declared, day, read_declared
from aiinfra.estimate.whole import with_cloud
from aiinfra.findings import Finding, Severity
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.projects import collect_beside, collect_with_upstreams
from aiinfra.review.billing import bill_of, region_of, with_bills, without_bill
from aiinfra.review.credentials import mask_text
from aiinfra.review.document import Document
from aiinfra.review.last_look import masked
from aiinfra.review.versions import Version
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.objective import Scope
from aiinfra.spec.site import Place

Told = Callable[[str], None]
"""Told the name of what is recorded next."""


def priced(program: Path, stack: str, as_of: str, added: Path | None) -> Bill:
    """Record ``program`` without a cloud, and price what it registers.

    Prices of the user's come from ``added``, or from ``catalogue.yaml`` beside the program.

    Raises:
        BadInput: what reading the program, its configuration or the user's prices raises.
        AiinfraError: the program fails.
    """
    today = day(as_of)
    folder = program if program.is_dir() else program.parent
    catalogue = additions.read(added) if added is not None else additions.beside(folder)
    graph = collect_with_upstreams(
        program, stack=stack, mode=Mode.SYMBOLIC, collect=collect_in_subprocess, stand_ins=True
    )
    return bill_of(graph, catalogue, region_of(program, stack), today)


def whole(found: Estimate, declared: Declared, told: Told = lambda _name: None) -> Estimate:
    """The estimate of a declaration with the bill of every project that it compiles to and that AWS bills.

    The projects are compiled to a folder that is gone afterwards, and recorded without a cloud; ``told`` hears the name
    of each before. Projects of sites that are no cluster of AWS's hold nothing that it bills.

    Raises:
        AiinfraError: a project cannot be recorded.
    """
    declaration = declared.declaration
    wanted = [one.folder for one in projects(declaration) if _in_cloud(one)]
    if not wanted:
        return found
    with programs(declaration.file, declared.stack) as paths:
        chosen = {name: paths[name] for name in wanted if name in paths}
        graphs = collect_beside(
            chosen, stack=declared.stack, collect=collect_in_subprocess, told=told, stand_ins=True, assume_config=True
        )
        bills = {
            name: bill_of(graph, declared.catalogue, region_of(chosen[name], declared.stack), found.as_of)
            for name, graph in graphs.items()
        }
    return with_cloud(found, declared.deployment, declared.catalogue, bills)


def stops_whole(declaration: Declaration, as_of: str = "") -> tuple[Finding, ...]:
    """What stands against compiling where a cap counts the cost of the whole deployment, its projects' bill included.

    Nothing is recorded where no such cap is declared. It fails closed where the projects cannot be recorded.
    """
    found: dict[str, Finding] = {}
    for stack in declaration.stacks:
        declared = read_declared(declaration.file, stack, None)
        caps = declared.deployment.caps
        if caps.cost is None or caps.scope is not Scope.DEPLOYMENT or declared.deployment.cloud is None:
            continue
        try:
            findings = whole(declared.estimate(day(as_of)), declared).findings()
        except AiinfraError as error:
            message = f"deployment: cap {caps.cost}: what its projects bill cannot be told: {error.message}"
            findings = (Finding("cap-unknown", Severity.ERROR, message, path="caps.cost", remedy=error.remedy),)
        for finding in findings:
            if finding.severity is Severity.ERROR and finding.path == "caps.cost":
                found.setdefault(finding.message, finding)
    return tuple(found.values())


def _in_cloud(project: Project) -> bool:
    return project.kind not in BUNDLES and (
        project.site is None or project.site.runtime.on in (Place.EKS, Place.HYBRID)
    )


def billed(document: Document, as_of: str, *sides: tuple[Version, Graph | None]) -> Document:
    """The document with what the two graphs cost; a reason in its notes where that cannot be told."""
    bills: list[Bill | None] = []
    for program, graph in sides:
        if graph is None or program.path is None:
            bills.append(None)
            continue
        folder = program.path if program.path.is_dir() else program.path.parent
        compared = program.compared
        try:
            region = compared.config.get("aws:region") or region_of(program.path, compared.stack)
            bills.append(bill_of(graph, additions.beside(folder), region, day(as_of)))
        except AiinfraError as error:
            reason = mask_text(error.message.partition("\n")[0]).replace(f"{program.side.root}/", "")
            return without_bill(document, reason)
    return masked(with_bills(document, *bills))
