"""The statistics extension's report: counters of a version as plain data, the same for REST and gRPC."""

from typing import Any

from aiinfra.server.catalogue import Served
from aiinfra.server.statistics import Statistics


def report(served: Served) -> dict[str, Any]:
    """One entry of ``model_stats``. Reading inputs and writing answers is not timed apart: counted, 0 ns."""
    counters = served.statistics
    return {
        "name": served.name,
        "version": served.version,
        "last_inference": counters.last_ms,
        "inference_count": counters.rows,
        "execution_count": counters.calls,
        "inference_stats": _durations(counters),
        "batch_stats": [
            {
                "batch_size": rows,
                "compute_input": _duration(entry.calls, 0),
                "compute_infer": _duration(entry.calls, entry.compute_ns),
                "compute_output": _duration(entry.calls, 0),
            }
            for rows, entry in sorted(counters.batches.items())
        ],
    }


def _durations(counters: Statistics) -> dict[str, dict[str, int]]:
    return {
        "success": _duration(counters.success, counters.success_ns),
        "fail": _duration(counters.failed, counters.failed_ns),
        "queue": _duration(counters.success, counters.queue_ns),
        "compute_input": _duration(counters.success, 0),
        "compute_infer": _duration(counters.success, counters.compute_ns),
        "compute_output": _duration(counters.success, 0),
        "cache_hit": _duration(0, 0),
        "cache_miss": _duration(0, 0),
    }


def _duration(count: int, nanoseconds: int) -> dict[str, int]:
    return {"count": count, "ns": nanoseconds}
