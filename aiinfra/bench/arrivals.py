"""When requests are due: evenly, or at random moments as callers that know nothing of each other send them."""

import random
from bisect import bisect_right
from enum import StrEnum
from typing import Protocol

_SEED = 7


class Arrivals(StrEnum):
    """How requests at a rate are spread over time."""

    EVEN = "even"
    """One every 1 / rate seconds, the first after that time."""
    RANDOM = "random"
    """Poisson arrivals; the same ones every time."""


class Schedule(Protocol):
    """Moments, in seconds from the start, at which requests are due."""

    def moment(self, number: int) -> float:
        """When the request of that number (from 0) is due."""

    def passed(self, seconds: float) -> int:
        """How many were due in the first ``seconds``."""


class _Even:
    def __init__(self, rate: float) -> None:
        self._rate = rate

    def moment(self, number: int) -> float:
        return (number + 1) / self._rate

    def passed(self, seconds: float) -> int:
        return int(seconds * self._rate)


class _Random:
    def __init__(self, rate: float, seconds: float) -> None:
        draw, at = random.Random(_SEED), 0.0  # noqa: S311 - load, not a secret
        self._moments: list[float] = []
        while at <= seconds:
            at += draw.expovariate(rate)
            self._moments.append(at)

    def moment(self, number: int) -> float:
        return self._moments[min(number, len(self._moments) - 1)]

    def passed(self, seconds: float) -> int:
        return bisect_right(self._moments, seconds)


def schedule(arrivals: Arrivals, rate: float, seconds: float) -> Schedule:
    """The moments of ``seconds`` of load at ``rate`` requests a second."""
    return _Even(rate) if arrivals is Arrivals.EVEN else _Random(rate, seconds)
