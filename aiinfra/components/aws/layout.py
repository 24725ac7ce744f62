"""How a network's addresses are shared out. Pure; a zone that is added moves nobody.

A zone's place comes from its id (``use1-az4`` is the fourth of eight), not from its position in a list: the order of
zones, and which others there are, changes no subnet. That matters because a subnet whose range changes is replaced, and
everything in it with it.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

ZONES: Final = 8
"""Places for zones in one network. The largest region has six zones."""
LARGEST: Final = 16
"""Shortest prefix AWS allows a range of a VPC (VPC user guide, "VPC CIDR blocks")."""
SMALLEST: Final = 22
"""Longest prefix of a network's range: the smallest subnets are then a /27."""
SMALLEST_PODS: Final = 20
"""Longest prefix of the range for pods: a zone's is then a /23, room for 500 pods."""

_ZONE: Final = re.compile(r"[a-z]+\d-az(\d)")


@dataclass(frozen=True, slots=True)
class ZoneRanges:
    """One zone's share."""

    zone: str
    """Availability zone id."""
    nodes: IPv4Network
    """Machines; half of the zone's share."""
    services: IPv4Network
    """Endpoints, the cluster's control plane, file systems; a quarter. The last quarter is kept free."""
    pods: IPv4Network
    """Pods, from the range of their own."""


def layout(cidr: IPv4Network, pods: IPv4Network, zones: tuple[str, ...]) -> tuple[ZoneRanges, ...]:
    """Each zone's ranges, in the order of the zones' ids.

    Raises:
        ValueError: a range is too large or too small, the two overlap, or a zone's id is none.
    """
    for what, network, smallest in (("network", cidr, SMALLEST), ("pods' range", pods, SMALLEST_PODS)):
        if not LARGEST <= network.prefixlen <= smallest:
            raise ValueError(f"{what} {network}: give a range between /{LARGEST} and /{smallest}")
    if cidr.overlaps(pods):
        raise ValueError(f"network {cidr} and the pods' range {pods} overlap")
    own, others = list(cidr.subnets(new_prefix=cidr.prefixlen + 3)), list(pods.subnets(new_prefix=pods.prefixlen + 3))
    found: list[ZoneRanges] = []
    for zone in sorted(zones, key=place):
        nodes, rest = own[place(zone)].subnets()
        services, _ = rest.subnets()
        found.append(ZoneRanges(zone, nodes, services, others[place(zone)]))
    return tuple(found)


def place(zone: str) -> int:
    """The place of a zone, from 0.

    Raises:
        ValueError: not the id of an availability zone, such as ``use1-az1``.
    """
    match = _ZONE.fullmatch(zone)
    if match is None or not 1 <= int(match[1]) <= ZONES:
        raise ValueError(f"{zone!r} is not the id of an availability zone: write it like use1-az1")
    return int(match[1]) - 1
