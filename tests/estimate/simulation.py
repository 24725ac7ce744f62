"""A discrete-event simulation of the server's queue: what the formula of the 99th percentile is held against.

Requests come at random moments (Poisson). Each worker that is free takes what waits, at most ``most`` at once, and
answers all of it when the call is done: a call of k takes ``service`` + (k - 1) x ``more`` seconds, times a lognormal
jitter.
"""

import heapq
import random
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class Lane:
    service: float
    more: float
    workers: int
    most: int
    jitter: float = 0.08

    @property
    def capacity(self) -> float:
        return self.workers * self.most / (self.service + (self.most - 1) * self.more)


def percentile_99(lane: Lane, rate: float, *, requests: int, seed: int) -> float:
    """Seconds that 99 of 100 of ``requests`` at ``rate`` a second stay under."""
    draw = random.Random(seed)
    moment, arrivals = 0.0, []
    for _ in range(requests):
        moment += draw.expovariate(rate)
        arrivals.append(moment)
    free = [0.0] * lane.workers
    taken, took = 0, []
    while taken < requests:
        start = max(heapq.heappop(free), arrivals[taken])
        waiting = bisect_right(arrivals, start, taken) - taken
        rows = min(waiting, lane.most)
        end = start + (lane.service + (rows - 1) * lane.more) * draw.lognormvariate(0, lane.jitter)
        took += [end - one for one in arrivals[taken : taken + rows]]
        taken += rows
        heapq.heappush(free, end)
    return sorted(took)[int(0.99 * requests)]
