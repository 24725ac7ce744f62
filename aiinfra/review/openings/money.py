"""Money that is spent as a resource is made, and that nothing gives back."""

from collections.abc import Iterator
from typing import Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import ResourceChange
from aiinfra.review.openings.rule import get, managed, opening

PURCHASE: Final = "opening-purchase"
_BLOCK: Final = "aws:ec2/capacityBlockReservation:CapacityBlockReservation"


def purchase(change: ResourceChange) -> Iterator[Finding]:
    """A Capacity Block that is bought by this change: it is paid in full as it is made."""
    if change.node.type == _BLOCK and change.before is None and managed(change):
        offer = get(change.after, "capacityBlockOfferingId")
        yield opening("opening-purchase", change, f"buys the Capacity Block {offer}: paid in full at once, for good")
