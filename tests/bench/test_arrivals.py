"""Moments at which requests are due."""

import itertools
import statistics

import pytest

from aiinfra.bench.arrivals import Arrivals, schedule


@pytest.mark.parametrize("arrivals", list(Arrivals))
def test_as_many_are_due_as_the_rate_says_and_never_before_their_moment(arrivals: Arrivals) -> None:
    found = schedule(arrivals, 200.0, 50.0)
    assert found.passed(50.0) == pytest.approx(10_000, rel=0.03)
    assert found.passed(0.0) == 0
    for number in (0, 1, 17, 4000):
        moment = found.moment(number)
        assert found.passed(moment - 1e-6) <= number < found.passed(moment + 1e-6)


def test_random_moments_are_the_same_every_time_and_as_irregular_as_poissons() -> None:
    first, second = (schedule(Arrivals.RANDOM, 100.0, 20.0) for _ in range(2))
    moments = [first.moment(number) for number in range(1900)]
    assert moments == [second.moment(number) for number in range(1900)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.1)
