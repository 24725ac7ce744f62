"""The bill of a program on disk."""

from pathlib import Path

from aiinfra.catalogue import additions
from aiinfra.estimate.bill import Bill
from aiinfra.estimate.read import day
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.node import Mode
from aiinfra.graph.projects import collect_with_upstreams
from aiinfra.review.billing import bill_of, region_of


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
