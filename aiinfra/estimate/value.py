"""An estimated number: a value within a range, its unit, what drives the range, and the dated sources behind it.

Ranges are 90 % ranges of errors taken as independent: products combine their factors, sums their distances, by the root
of the sum of squares.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiinfra.catalogue.figure import Figure, Source
from aiinfra.estimate.assumptions import Assumption


@dataclass(frozen=True, slots=True)
class Value:
    """A number in ``unit``; ``value`` is None where it cannot be told, and ``drivers`` say why."""

    low: float | None
    value: float | None
    high: float | None
    unit: str
    drivers: tuple[str, ...] = ()
    """What the range comes from, or why there is no number."""
    sources: tuple[Source, ...] = ()
    measured: bool = False
    """From a measurement on the real box, not estimated."""

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.value is not None

    @property
    def bounds(self) -> tuple[float, float, float]:
        """(low, value, high).

        Raises:
            ValueError: there is no number.
        """
        if self.value is None or self.low is None or self.high is None:
            raise ValueError(f"unknown: {'; '.join(self.drivers)}")
        return self.low, self.value, self.high

    def __mul__(self, other: "Value | float") -> "Value":
        return self._scaled(other, power=1)

    def __truediv__(self, other: "Value | float") -> "Value":
        return self._scaled(other, power=-1)

    def __add__(self, other: "Value | float") -> "Value":
        found = self._both(other)
        if found is None:
            return self._missing(other)
        (low, value, high), (other_low, other_value, other_high) = found
        total = value + other_value
        down, up = math.hypot(value - low, other_value - other_low), math.hypot(high - value, other_high - other_value)
        return self._made(other, total - down, total, total + up)

    def _scaled(self, other: "Value | float", *, power: int) -> "Value":
        found = self._both(other)
        if found is None:
            return self._missing(other)
        (low, value, high), (other_low, other_value, other_high) = found
        if power < 0:
            other_low, other_value, other_high = 1 / other_high, 1 / other_value, 1 / other_low
        total = value * other_value
        down = _away(_log(value, low), _log(other_value, other_low))
        up = _away(_log(high, value), _log(other_high, other_value))
        return self._made(other, total / math.exp(down) if down < math.inf else 0.0, total, total * math.exp(up))

    def _both(self, other: "Value | float") -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
        if not self.known or (isinstance(other, Value) and not other.known):
            return None
        return self.bounds, (other.bounds if isinstance(other, Value) else (other, other, other))

    def _missing(self, other: "Value | float") -> "Value":
        why = () if self.known else self.drivers
        if isinstance(other, Value) and not other.known:
            why = _merge(why, other.drivers)
        return Value(None, None, None, self.unit, why)

    def _made(self, other: "Value | float", low: float, value: float, high: float) -> "Value":
        if not isinstance(other, Value):
            return replace(self, low=low, value=value, high=high)
        drivers, sources = _merge(self.drivers, other.drivers), _merge(self.sources, other.sources)
        return Value(low, value, high, self.unit, drivers, sources, self.measured and other.measured)

    def unit_as(self, unit: str) -> "Value":
        """The same number in the unit that a product or quotient really has."""
        return replace(self, unit=unit)

    def because(self, *drivers: str) -> "Value":
        """The same with more drivers named."""
        return replace(self, drivers=_merge(self.drivers, drivers))

    def as_json(self) -> dict[str, Any]:
        """Plain data: value, low, high, unit, drivers, sources with dates, and whether it was measured."""
        return {
            "value": _round(self.value),
            "low": _round(self.low),
            "high": _round(self.high),
            "unit": self.unit,
            "measured": self.measured,
            "drivers": list(self.drivers),
            "sources": [{"title": source.title, "date": source.date.isoformat()} for source in self.sources],
        }


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


_T = TypeVar("_T")


def _merge(first: Iterable[_T], second: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _log(high: float, low: float) -> float:
    """ln(high / low); infinite where ``low`` is zero and ``high`` is not."""
    if high <= low:
        return 0.0
    return math.log(high / low) if low > 0 else math.inf


def _away(first: float, second: float) -> float:
    return math.inf if math.inf in (first, second) else math.hypot(first, second)


def exact(value: float, unit: str) -> Value:
    """A number without a range."""
    return Value(value, value, value, unit)


def unknown(unit: str, *why: str) -> Value:
    """No number, and why."""
    return Value(None, None, None, unit, why)


def within(value: float, factor: float, unit: str, *drivers: str) -> Value:
    """A number whose range is ``factor`` either way."""
    return Value(value / factor, value, value * factor, unit, drivers)


def of_figure(figure: Figure, name: str) -> Value:
    """A catalogue figure with its range and source; ``name`` says what is missing where it is unknown."""
    if not figure.known:
        return Value(None, None, None, figure.unit, (f"{name} is unknown",))
    low, high = figure.range
    sources = (figure.source,) if figure.rate is None else (figure.source, figure.rate)
    return Value(low, figure.value, high, figure.unit, (), sources)


def of_assumption(found: Assumption, unit: str = "") -> Value:
    """An assumption with its range; the reason becomes a driver."""
    return Value(found.low, found.value, found.high, unit, (f"assumed: {found.why}",))
