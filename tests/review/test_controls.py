"""Each control of the training cloud, turned off in turn: the review tells, or destroys and replaces something."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from aiinfra.access.aws import network
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph, Node
from aiinfra.review.build import review
from tests.judges.test_checkov import FLIPPED, changed, drop, gone, put
from tests.programs import ROOT

TEMPLATE, ENDPOINT = "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/vpcEndpoint:VpcEndpoint"
NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})

OURS: dict[str, tuple[str, Callable[[Node], Node | None]]] = {
    "deletion protection": ("A4", changed("aws:eks/cluster:Cluster", put("deletionProtection", False))),
    "SSH key": ("A6", changed(TEMPLATE, put("keyName", "k"), "system-template")),
    "plain disk": (
        "A7",
        changed(TEMPLATE, put("blockDeviceMappings", 0, "ebs", "encrypted", False), "system-template"),
    ),
    "disk's key": ("A7", changed(TEMPLATE, lambda i: i["blockDeviceMappings"][0]["ebs"].pop("kmsKeyId"))),
    "endpoint's policy": ("A10", changed(ENDPOINT, drop("policy"), "endpoint-sts")),
    "endpoint for anyone": (
        "A10",
        changed(
            ENDPOINT,
            put("policy", NOTHING.replace("[]", '[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]')),
        ),
    ),
    "plain text to a bucket": (
        "A12",
        changed("aws:s3/bucketPolicy:BucketPolicy", put("policy", NOTHING), "datasets-policy"),
    ),
    "object lock": ("A11", gone("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")),
}
"""Ours, beside those that checkov judges: A7, A10 and A12 are judged by no tool that reads plans."""

SILENT = {
    "CKV_AWS_339": "an older version is refused by EKS itself: a cluster's version never goes down",
    "CKV2_AWS_61": "a life cycle that goes costs money and opens nothing",
}
"""What the review does not call an opening, with the reason."""


def training() -> Graph:
    return Graph.from_json(json.loads((ROOT / "tests/golden/graphs/declarations/whole/training.json").read_text()))


@pytest.mark.parametrize("name", sorted({**FLIPPED, **OURS}))
def test_the_review_tells_of_each_control_that_is_turned_off(name: str) -> None:
    before = training()
    _, flip = {**FLIPPED, **OURS}[name]
    nodes = {urn: after for urn, node in before.nodes.items() if (after := flip(node)) is not None}
    assert nodes != before.nodes
    found = review(diff(before, replace(before, nodes=nodes)))
    assert bool(found.openings) is (name not in SILENT), name


def test_every_control_with_resources_here_is_flipped() -> None:
    controls = {control for control, _ in {**FLIPPED, **OURS}.values()}
    assert controls == {f"A{number}" for number in (*range(1, 15), 17, 19)}


def test_a_gateway_to_the_internet_shows_in_the_edges() -> None:
    """A10: with a gateway and a route, what no rule names still goes nowhere; a rule that is too wide does."""
    before = training()
    table = before.one("aws:ec2/routeTable:RouteTable")
    inputs = {"routeTableId": f"{table.name}_id", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
    route = replace(
        table, urn=table.urn.replace("routeTable:RouteTable", "route:Route"), type="aws:ec2/route:Route", inputs=inputs
    )
    after = replace(before, nodes={**before.nodes, route.urn: route})
    assert {e for e in network.edges(after) if "0.0.0.0/0" in (e.src, e.dst)} == set()
    found = review(diff(before, after)).openings
    assert [one.words for one in found] == ["traffic to the whole internet is routed out"]
