import math

from hypothesis import given
from hypothesis import strategies as st

from aiinfra.estimate.value import Value, exact, unknown, within

positive = st.floats(1e-6, 1e9, allow_nan=False)
factors = st.floats(1.0, 10.0)
values = st.builds(lambda v, f: within(v, f, "W", "why"), positive, factors)


@given(values, values)
def test_ranges_hold_their_point_whatever_is_done_to_them(a: Value, b: Value):
    for found in (a * b, a / b, a + b, a * 3.0, a / 3.0):
        low, value, high = found.bounds
        assert low <= value * (1 + 1e-9)
        assert value <= high * (1 + 1e-9)
        assert found.unit == "W"


@given(values, st.floats(1.0, 1e3))
def test_independent_errors_add_less_than_their_sum(a: Value, times: float):
    both = (a * a).bounds
    alone = a.bounds
    assert both[2] / both[1] <= (alone[2] / alone[1]) ** 2 * (1 + 1e-9)
    scaled = (a * times).bounds
    assert math.isclose(scaled[2] / scaled[1], alone[2] / alone[1], rel_tol=1e-9)


def test_unknown_stays_unknown_and_says_why_once():
    found = exact(2, "W") * unknown("W", "power of X is unknown") + unknown("W", "power of X is unknown")
    assert (found.known, found.drivers) == (False, ("power of X is unknown",))


def test_only_what_was_measured_on_both_sides_is_measured():
    measured = Value(1, 2, 3, "s", (), (), measured=True)
    assert (measured * 2.0).measured
    assert not (measured * within(1, 2, "")).measured


def test_plain_data_of_a_value():
    assert within(2.0, 2, "W", "a guess").as_json() == {
        "value": 2.0,
        "low": 1.0,
        "high": 4.0,
        "unit": "W",
        "measured": False,
        "drivers": ["a guess"],
        "sources": [],
    }
