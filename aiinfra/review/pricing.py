"""The bill of a program on disk, and of two versions in their review."""

from pathlib import Path

from aiinfra.catalogue import additions
from aiinfra.errors import AiinfraError
from aiinfra.estimate.bill import Bill
from aiinfra.estimate.read import day
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.projects import collect_with_upstreams
from aiinfra.review.billing import bill_of, region_of, with_bills, without_bill
from aiinfra.review.credentials import mask_text
from aiinfra.review.document import Document
from aiinfra.review.last_look import masked
from aiinfra.review.versions import Version


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
