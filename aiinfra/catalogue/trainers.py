"""Which EC2 instances train on EKS, and which are nearest to one that does not do. Pure."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from aiinfra.catalogue.eks import image_type
from aiinfra.catalogue.find import find_accelerator, vendor_of
from aiinfra.catalogue.instances import PRICED_REGION, Instance, instances
from aiinfra.errors import BadInput

_FIRST_CARD_HAS_NO_EFA: Final = ("p6-b300",)
"""Families whose first network card is for other traffic; how their cards are used is not in the catalogue."""

_INFERENCE_ONLY: Final = ("inferentia", "inferentia2")
"""Parts whose maker offers them for inference (EC2 user guide, "Accelerated computing instances")."""

_SHOWN: Final = 5


def image(instance: Instance) -> str:
    """EKS's image type for the machines; empty where there is none."""
    return (image_type(vendor_of(instance), instance.architecture) or "") if instance.accelerator else ""


def is_for_inference(instance: Instance) -> bool:
    """Whether its accelerators are made for inference alone."""
    return instance.accelerator in _INFERENCE_ONLY


def trains(instance: Instance) -> bool:
    """Whether EKS has an image for its accelerators, they are made to train, and its network cards are known."""
    return bool(image(instance)) and not is_for_inference(instance) and instance.family not in _FIRST_CARD_HAS_NO_EFA


def refused(instance: Instance) -> BadInput:
    """Why an instance that does not train is refused, with those nearest to it that do.

    The code is ``instance-without-accelerator`` or ``instance-not-supported``.
    """
    remedy = f"choose another, the nearest first: {shown(nearest(instance, lambda _: True))}"
    if instance.accelerator is None:
        return BadInput("instance-without-accelerator", f"{instance.name} has no accelerator", remedy)
    if is_for_inference(instance):
        why = f"{find_accelerator(instance.accelerator).title} is made for inference, not for training"
    else:
        why = "this version does not know how its accelerators or network cards are set up on EKS"
    return BadInput("instance-not-supported", f"{instance.name}: {why}", remedy)


def memory(instance: Instance) -> float | None:
    """Bytes that all its accelerators have together; None where that is not known."""
    if instance.accelerator is None:
        return None
    each = instance.accelerator_memory.value
    if each is not None:
        return each * 2**20 * instance.accelerators
    whole = find_accelerator(instance.accelerator).memory.value
    return None if whole is None else whole * 1e9 * instance.share * instance.accelerators


def nearest(instance: Instance, wanted: Callable[[Instance], bool]) -> tuple[Instance, ...]:
    """Those that train and that are ``wanted``, the nearest to ``instance`` first.

    Near is: the same accelerator, then the same vendor, the same architecture, as much memory of accelerators (or,
    where there are none, as many virtual CPUs), and last the lower price.
    """
    found = [other for other in instances().values() if other.name != instance.name and trains(other) and wanted(other)]
    return tuple(sorted(found, key=lambda other: _distance(instance, other)))


def shown(found: Sequence[Instance]) -> str:
    """The first of them, and how many more there are."""
    rest = len(found) - _SHOWN
    return ", ".join(each.name for each in found[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _distance(one: Instance, other: Instance) -> tuple[bool, bool, bool, float, float, str]:
    price = other.price(PRICED_REGION).value
    return (
        one.accelerator is not None and other.accelerator != one.accelerator,
        one.accelerator is not None and vendor_of(other) != vendor_of(one),
        other.architecture != one.architecture,
        abs(math.log2(_ratio(one, other))),
        math.inf if price is None else price,
        other.name,
    )


def _ratio(one: Instance, other: Instance) -> float:
    ours, theirs = memory(one), memory(other)
    return theirs / ours if ours and theirs else other.vcpus / one.vcpus
