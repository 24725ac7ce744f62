"""What a program's resources cost, before and after: put into its document."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.estimate.bill import Bill, bill
from aiinfra.estimate.verdict import amount
from aiinfra.graph.node import Graph, Node
from aiinfra.graph.program import find
from aiinfra.review.document import SPENDS, Amount, Document, Figure, Level
from aiinfra.review.folding import plural
from aiinfra.tokens import TRAINING
from aiinfra.units import DataSize

_NONE: Final = Amount("not there", None)
_WORST: Final = tuple(Level)


def bill_of(graph: Graph, catalogue: Catalogue, region: str, as_of: date) -> Bill:
    """The bill of all that ``graph`` manages; ``region`` is that of resources without a provider of their own."""

    def where(resource: Any) -> str:
        return _region(graph, resource, region)

    managed = [node for node in graph if node.custom and not node.read]
    return bill(managed, catalogue, where, as_of, dict(_holds(graph)))


def _holds(graph: Graph) -> Iterator[tuple[str, float]]:
    """Name of a bucket -> GiB, of those whose size a training component declares."""
    for node in graph.of_type(TRAINING):
        for noun in ("datasets", "checkpoints"):
            size = node.inputs.get(noun)
            if isinstance(size, str):
                yield f"{node.name}-storage-{noun}-bucket", float(DataSize(size).bytes) / 2**30


def _region(graph: Graph, node: Node, default: str) -> str:
    own = node.inputs.get("region")
    if isinstance(own, str) and own:
        return own
    provider = graph.nodes.get(node.provider)
    found = provider.inputs.get("region") if provider is not None else default
    return found if isinstance(found, str) else ""


def region_of(program: Path, stack: str) -> str:
    """The region of the default AWS provider, from the stack's configuration; empty where it does not say."""
    return find(program).configuration(stack).values.get("aws:region", "")


def with_bills(document: Document, before: Bill | None, after: Bill | None) -> Document:
    """The document with what changes of the bill, and what is spent at once first; as it was where nothing does."""
    spent = tuple(words for words in (after.at_once if after else ()) if before is None or words not in before.at_once)
    if not spent and (before.items if before else ()) == (after.items if after else ()):
        return document
    sides = [_amount(side) if side is not None and (side.items or side.at_once) else _NONE for side in (before, after)]
    figures = [Figure("at once", words, _NONE, _fee(after, words)) for words in spent]
    figures.append(Figure("all together", "cost a month", sides[0], sides[1]))
    level = max(document.level, Level.OPENS, key=_WORST.index) if spent else document.level
    told = document.verdict.startswith(SPENDS)  # an opening said so already
    first = [f"{SPENDS}, when it is applied: {'; '.join(spent)}."] if spent and not told else []
    return replace(
        document,
        level=level,
        verdict=" ".join([*first, document.verdict]),
        figures=(*document.figures, *figures),
        notes=(*document.notes, *_notes(after or before)),
    )


def without_bill(document: Document, reason: str) -> Document:
    """The document where nothing could be priced: that is said."""
    return replace(document, notes=(*document.notes, f"Cost: not estimated: {reason}."))


def _fee(found: Bill | None, words: str) -> Amount:
    fee = found.fees.get(words) if found is not None else None
    if fee is None or not fee.known:
        return Amount("what its offer says: not priced", None)
    return Amount(amount(fee.bounds[1], "USD"), fee.bounds[2])


def _amount(found: Bill) -> Amount:
    """What is priced; where nothing is, that nobody knows, so that a gate on cost fails closed."""
    if not found.priced and found.items:
        return Amount("not known", None)
    low, value, high = found.cost.bounds
    ends = [amount(end, "USD/month") for end in (low, high)]
    spread = "" if low == high else f" ({ends[0].removesuffix(' USD/month')} to {ends[1].removesuffix(' USD/month')})"
    part = f", for {found.priced} of {len(found.items)} resources" if found.priced < len(found.items) else ""
    return Amount(f"{amount(value, 'USD/month')}{spread}{part}", high)


def _notes(found: Bill | None) -> Iterator[str]:
    if found is None:
        return
    resources = plural(len(found.items), "billable resource")
    yield f"Cost: priced {found.priced} of {resources}, as of {found.as_of.isoformat()}, at list prices."
    if found.not_priced:
        yield f"Not priced: {'; '.join(found.not_priced)}."
    if found.also:
        yield f"Use adds: {'; '.join(found.also)}."
    if found.old:
        listed = "; ".join(f"{source.title} ({source.date.isoformat()})" for source in found.old)
        yield f"Prices older than 180 days: {listed}."
