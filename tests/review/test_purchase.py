"""Money that is spent at once stands above everything else."""

from aiinfra.graph.diff import diff
from aiinfra.review.build import review
from aiinfra.review.document import Document
from tests.graphs import graph, node

BLOCK = "aws:ec2/capacityBlockReservation:CapacityBlockReservation"
GROUP = "aws:ec2/securityGroup:SecurityGroup"


def reviewed(*, before: bool) -> Document:
    block = node(BLOCK, "train-block", {"capacityBlockOfferingId": "cb-0123", "instancePlatform": "Linux/UNIX"})
    opened = node("aws:ec2/routeTable:RouteTable", "a", {"routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]})
    old = graph(block) if before else graph()
    return review(diff(old, graph(block, opened)), compared="a with b")


def test_a_purchase_comes_first() -> None:
    found = reviewed(before=False)
    assert found.verdict.startswith("Spends money at once: ")
    assert "buys the Capacity Block cb-0123: paid in full at once" in found.verdict
    assert found.openings[0].finding.id == "opening-purchase"
    assert len(found.openings) == 2


def test_what_is_bought_already_is_not_bought_again() -> None:
    found = reviewed(before=True)
    assert not found.verdict.startswith("Spends")
    assert "opening-purchase" not in {one.finding.id for one in found.openings}
