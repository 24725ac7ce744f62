"""Machines that train: their cards, their image, where they stand and what pays for them."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from aiinfra.catalogue.instances import instances
from aiinfra.catalogue.trainers import image
from aiinfra.components.aws import accelerators
from aiinfra.components.aws.cluster_specs import AcceleratorNodesSpec
from aiinfra.errors import BadInput
from aiinfra.graph.collect import collect
from aiinfra.graph.node import Graph
from aiinfra.spec.training import Capacity
from tests.programs import programs

NAME = "line-vibration-training-accelerators"


def graph() -> Graph:
    return next(program for program in programs() if program.name == "declarations/whole/training").graph()


def refusal(name: str) -> str:
    try:
        accelerators.accelerated(name)
    except BadInput as error:
        return error.code
    return ""


def supported() -> list[str]:
    return [name for name in instances() if not refusal(name)]


@pytest.mark.parametrize("name", supported())
def test_every_machine_has_a_card_for_each_efa_and_an_image(name: str) -> None:
    instance = instances()[name]
    cards = accelerators.interfaces(instance, ["g"])
    assert [card["network_card_index"] for card in cards] == list(range(max(1, instance.efa)))
    assert [card["device_index"] for card in cards] == [0] + [1] * (len(cards) - 1)
    kinds = {0: ["interface"]}.get(instance.efa, ["efa"] + ["efa-only"] * (instance.efa - 1))
    assert [card["interface_type"] for card in cards] == kinds
    assert len(cards) == 1 or not any("associate_public_ip_address" in card for card in cards)
    assert image(instance).startswith("AL2023_")
    assert accelerators.taint(instance)["key"] in ("nvidia.com/gpu", "aws.amazon.com/neuron")


def test_what_is_supported() -> None:
    assert {"p4d.24xlarge", "p5.48xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "g6.12xlarge", "trn1.32xlarge"} <= set(
        supported()
    )
    assert refusal("c7g.large") == "instance-without-accelerator"
    assert {refusal(name) for name in ("p6-b300.48xlarge", "dl2q.24xlarge", "inf2.48xlarge")} == {
        "instance-not-supported"
    }
    bare = {name for name, instance in instances().items() if instance.accelerator is None}
    assert {name for name in instances() if refusal(name) == "instance-without-accelerator"} == bare


@pytest.mark.parametrize(
    ("capacity", "group", "market", "placed"),
    [
        (Capacity(), "ON_DEMAND", None, True),
        (Capacity(spot=True), "SPOT", None, True),
        (Capacity(reservation="cr-0123"), "ON_DEMAND", None, False),
        (Capacity(reservation="cr-0123", block=True), "CAPACITY_BLOCK", "capacity-block", False),
        (Capacity(purchase=True, offering="cb-0123"), "CAPACITY_BLOCK", "capacity-block", False),
    ],
)
def test_where_capacity_comes_from(capacity: Capacity, group: str, market: str | None, placed: bool) -> None:
    said: dict[str, Any] = accelerators.bought(capacity, "cr-0123")
    assert accelerators.capacity_type(capacity) == group
    assert said.get("instance_market_options", {}).get("market_type") == market
    assert ("capacity_reservation_specification" in said) is capacity.is_reserved
    assert accelerators.is_placed(capacity, instances()["p5.48xlarge"], 2) is placed
    assert not accelerators.is_placed(capacity, instances()["p5.48xlarge"], 1)


def test_the_machines_of_the_whole_declaration() -> None:
    template = graph().one("aws:ec2/launchTemplate:LaunchTemplate", f"{NAME}-template").inputs
    assert len(template["networkInterfaces"]) == 32
    assert template["placement"] == {"groupName": f"{NAME}-placement.name"}
    assert "strategy: RAID0" in b64decode(template["userData"]).decode()
    nodes = graph().one("aws:eks/nodeGroup:NodeGroup", f"{NAME}-nodes").inputs
    assert nodes["subnetIds"] == ["line-vibration-training-network-nodes-use1-az1_id"]
    assert nodes["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert nodes["scalingConfig"] == {"minSize": 0, "desiredSize": 2, "maxSize": 2}


def test_what_cannot_be_declared() -> None:
    plain: dict[str, Any] = {
        "cluster": "c",
        "role": "arn:aws:iam::111122223333:role/r",
        "subnet": "s",
        "group": "g",
        "key": "k",
        "tags": {"owner": "o", "cost_center": "1", "data_class": "internal"},
        "nodes": 1,
    }
    assert AcceleratorNodesSpec.model_validate({**plain, "instance": "g6.xlarge"}).disk == 200
    for change, why in (
        ({"instance": "c7g.large"}, r"c7g\.large has no accelerator"),
        ({"instance": "g6.xlagre"}, r"did you mean 'g6\.xlarge'"),
        ({"instance": "p6-b300.48xlarge"}, "does not know how"),
        ({"instance": "g6.xlarge", "capacity": {"block": True}}, "named by its reservation"),
        ({"instance": "g6.xlarge", "capacity": {"reservation": "cr-1", "spot": True}}, "two sources"),
        ({"instance": "g6.xlarge", "capacity": {"purchase": True}}, "names what it buys"),
        ({"instance": "g6.xlarge", "capacity": {"offering": "cb-1"}}, "names what it buys"),
        ({"instance": "g6.xlarge", "capacity": {"purchase": True, "offering": "cb-1", "spot": True}}, "keep one"),
    ):
        with pytest.raises(ValueError, match=why):
            AcceleratorNodesSpec.model_validate({**plain, **change})


def test_a_block_is_bought_once_and_machines_start_when_it_does(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    spec = {
        "cluster": "c",
        "role": "arn:aws:iam::111122223333:role/r",
        "subnet": "s",
        "group": "g",
        "key": "k",
        "instance": "p5.48xlarge",
        "nodes": 2,
        "capacity": {"purchase": True, "offering": "cb-0123"},
        "tags": {"owner": "o", "cost_center": "1", "data_class": "internal"},
    }
    (tmp_path / "__main__.py").write_text(
        f"from aiinfra.components.aws.accelerator_nodes import AcceleratorNodes\nAcceleratorNodes('n', {spec!r})\n"
    )
    made = collect(tmp_path)
    block = made.one("aws:ec2/capacityBlockReservation:CapacityBlockReservation", "n-block")
    assert block.protect
    assert block.inputs["capacityBlockOfferingId"] == "cb-0123"
    template = made.one("aws:ec2/launchTemplate:LaunchTemplate", "n-template").inputs
    assert template["instanceMarketOptions"] == {"marketType": "capacity-block"}
    target = template["capacityReservationSpecification"]["capacityReservationTarget"]
    assert target == {"capacityReservationId": "n-block_id"}
    nodes = made.one("aws:eks/nodeGroup:NodeGroup", "n-nodes")
    assert nodes.inputs["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 2}
    assert made.one("aws:autoscaling/schedule:Schedule", "n-begin").inputs["desiredCapacity"] == 2
    assert made.one("aws:autoscaling/schedule:Schedule", "n-end").inputs["desiredCapacity"] == 0
