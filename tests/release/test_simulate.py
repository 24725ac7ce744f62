"""The fleet simulated: the same luck for every plan, and what must hold whatever the luck."""

import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.cli.release_fleet import simulate as command
from aiinfra.errors import AiinfraError
from aiinfra.release import exposure
from aiinfra.release.simulate import Bad, Exposure, Fleet, Gate, Plan, compare, simulate
from aiinfra.units import Duration, Share

STEADY = {"offline": Share("0 %"), "window": Duration("24 h"), "skew": Duration("0 s"), "link": 1e9}
"""Sites that all have a release minutes after its promotion."""


def plan(*ends: str, gated: bool = True) -> Plan:
    return Plan("waves", (*map(Decimal, ends), Decimal(1)), gated)


def ran(ends: Plan, seed: int = 1, gate: Gate | None = None, bad: Bad | None = None, **fleet: object) -> Exposure:
    return simulate(ends, Fleet(**{"sites": 4000, **fleet}), bad or Bad(), gate or Gate(), seed=seed)  # type: ignore[arg-type]


shares = st.integers(0, 100).map(lambda percent: Share(f"{percent} %"))
bads = st.builds(Bad, misbehaves=shares, fails=shares, golden_catch=shares, soak_catch=shares)
splits = st.lists(st.integers(1, 99), unique=True, max_size=4).map(lambda cuts: [str(c / 100) for c in sorted(cuts)])


@settings(max_examples=40, deadline=None)
@given(splits, bads, st.integers(0, 99))
def test_without_a_gate_everyone_at_risk_sees_it(cuts: list[str], bad: Bad, seed: int) -> None:
    one = ran(plan(*cuts, gated=False), seed, bad=bad)
    assert (one.exposed, one.stopped, len(one.steps)) == (one.at_risk, None, len(cuts) + 1)
    assert sum(step.sites for step in one.steps) == one.sites


@settings(max_examples=40, deadline=None)
@given(splits, bads, st.integers(0, 99), st.integers(1, 99))
def test_more_waves_never_expose_more(cuts: list[str], bad: Bad, seed: int, more: int) -> None:
    """One more cut, the gates asking for no failure at all: the sooner it is seen, the fewer have it."""
    strict = Gate(at_most=Share("0 %"), usual=Share("0 %"))
    fine = plan(*sorted({*cuts, str(more / 100)}, key=float))
    coarse = plan(*cuts)
    few, many = (ran(one, seed, strict, bad, **STEADY) for one in (fine, coarse))
    assert few.exposed <= many.exposed
    assert few.refused <= many.refused


@settings(max_examples=40, deadline=None)
@given(splits, bads, st.integers(0, 99))
def test_a_gate_never_makes_it_worse(cuts: list[str], bad: Bad, seed: int) -> None:
    watched, blind = ran(plan(*cuts), seed, bad=bad), ran(plan(*cuts, gated=False), seed, bad=bad)
    assert watched.exposed <= blind.exposed
    assert watched.site_hours <= blind.site_hours
    assert watched.everywhere == blind.everywhere


@settings(max_examples=20, deadline=None)
@given(splits, bads, st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_bytes(cuts: list[str], bad: Bad, seed: int) -> None:
    first, again = (ran(plan(*cuts), seed, bad=bad) for _ in range(2))
    assert json.dumps(first.as_json()) == json.dumps(again.as_json())
    assert exposure.svg([first]) == exposure.svg([again])


def test_a_release_that_goldens_all_catch_is_seen_by_nobody() -> None:
    one = ran(plan("0.1"), bad=Bad(golden_catch=Share("100 %")))
    assert (one.exposed, one.at_risk, one.site_hours, one.serving.max()) == (0, 0, 0.0, 0)
    assert one.refused > 1000


def test_where_nobody_reports_the_gate_stays_shut() -> None:
    one = ran(plan("0.1"), requests=0)
    assert [(step.failed, step.open) for step in one.steps] == [(None, False)]
    assert one.stopped == pytest.approx(25)


def test_a_good_release_goes_everywhere() -> None:
    one = ran(plan("0.01", "0.1"), bad=Bad(misbehaves=Share("0 %")))
    assert ([step.open for step in one.steps], one.stopped, one.exposed) == ([True, True, True], None, 0)
    assert 48 < one.everywhere < 96


def test_sites_install_in_their_window_and_when_their_link_is_back() -> None:
    always = ran(plan(gated=False), window=Duration("24 h"), offline=Share("0 %"), link=1e9, every=Duration("1 h"))
    assert always.everywhere == pytest.approx(0.95, abs=0.02)
    window = ran(plan(gated=False), window=Duration("1 h"), offline=Share("0 %"), link=1e9)
    assert window.everywhere == pytest.approx(0.95 * 23, abs=1)
    cut = ran(plan(gated=False), window=Duration("24 h"), offline=Share("100 %"), link=1e9, outage=Duration("10 h"))
    assert cut.everywhere == pytest.approx(10 * math.log(20), rel=0.1)
    slow = ran(plan(gated=False), window=Duration("24 h"), offline=Share("0 %"), link=0.01)
    assert slow.everywhere > 20


def test_what_serves_it_over_time_adds_up() -> None:
    one = ran(plan("0.1"))
    step = one.times[1] - one.times[0]
    assert float(np.sum(one.serving)) * step == pytest.approx(one.site_hours, rel=0.05)
    assert one.serving.max() <= one.exposed


def test_a_hundred_thousand_sites() -> None:
    """The figures of the documentation."""
    found = compare([Share("1 %"), Share("9 %")], Fleet(), Bad(), Gate(), seed=1, gated=True)
    assert [(one.exposed, one.at_risk) for one in found] == [(15075, 15075), (14907, 15075), (150, 15075)]


def test_the_command(tmp_path: Path) -> None:
    picture = tmp_path / "x.svg"
    words = ["--sites", "5000", "--picture", str(picture)]
    told = CliRunner().invoke(command, words, catch_exceptions=False)
    assert told.exit_code == 0
    assert "everyone at once, no gate\n  saw it        " in told.output
    assert "wave 1        48 sites at 0 h: " in told.output
    assert picture.read_text().startswith("<svg ")
    page = tmp_path / "x.html"
    plain = CliRunner().invoke(command, ["--sites", "5000", "--no-gate", "--json", "--picture", str(page)])
    assert [one["stopped_hours"] for one in json.loads(plain.stdout)["data"]["plans"]] == [None, None]
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--wait", "5"], "simulation-invalid", "--wait: '5' has no unit"),
        (["--waves", "60 %, 60 %"], "simulation-invalid", "the waves are 120% of the sites"),
        (["--waves", "x"], "simulation-invalid", "--waves: 'x' is not a percentage"),
        (["--sites", "0"], "simulation-invalid", "0 sites"),
        (["--seed", "-1"], "simulation-invalid", "seed -1"),
        (["--sites", "10", "--picture", "x.gif"], "picture-suffix", "x.gif"),
        (["--sites", "10", "--picture", "/no/such/x.svg"], "out-unusable", "/no/such/x.svg"),
    ],
)
def test_what_cannot_be_simulated(words: list[str], code: str, said: str) -> None:
    with pytest.raises(AiinfraError) as caught:
        CliRunner().invoke(command, words, catch_exceptions=False)
    assert (caught.value.code, said in caught.value.message) == (code, True)
