"""Look a name up in the shipped catalogue, or say which names there are."""

from aiinfra.catalogue.accelerators import Accelerator, accelerators
from aiinfra.catalogue.instances import Instance, instances
from aiinfra.catalogue.regions import Region, regions
from aiinfra.errors import BadInput, did_you_mean


def find_accelerator(name: str) -> Accelerator:
    """The accelerator or CPU tier of that name.

    Raises:
        BadInput: ``tier-unknown``.
    """
    known = accelerators()
    if name not in known:
        raise BadInput(
            "tier-unknown",
            f"the catalogue has no accelerator {name!r}{did_you_mean(name, tuple(known))}",
            "list them with: aiinfra catalogue list",
        )
    return known[name]


def find_region(name: str) -> Region:
    """The AWS region of that name.

    Raises:
        BadInput: ``region-unknown``.
    """
    known = regions()
    if name not in known:
        raise BadInput(
            "region-unknown",
            f"the catalogue has no region {name!r}{did_you_mean(name, tuple(known))}",
            f"use one of {', '.join(sorted(known))}",
        )
    return known[name]


def find_instance(name: str) -> Instance:
    """The EC2 instance type of that name.

    Raises:
        BadInput: ``instance-unknown``.
    """
    known = instances()
    if name not in known:
        raise BadInput(
            "instance-unknown",
            f"the catalogue has no instance {name!r}{did_you_mean(name, tuple(known))}",
            "list them with: aiinfra catalogue list",
        )
    return known[name]


def vendor_of(instance: Instance) -> str:
    """Vendor of an instance's accelerators; empty where it has none."""
    return find_accelerator(instance.accelerator).vendor if instance.accelerator else ""
