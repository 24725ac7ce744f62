"""How many servers of a site one instance has room for, and which instance suits a site. Pure."""

from collections.abc import Iterable
from typing import Final

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.find import find_accelerator
from aiinfra.catalogue.instances import Instance, instances
from aiinfra.spec.site import Site

_SYSTEM_CORES: Final = 1
"""vCPUs of each machine kept for the kubelet and what runs on every machine: they use parts of one, and a server takes
whole ones."""
_SYSTEM_SHARE: Final = 0.05
"""Part of the memory kept for what runs on every machine, beyond what the kubelet reserves."""


def holds(instance: Instance, part: Accelerator, count: int, cores: int | None) -> bool:
    """Whether an instance has ``count`` whole parts, or is a machine of that CPU tier with as many cores."""
    if part.kind != "cpu":
        return instance.accelerator == part.name and instance.accelerators >= count and instance.share == 1.0
    same = instance.cpu == part.name or (part.vendor == "any" and instance.cpu is not None)
    return same and instance.architecture == part.architecture and instance.cores >= (cores or 1)


def servers_on(instance: Instance, site: Site) -> int:
    """Servers of the site that one such machine has room for; 0: it is none for this site.

    Raises:
        BadInput: ``tier-unknown``.
    """
    part = find_accelerator(site.tier.accelerator)
    if not holds(instance, part, site.tier.count, site.tier.cores):
        return 0
    pulls = site.runtime.updates is not None  # what tries a release beside the server has its memory, and half a core
    by_cores = int((instance.vcpus - _SYSTEM_CORES) // (site.runtime.cores + 0.5 * pulls))
    memory = (instance.allocatable.value or 0.0) * (1 - _SYSTEM_SHARE) * 2**20
    found = min(by_cores, int(memory // (site.runtime.memory.bytes * (1 + pulls))))
    return found if part.kind == "cpu" else min(found, instance.accelerators // site.tier.count)


def spare(site: Site) -> int:
    """Servers that need room beside those that run, while these are replaced: one, but where each holds a device. A
    device costs too much to stand by, so there the old one goes first."""
    return 0 if find_accelerator(site.tier.accelerator).resource else 1


def suits(names: Iterable[str], site: Site) -> tuple[str, ...]:
    """Those of the instance types that have room for a server of the site; names that nobody knows are left out."""
    known = instances()
    return tuple(name for name in names if name in known and servers_on(known[name], site))


def machines_for(site: Site, region: str, fewest: int) -> tuple[str, int] | None:
    """The cheapest way to run ``fewest`` servers of the site on at least two machines: instance type and how many.

    By price where it is known, then by size; None where the catalogue has no instance for the tier.
    """
    ways: list[tuple[bool, float, int, str, int]] = []
    for instance in instances().values():
        room = servers_on(instance, site)
        if room:
            count = max(2, -(-fewest // room))
            price = instance.price(region).value
            ways.append((price is None, (price or 0.0) * count, instance.vcpus * count, instance.name, count))
    if not ways:
        return None
    *_, name, count = min(ways)
    return name, count
