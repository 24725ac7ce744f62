import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.estimate.queueing import MOST_USED, Queue, erlang_c, p99
from aiinfra.estimate.value import Value, exact

from .simulation import Lane, percentile_99

USED = (0.05, 0.2, 0.4, 0.6, 0.8, 0.89)
ALONE = [Lane(1.0, 1.0, workers, 1) for workers in (1, 2, 4, 8)]
SHARED = [Lane(1.0, more, workers, most) for workers in (1, 2, 4, 8) for most in (8, 32) for more in (0.05, 0.2, 0.5)]


def told(lane: Lane, used: float) -> tuple[float, float, float]:
    """(low, value, high) of the formula, the tail of a request alone being known exactly."""
    tail, service, capacity = exact(1 + 2.33 * lane.jitter, "s"), exact(lane.service, "s"), exact(lane.capacity, "/s")
    found = p99(tail, service, capacity, used * lane.capacity, workers=(lane.workers, lane.workers))
    return found.bounds


@pytest.mark.parametrize(("lanes", "least"), [(ALONE, 0.9), (SHARED, 0.9)], ids=["alone", "shared"])
def test_the_range_holds_what_a_simulation_of_the_queue_finds(lanes: list[Lane], least: float):
    held = []
    for lane, used in itertools.product(lanes, USED):
        found = percentile_99(lane, used * lane.capacity, requests=3000, seed=5)
        low, _, high = told(lane, used)
        held.append(low * 0.97 <= found <= high * 1.03)
    assert sum(held) / len(held) >= least


def test_a_simulation_of_a_lane_that_nobody_waits_for_finds_the_call_alone():
    found = percentile_99(Lane(1.0, 1.0, 8, 1), 0.01, requests=2000, seed=1)
    assert found == pytest.approx(1 + 2.33 * 0.08, rel=0.05)


QUEUES = st.builds(Queue, st.floats(1e-4, 1.0), st.floats(1.0, 1e4), st.sampled_from([1, 2, 8]))


@settings(deadline=None)
@given(QUEUES, st.floats(0.0, 0.89), st.floats(0.0, 0.89))
def test_more_requests_never_wait_less(queue: Queue, a: float, b: float):
    low, high = sorted((a, b))
    assert queue.added(low * queue.capacity) <= queue.added(high * queue.capacity) * (1 + 1e-9)


@settings(deadline=None)
@given(QUEUES, st.floats(1.0, 3.0))
def test_a_queue_that_is_asked_for_more_than_it_serves_has_no_tail(queue: Queue, times: float):
    assert queue.added(queue.capacity * times) == math.inf


def test_near_the_capacity_nothing_is_told():
    tail, service, capacity = exact(0.01, "s"), exact(0.01, "s"), Value(80, 100, 120, "/s")
    assert p99(tail, service, capacity, 80, workers=(1, 1)).known
    busy = p99(tail, service, capacity, 100 * MOST_USED + 1, workers=(1, 1))
    assert busy.drivers == ("91 % of the capacity is asked: above 90 % no formula holds",)
    over = p99(tail, service, capacity, 101, workers=(1, 1))
    assert "grows without end" in over.drivers[0]


@pytest.mark.parametrize(("workers", "load", "waits"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (4, 4.0, 1.0), (3, 0.0, 0.0)])
def test_erlangs_formula(workers: int, load: float, waits: float):
    assert erlang_c(workers, load) == pytest.approx(waits)
