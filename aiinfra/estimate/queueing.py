"""The 99th percentile of a request's time at a rate: what waiting adds to a request alone.

One request a call: the tail of a queue with constant service time and several workers, P(wait > t) = P(wait)
exp(-2 (1 - u) t / s), s one over the workers' joint rate (Kingman's bound for constant service; P(wait) by Erlang's C
formula). Several requests a call: a worker that is free takes all that waits, and a call of k takes S + (k - 1) m, so
calls grow with the rate r until T = (S - m) / (1 - r m / w) on w workers; a request waits for most of a call under way
and then takes one itself, and calls vary as Poisson arrivals do; with one worker never more than if calls were not
shared. Nobody waits where P(wait) is below one in a hundred.

``tests/estimate/test_queueing.py`` holds it against a simulation of that queue: in nine of ten cases what is added is
right within ``SPREAD``. Above ``MOST_USED`` of the capacity it is not told.
"""

import math
from dataclasses import dataclass
from typing import Final

from aiinfra.estimate.assumptions import assumption
from aiinfra.estimate.value import Value, of_assumption, unknown

BATCH: Final = 8
"""Requests a call takes at most when the capacity is reached; memory is counted for that many."""
DEEPER: Final = 3.0
"""Calls that reach the capacity hold this many times the requests that the capacity serves in the time of one alone."""
SPREAD: Final = (1.5, 2.5)
"""Factor, either way, that what waiting adds may be off by for a given service time and capacity: where calls are not
shared, and where they are."""
MOST_USED: Final = 0.9
"""Part of the capacity above which a queue's tail depends on every detail of arrivals, and is not told."""


@dataclass(frozen=True, slots=True)
class Queue:
    """One box: ``service`` seconds of a call alone, ``capacity`` requests/s, calls under way at once."""

    service: float
    capacity: float
    workers: int = 1

    @property
    def more(self) -> float | None:
        """Seconds that one request more adds to a call; None where calls are not shared.

        From the capacity: w workers reach it with calls of ``BATCH``, or of ``DEEPER`` times as many as one call's time
        has room for where that is more.
        """
        rows = max(float(BATCH), DEEPER * self.capacity * self.service / self.workers)
        found = (rows * self.workers / self.capacity - self.service) / (rows - 1)
        return max(found, 0.0) if found < self.service else None

    @property
    def spread(self) -> float:
        """How far off ``added`` may be, either way."""
        return SPREAD[self.more is not None]

    def added(self, rate: float) -> float:
        """Seconds that 99 of 100 requests at ``rate`` take at most beyond a request alone; infinite when overloaded."""
        used = rate / self.capacity if self.capacity > 0 else math.inf
        if used >= 1:
            return math.inf
        if used <= 0:
            return 0.0
        if self.more is None:
            return self._alone(rate, self.capacity)
        shared = self._shared(rate, self.more)
        return min(self._alone(rate, 1 / self.service), shared) if self.workers == 1 else shared

    def _alone(self, rate: float, capacity: float) -> float:
        used = rate / capacity
        if used >= 1:
            return math.inf
        waits = erlang_c(self.workers, min(rate * self.service, self.workers * used))
        return max(math.log(100 * waits), 0.0) / (2 * (1 - used)) / capacity if waits > 0 else 0.0

    def _shared(self, rate: float, more: float) -> float:
        each = rate / self.workers
        busy = each * more
        if busy >= 1:
            return math.inf
        call = max(self.service, (self.service - more) / (1 - busy))
        rows = each * call
        waits = erlang_c(self.workers, rate * call / max(rows, 1.0))
        share = max(1 - 0.01 / waits, 0.0) if waits > 0 else 0.0
        vary = 2.33 * math.sqrt(rows / (1 - busy**2)) if rows >= 0.5 else share
        longest = call + more * vary
        return longest + share * longest / math.sqrt(self.workers) - self.service


def erlang_c(workers: int, load: float) -> float:
    """Probability that an arrival waits, ``load`` being the workers kept busy; 1 from full load on."""
    if load >= workers:
        return 1.0
    blocked = 1.0
    for count in range(1, workers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1 - load / workers * (1 - blocked))


def alone_tail(latency: Value) -> Value:
    """The 99th percentile of a request alone, from its usual time."""
    return latency * of_assumption(assumption("latency-jitter"))


def p99(tail: Value, service: Value, capacity: Value, each: float, *, workers: tuple[int, int]) -> Value:
    """Seconds that 99 of 100 requests stay under at ``each`` requests/s a box.

    ``tail`` is that of a request alone (``alone_tail`` where it was not measured), ``service`` the seconds of a call,
    ``workers`` the fewest and the usual number of calls a box has under way. Unknown where the box would be busier
    than ``MOST_USED``.
    """
    if not (tail.known and service.known and capacity.known):
        return unknown("s", *dict.fromkeys((*tail.drivers, *service.drivers, *capacity.drivers)))
    slow, usual, fast = capacity.bounds
    used = each / usual
    if used > MOST_USED:
        if used >= 1:
            return unknown("s", "the rate is more than the boxes can serve: the queue grows without end")
        return unknown(
            "s", f"{used * 100:.0f} % of the capacity is asked: above {MOST_USED * 100:.0f} % no formula holds"
        )
    short, middle, long = service.bounds
    best, likely, worst = (
        Queue(short, fast, workers[1]), Queue(middle, usual, workers[1]), Queue(long, slow, workers[0])
    )  # fmt: skip
    added = likely.added(each)
    least = min(best.added(each), added) / best.spread
    most = max(worst.added(each) * worst.spread, added * likely.spread)
    low, value, high = tail.bounds
    if most == math.inf:
        most = 10 * (high + added)
    drivers = (*tail.drivers, "waiting from a formula for the server's queue, right within a factor of 2.5")
    return Value(low + least, value + added, high + most, "s", drivers, tail.sources, tail.measured)
