"""What machines with accelerators need of AWS: image, network cards, where they stand, what pays for them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiinfra.catalogue.eks import image_type
from aiinfra.catalogue.find import find_accelerator, find_instance, vendor_of
from aiinfra.catalogue.instances import Instance
from aiinfra.catalogue.trainers import refused, trains
from aiinfra.components.aws.node_template import interface
from aiinfra.errors import BadInput
from aiinfra.spec.training import Capacity


def accelerated(name: str) -> Instance:
    """The instance type of that name, which trains: EKS has an image for it, and its network cards are known.

    Raises:
        BadInput: ``instance-unknown``, ``instance-without-accelerator``, ``instance-not-supported``.
    """
    instance = find_instance(name)
    if not trains(instance):
        raise refused(instance)
    return instance


def taint(instance: Instance) -> dict[str, str]:
    """Keeps everything off the machines that does not ask for their accelerators."""
    resource = find_accelerator(instance.accelerator or "").resource or ""
    return {"key": resource, "value": "present", "effect": "NO_SCHEDULE"}


@dataclass(frozen=True, slots=True)
class ToServe:
    """What a node group of machines that serve says."""

    image: str
    """EKS's image type."""
    labels: dict[str, str]
    taints: list[dict[str, str]]
    local_disks: bool
    """Whether the machines have disks of their own."""


def to_serve(name: str) -> ToServe:
    """How machines of that type serve, with accelerators or without.

    Raises:
        BadInput: ``instance-unknown``; ``instance-not-supported``: EKS has no image for it.
    """
    instance = find_instance(name)
    found = image_type(vendor_of(instance), instance.architecture)
    if found is None:
        raise BadInput(
            "instance-not-supported",
            f"{name}: EKS has no image for machines with its accelerators",
            "choose another, like g6.xlarge or inf2.xlarge, or c7i.xlarge for CPUs",
        )
    disks = bool(instance.nvme.value)
    if instance.accelerator is None:
        return ToServe(found, {"aiinfra.dev/nodes": "inference"}, [], disks)
    labels = {"aiinfra.dev/nodes": "accelerators", "aiinfra.dev/accelerator": instance.accelerator}
    return ToServe(found, labels, [taint(instance)], disks)


def interfaces(instance: Instance, groups: Sequence[Any]) -> list[dict[str, Any]]:
    """One interface for each network card: the first for everything, with EFA where there is one, others for EFA alone.

    EC2 takes no word on public addresses where there are several; it gives such machines none.
    """
    if instance.efa == 0:
        return [interface(0, "interface", groups)]
    cards = [interface(card, "efa" if card == 0 else "efa-only", groups) for card in range(instance.efa)]
    if len(cards) > 1:
        for card in cards:
            del card["associate_public_ip_address"]
    return cards


def bought(capacity: Capacity, reservation: Any) -> dict[str, Any]:
    """What the launch template says of where capacity comes from; ``reservation`` is the id, bought or declared."""
    if not capacity.is_reserved:
        return {}
    target = {"capacity_reservation_target": {"capacity_reservation_id": reservation}}
    block = {"instance_market_options": {"market_type": "capacity-block"}} if capacity.is_block else {}
    return {"capacity_reservation_specification": target, **block}


def capacity_type(capacity: Capacity) -> str:
    """What the node group says of it."""
    if capacity.is_block:
        return "CAPACITY_BLOCK"
    return "SPOT" if capacity.spot else "ON_DEMAND"


def size(capacity: Capacity, nodes: int) -> dict[str, int]:
    """How many machines there are. Those of a block that is bought start when it does, on a schedule."""
    return {"min_size": 0, "desired_size": 0 if capacity.offering else nodes, "max_size": nodes}


def is_placed(capacity: Capacity, instance: Instance, nodes: int) -> bool:
    """Whether machines are put close together by us. A reservation has its place already; one machine needs none."""
    return nodes > 1 and instance.efa > 0 and not capacity.is_reserved
