"""Windows, held to systemd's own reading of them where it is there."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.spec.window import parse_window

FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)
FORMS = {
    "Sun *-*-* 02:00": ["2026-11-22 02:00:00", "2026-11-29 02:00:00"],
    "02:00": ["2026-11-20 02:00:00", "2026-11-21 02:00:00"],
    "Sun": ["2026-11-22 00:00:00", "2026-11-29 00:00:00"],
    "*:0/15": ["2026-11-20 00:15:00", "2026-11-20 00:30:00"],
    "Mon..Fri 01..04:30": ["2026-11-20 01:30:00", "2026-11-20 02:30:00"],
    "*-1,7-* 03:00": ["2027-01-01 03:00:00", "2027-01-02 03:00:00"],
    "12-24 05:00": ["2026-12-24 05:00:00", "2027-12-24 05:00:00"],
    "Mon *-*-1..7 02:00": ["2026-12-07 02:00:00", "2027-01-04 02:00:00"],
    "2027-*-* 1:00": ["2027-01-01 01:00:00", "2027-01-02 01:00:00"],
    "5/2:10": ["2026-11-20 05:10:00", "2026-11-20 07:10:00"],
    "*-*-2/10": ["2026-11-22 00:00:00", "2026-12-02 00:00:00"],
    "Sun,Mon..Tue 2:0": ["2026-11-22 02:00:00", "2026-11-23 02:00:00"],
    "Saturday,sun 02:00:30 UTC": ["2026-11-21 02:00:30", "2026-11-22 02:00:30"],
    "monthly": ["2026-12-01 00:00:00", "2027-01-01 00:00:00"],
    "weekly": ["2026-11-23 00:00:00", "2026-11-30 00:00:00"],
    "hourly": ["2026-11-20 01:00:00", "2026-11-20 02:00:00"],
}
REFUSED = (
    "", "02", "25:00", "Fun 02:00", "*-*-*/10", "*:*/15", "Fri..Mon 02:00", "*-*-* 02:00 Europe/Berlin", "*-13-*",
    "2:60", "*-*-32", "02:00 Sun", "Sun Sun 02:00", "1..0:00", "0/0:00", "*..3:00", "*-*-~1",
    "02:00:00.5", "02:", "- 02:00",
)  # fmt: skip


def found(text: str) -> list[str]:
    window, moment, said = parse_window(text), FRIDAY, []
    for _ in range(2):
        following = window.next(moment)
        assert following is not None
        moment = following
        said.append(f"{moment:%Y-%m-%d %H:%M:%S}")
    return said


@pytest.mark.parametrize("text", FORMS)
def test_the_next_two_moments(text: str) -> None:
    assert found(text) == FORMS[text]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze")
@pytest.mark.parametrize("text", FORMS)
def test_systemd_says_the_same(text: str) -> None:
    words = ["systemd-analyze", "calendar", "--iterations=2", f"--base-time={FRIDAY:%Y-%m-%d %H:%M:%S} UTC"]
    expression = f"{text.removesuffix(' UTC')} UTC"
    said = subprocess.run([*words, expression], capture_output=True, text=True, check=True, timeout=60).stdout
    lines = [line.split() for line in said.splitlines() if "Next elapse" in line or "Iter" in line]
    assert [" ".join(line[-3:-1]) for line in lines] == found(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_understood_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_window(text)


def test_a_window_that_never_opens_is_told() -> None:
    assert parse_window("*-2-30 02:00").next(FRIDAY) is None
    assert parse_window("2020-*-* 02:00").next(FRIDAY) is None


@given(st.sampled_from(sorted(FORMS)), st.integers(0, 10**6), st.integers(1, 10**5))
def test_between_two_looks_it_opens_where_the_next_moment_is_among_them(text: str, begin: int, seconds: int) -> None:
    window, after = parse_window(text), FRIDAY + timedelta(seconds=begin)
    until, following = after + timedelta(seconds=seconds), window.next(after)
    assert window.opens(after, until) == (following if following and following <= until else None)
