"""Traffic that is let through, and whether other traffic covers it already."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ANYWHERE: Final = "anywhere"
WIDEST: Final = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Way:
    """Traffic that is let through: direction, the other end, protocol and ports (low, high; None: all)."""

    direction: str
    peer: str
    protocol: str
    ports: tuple[int | str, int | str] | None = None

    @property
    def addresses(self) -> bool:
        """Whether the other end is given by addresses rather than by a selector or a group."""
        return self.peer == ANYWHERE or _network(self.peer.partition(" ")[0]) is not None

    def other_end(self) -> str:
        """``from 0.0.0.0/0 (the whole internet)``."""
        where = "from" if self.direction == "ingress" else "to"
        return f"{where} {self.peer} (the whole internet)" if self.peer in WIDEST else f"{where} {self.peer}"

    def on(self) -> str:
        """``TCP 443``."""
        if self.ports is None:
            return "any port" if self.protocol in ("any", "") else f"any {self.protocol} port"
        low, high = self.ports
        return f"{self.protocol} {low}" if low == high else f"{self.protocol} {low}-{high}"


def told(ways: Iterable[Way]) -> dict[tuple[str, str], str]:
    """Direction and other end -> ``from 10.0.0.0/8 on TCP 443, TCP 8443``, sorted."""
    ports: dict[tuple[str, str], list[str]] = {}
    for way in sorted(ways, key=lambda way: (way.direction, way.other_end(), way.on())):
        ports.setdefault((way.direction, way.other_end()), []).append(way.on())
    return {key: f"{key[1]} on {', '.join(dict.fromkeys(found))}" for key, found in ports.items()}


def covered(way: Way, others: Iterable[Way]) -> bool:
    """Whether one of the others lets all of it through already."""
    return any(
        other.direction == way.direction
        and other.protocol in (way.protocol, "any")
        and _peer_within(way.peer, other.peer)
        and _ports_within(way.ports, other.ports)
        for other in others
    )


def _peer_within(peer: str, other: str) -> bool:
    if other in (peer, ANYWHERE):
        return True
    ours, theirs = _network(peer), _network(other)
    if ours is None or theirs is None:
        return False
    if isinstance(ours, ipaddress.IPv4Network):
        return isinstance(theirs, ipaddress.IPv4Network) and ours.subnet_of(theirs)
    return isinstance(theirs, ipaddress.IPv6Network) and ours.subnet_of(theirs)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _ports_within(ports: tuple[int | str, int | str] | None, other: tuple[int | str, int | str] | None) -> bool:
    if other is None or ports == other:
        return True
    if ports is None or not all(isinstance(port, int) for port in (*ports, *other)):
        return False
    return int(other[0]) <= int(ports[0]) and int(ports[1]) <= int(other[1])
