"""Address blocks of policies, cut into pieces that no policy tells apart."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

WORLD: Final[tuple[Network, ...]] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


def pieces(blocks: Iterable[Mapping[str, Any]]) -> list[Network]:
    """The whole address space, cut at every block and every exception, sorted."""
    cuts = {network for block in blocks for network in (_net(block["cidr"]), *map(_net, block.get("except") or ()))}
    found = list(WORLD)
    for cut in sorted(cuts, key=_order):
        found = [part for piece in found for part in _split(piece, cut)]
    return sorted(found, key=_order)


def inside(block: Mapping[str, Any], piece: Network) -> bool:
    """Whether a piece is in a block and in none of its exceptions."""
    spared = any(within(piece, _net(item)) for item in block.get("except") or ())
    return within(piece, _net(block["cidr"])) and not spared


def collapse(names: Iterable[str]) -> list[str]:
    """The fewest ranges that hold the same addresses, sorted."""
    found = networks(names)
    four = ipaddress.collapse_addresses(n for n in found if isinstance(n, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(n for n in found if isinstance(n, ipaddress.IPv6Network))
    return [str(network) for network in (*four, *six)]


def networks(names: Iterable[str]) -> list[Network]:
    """The blocks of these names."""
    return [_net(name) for name in names]


def _split(piece: Network, cut: Network) -> list[Network]:
    if cut != piece and within(cut, piece):
        rest = piece.address_exclude(cut)  # pyrefly: ignore[bad-argument-type]  # both are of one version
        return [cut, *rest]
    return [piece]


def within(small: Network, large: Network) -> bool:
    """Whether one block is part of another; never of one of the other version."""
    if isinstance(small, ipaddress.IPv4Network):
        return isinstance(large, ipaddress.IPv4Network) and small.subnet_of(large)
    return isinstance(large, ipaddress.IPv6Network) and small.subnet_of(large)


def _net(text: Any) -> Network:
    return ipaddress.ip_network(str(text), strict=False)


def _order(network: Network) -> tuple[int, int, int]:
    return (network.version, int(network.network_address), network.prefixlen)
