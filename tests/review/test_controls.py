"""Each control of the AWS plane, turned off by itself: the review tells of it."""

import json
from dataclasses import replace
from functools import cache

import pytest

from aiinfra.access.aws import network
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph
from aiinfra.review.build import review
from tests.judges.controls import CONTROLS, FLIPS
from tests.programs import ROOT


@cache
def recorded(program: str) -> Graph:
    golden = ROOT / f"tests/golden/graphs/declarations/{program}.json"
    return Graph.from_json(json.loads(golden.read_text()))


@pytest.mark.parametrize("number", range(len(FLIPS)), ids=lambda n: f"{FLIPS[n].control}-{FLIPS[n].judge}-{n}")
def test_the_review_tells_of_each_control_that_is_turned_off(number: int) -> None:
    flip = FLIPS[number]
    before = recorded(flip.program)
    openings = review(diff(before, flip.applied(before))).openings
    assert bool(openings) is not bool(flip.silent)
    assert flip.external or flip.judge in {one.finding.id for one in openings}
    assert all("[secret]" not in one.words for one in openings)


def test_all_controls_are_turned_off() -> None:
    assert {flip.control for flip in FLIPS} == set(CONTROLS) == {f"A{number}" for number in range(1, 21)}


def test_a_gateway_to_the_internet_shows_in_the_edges() -> None:
    """A10: with a gateway and a route, what no rule names still goes nowhere; a rule that is too wide does."""
    before = recorded("whole/training")
    table = before.one("aws:ec2/routeTable:RouteTable")
    inputs = {"routeTableId": f"{table.name}_id", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
    route = replace(
        table, urn=table.urn.replace("routeTable:RouteTable", "route:Route"), type="aws:ec2/route:Route", inputs=inputs
    )
    after = replace(before, nodes={**before.nodes, route.urn: route})
    assert {e for e in network.edges(after) if "0.0.0.0/0" in (e.src, e.dst)} == set()
    found = review(diff(before, after)).openings
    assert [one.words for one in found] == ["traffic to the whole internet is routed out"]
