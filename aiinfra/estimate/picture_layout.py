"""Where things stand in the picture of tiers: logarithmic axes, sizes of dots, names that cover nothing."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 960, 640
LEFT, RIGHT, TOP, BOTTOM = 90, 930, 70, 480
STRIP: Final = 64
"""Height of the part above the plot where tiers stand whose cost is unknown."""
REACH: Final = 3.0
"""How many times further than the dots an axis goes to show a limit; one further away is named at the edge."""
SPAN: Final = 4.0
"""Least ratio of an axis' ends."""
_LARGEST: Final = 16.0
_LINE: Final = 13.0
_LETTER: Final = 6.7


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis: its lowest and highest value, and where they are drawn."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value is drawn."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + (self.end - self.start) * share, 1)

    def holds(self, value: float) -> bool:
        """Whether the value is on the axis."""
        return self.low <= value <= self.high

    @property
    def ticks(self) -> list[float]:
        """1, 2 and 5 times powers of ten; more on a short axis, powers alone on a long one."""
        ratio = self.high / self.low
        steps = (1, 1.5, 2, 3, 4, 5, 6, 8) if ratio < 8 else (1, 2, 5) if ratio < 1000 else (1,)
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        return [tick for power in powers for step in steps if self.holds(tick := step * 10.0**power)]


def axis(values: Sequence[float], limit: float | None, start: float, end: float) -> Axis:
    """An axis that holds the values with room at both ends, and the limit where it is not far from them."""
    seen = list(values) or ([limit] if limit else [1.0, 10.0])
    if limit and min(seen) / REACH <= limit <= max(seen) * REACH:
        seen.append(limit)
    low, high = min(seen) / 1.5, max(seen) * 1.5
    missing = SPAN / (high / low)
    if missing > 1:
        low, high = low / math.sqrt(missing), high * math.sqrt(missing)
    return Axis(low, high, start, end)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Radii of dots whose areas grow with watts; the largest is the same in every picture."""

    most: float

    def radius(self, watts: float | None) -> float:
        """Unknown watts are a small dot."""
        return round(4.0 + (_LARGEST - 4.0) * math.sqrt(min(watts / self.most, 1.0)), 1) if watts else 4.0

    @property
    def shown(self) -> tuple[float, float, float]:
        """Watts of the legend: a round number near the most, a quarter and a tenth of it."""
        top = 10 ** math.floor(math.log10(self.most))
        rounded = max(step * top for step in (1, 2, 5) if step * top <= self.most * 1.001)
        return rounded / 10, rounded / 4, rounded


def sizes(watts: Sequence[float | None]) -> Sizes:
    """Sizes for dots of these watts."""
    return Sizes(max([each for each in watts if each] or [100.0]))


@dataclass(frozen=True, slots=True)
class Spot:
    """A dot that wants a name beside it."""

    x: float
    y: float
    radius: float
    name: str
    first: bool = False
    """Named before all others."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name where it covers no dot and no other name."""

    x: float
    y: float
    text: str
    anchor: str
    bold: bool
    line: bool
    """Whether a line leads to its dot."""
    spot: Spot


_Box = tuple[float, float, float, float]


def names(spots: Sequence[Spot], top: float, bottom: float) -> tuple[list[Name], list[str]]:
    """(names beside their dots, names of those that found no room), the first in ``spots`` nearest to theirs."""
    taken: list[_Box] = [(s.x - s.radius, s.y - s.radius, s.x + s.radius, s.y + s.radius) for s in spots]
    found: list[Name] = []
    lost: list[str] = []
    for spot in sorted(spots, key=lambda one: not one.first):
        placed = next((one for one in _places(spot, top, bottom) if not _covers(one, taken)), None)
        if placed is None:
            lost.append(spot.name)
        else:
            found.append(placed)
            taken.append(_box(placed))
    return found, lost


def _places(spot: Spot, top: float, bottom: float) -> Iterator[Name]:
    """Right of the dot, then left of it, further up and down each time."""
    wide = _LETTER * len(spot.name)
    offsets = [0.0, *(sign * step * _LINE for step in range(1, 31) for sign in (-1, 1))]
    for offset in offsets:
        y = spot.y + 4 + offset
        if not top + 10 < y < bottom - 3:
            continue
        gap = spot.radius + 6 + (12 if offset else 0)
        for sign, anchor in ((1, "start"), (-1, "end")):
            x = spot.x + sign * gap
            if min(x, x + sign * wide) > LEFT + 4 and max(x, x + sign * wide) < RIGHT - 2:
                yield Name(round(x, 1), round(y, 1), spot.name, anchor, spot.first, abs(offset) > 0, spot)


def _box(name: Name) -> _Box:
    wide = _LETTER * len(name.text)
    start = name.x - (wide if name.anchor == "end" else 0)
    return (start, name.y - 10, start + wide, name.y + 3)


def _covers(name: Name, taken: Sequence[_Box]) -> bool:
    box = _box(name)
    return any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)


def lines(head: str, items: Sequence[str], most: int = 3) -> list[str]:
    """``head: a, b, c`` in lines that fit, the rest as a number; none where there are no items."""
    out: list[str] = []
    line = f"{head}:"
    for index, name in enumerate(items):
        if len(line) + len(name) > 128:
            if len(out) == most - 1:
                return [*out, f"{line} and {len(items) - index} more"]
            out.append(line)
            line = ""
        line = f"{line} {name}{',' if index < len(items) - 1 else ''}".strip()
    return [*out, line] if items else []
