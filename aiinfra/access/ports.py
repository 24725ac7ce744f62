"""Sets of ports: protocol by protocol, disjoint spans in order. Equal sets are equal values."""

from collections.abc import Iterable
from typing import Final

PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
LAST: Final = 65535

Span = tuple[str, int, int]
"""Protocol, first and last port."""
Ports = tuple[Span, ...]

NONE: Final[Ports] = ()
ALL: Final[Ports] = tuple((protocol, 1, LAST) for protocol in PROTOCOLS)


def union(spans: Iterable[Span]) -> Ports:
    """All ports of the spans; those that touch become one."""
    found: list[Span] = []
    for protocol, low, high in sorted(spans):
        if found and found[-1][0] == protocol and low <= found[-1][2] + 1:
            found[-1] = (protocol, found[-1][1], max(high, found[-1][2]))
        else:
            found.append((protocol, low, high))
    return tuple(found)


def intersection(left: Ports, right: Ports) -> Ports:
    """Ports that are in both."""
    return union(
        (protocol, max(low, other_low), min(high, other_high))
        for protocol, low, high in left
        for other, other_low, other_high in right
        if protocol == other and max(low, other_low) <= min(high, other_high)
    )


def without(ports: Ports, taken: Ports) -> Ports:
    """Ports that are in the first and not in the second."""
    left = ports
    for protocol, low, high in taken:
        left = union(
            part
            for p, first, last in left
            for part in (
                [(p, first, last)]
                if p != protocol
                else [(p, first, min(last, low - 1)), (p, max(first, high + 1), last)]
            )
            if part[1] <= part[2]
        )
    return left


def texts(ports: Ports) -> tuple[str, ...]:
    """``("TCP 443", "UDP 8000-8080")``; ``("any",)`` for all there are."""
    return ("any",) if ports == ALL else tuple(_text(span) for span in ports)


def _text(span: Span) -> str:
    protocol, low, high = span
    if (low, high) == (1, LAST):
        return f"{protocol} any"
    return f"{protocol} {low}" if low == high else f"{protocol} {low}-{high}"
