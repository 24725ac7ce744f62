"""What inputs look like, sampled lightly enough to leave on: moments, extremes, and a histogram by powers of two.

At most ten looks a second, at most 4,096 elements each, so the cost does not grow with the load. Drift is read from
these later; no value is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

_EVERY_NS = 100_000_000
_MOST = 4096
_LARGEST = 1e100
"""Values beyond count as this in mean and variance: their square must not overflow."""
_LOWEST, _HIGHEST = -32, 32
"""Exponents that have a bucket of their own; beyond, the outermost bucket."""


@dataclass(slots=True)
class InputSample:
    """Of one numeric input, over all elements that were looked at."""

    count: int = 0
    missing: int = 0
    """NaN elements."""
    mean: float = 0.0
    spread: float = 0.0
    """Sum of squared differences from the mean."""
    least: float = float("inf")
    most: float = float("-inf")
    buckets: dict[int, int] = field(default_factory=dict)
    """Elements by signed exponent: ``e + 1000`` for values in [2^(e-1), 2^e), its negative below zero, 0 for zeros."""

    @property
    def variance(self) -> float:
        """Of the elements looked at; 0 before there are two."""
        return self.spread / self.count if self.count > 1 else 0.0

    def add(self, values: np.ndarray) -> None:
        """Take in a sample (Chan's pairwise update of mean and variance)."""
        present = values[~np.isnan(values)]
        self.missing += values.size - present.size
        present = present[np.isfinite(present)]
        if not present.size:
            return
        bounded = np.clip(present, -_LARGEST, _LARGEST)
        mean, size = float(bounded.mean()), present.size
        delta, total = mean - self.mean, self.count + size
        self.spread += float(((bounded - mean) ** 2).sum()) + delta * delta * self.count * size / total
        self.mean += delta * size / total
        self.count = total
        self.least = min(self.least, float(present.min()))
        self.most = max(self.most, float(present.max()))
        exponents = np.clip(np.frexp(present)[1], _LOWEST, _HIGHEST) + 1000
        keys = np.where(present == 0, 0, np.where(present < 0, -exponents, exponents))
        for key, number in zip(*np.unique(keys, return_counts=True), strict=True):
            self.buckets[int(key)] = self.buckets.get(int(key), 0) + int(number)


class InputStatistics:
    """The samples of one model version's inputs."""

    def __init__(self) -> None:
        self.samples: dict[str, InputSample] = {}
        self._next = 0

    def look(self, feed: Mapping[str, np.ndarray], now: int) -> None:
        """Sample ``feed`` if it is time; ``now`` in nanoseconds of a monotonic clock."""
        if now < self._next:
            return
        self._next = now + _EVERY_NS
        for name, array in feed.items():
            if array.dtype.kind in "fiu" and array.size:
                flat = array.reshape(-1)
                chosen = flat[:: max(1, flat.size // _MOST)][:_MOST].astype(np.float64)
                self.samples.setdefault(name, InputSample()).add(chosen)
