"""What one model version has done: plain counters that the hot path adds to and every report reads."""

from bisect import bisect_left
from dataclasses import dataclass, field
from time import time_ns

from aiinfra.server.input_statistics import InputStatistics

LATENCY_BUCKETS_NS = tuple(
    int(seconds * 1e9)
    for seconds in (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)


@dataclass(slots=True)
class BatchCount:
    """Calls of the model with one number of rows."""

    calls: int = 0
    compute_ns: int = 0


@dataclass(slots=True)
class Statistics:
    """Counters since the version was loaded. Times are nanoseconds, summed over requests."""

    success: int = 0
    success_ns: int = 0
    failed: int = 0
    failed_ns: int = 0
    queue_ns: int = 0
    compute_ns: int = 0
    rows: int = 0
    calls: int = 0
    last_ms: int = 0
    """When the last call ended: milliseconds since the epoch."""
    batches: dict[int, BatchCount] = field(default_factory=dict)
    inputs: InputStatistics = field(default_factory=InputStatistics)
    latency: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS_NS) + 1))
    """Answered requests by :data:`LATENCY_BUCKETS_NS`; the last is everything slower."""

    def called(self, rows: int, compute_ns: int) -> None:
        """One call of the model ended."""
        self.calls += 1
        self.last_ms = time_ns() // 1_000_000
        self.rows += rows
        entry = self.batches.get(rows)
        if entry is None:
            entry = self.batches[rows] = BatchCount()
        entry.calls += 1
        entry.compute_ns += compute_ns

    def answered(self, queue_ns: int, compute_ns: int, total_ns: int) -> None:
        """One request was answered."""
        self.success += 1
        self.queue_ns += queue_ns
        self.compute_ns += compute_ns
        self.success_ns += total_ns
        self.latency[bisect_left(LATENCY_BUCKETS_NS, total_ns)] += 1

    def refused(self, total_ns: int) -> None:
        """One request that had reached the queue was not answered with tensors."""
        self.failed += 1
        self.failed_ns += total_ns
