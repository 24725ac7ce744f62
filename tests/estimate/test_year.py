import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.estimate.estimate import estimate
from aiinfra.estimate.report import text

from .deployments import DAY, catalogue, deployment, measurement, site


def look(rate: str, requests: str = "0 %", sites: str = "0 %", **changes):
    aim = {"rate": rate, "growth": {"requests": requests, "sites": sites}}
    d = deployment(site(runtime={"replicas": 1}, **changes), objective=aim)
    return estimate(d, catalogue(measurement(rate=100.0)), DAY)


def test_a_tier_runs_out_in_the_month_its_capacity_is_passed():
    found = look("50/s", "100 %").years[0]
    # doubling in a year from half of what the box serves: the twelfth month is the last it holds
    assert found.runs_out == pytest.approx(12, abs=1)
    assert found.boxes_after in (1, 2)
    assert look("90/s", "100 %").years[0].runs_out in (1, 2)
    assert look("500/s", "100 %").years[0].runs_out == 0


def test_without_growth_it_never_runs_out():
    found = look("50/s").years[0]
    assert (found.runs_out, found.boxes_after) == (None, 1)


def test_sites_grow_and_the_year_costs_more():
    still, grown = look("5/s"), look("5/s", sites="100 %")
    assert grown.years[0].sites_after == 2
    assert grown.years[0].cost.bounds[1] > still.years[0].cost.bounds[1]
    assert still.years[0].cost.bounds[1] == pytest.approx(12 * still.cost.bounds[1])


def test_idle_cost_is_named():
    found = look("1/s")
    idle, whole = found.sites[0].figures["cost_idle"], found.sites[0].figures["cost"]
    assert 0.9 * whole.bounds[1] < idle.bounds[1] < whole.bounds[1]
    assert "of which idle" in text(found)


@pytest.mark.parametrize(
    ("aim", "words"),
    [
        ({"rate": "5/s"}, "no growth is declared: the boxes hold the rate"),
        ({"p99": "1 s"}, "no rate is declared, so nobody knows when the boxes run out"),
        ({"rate": "500/s"}, "the boxes do not serve the busiest rate today"),
        ({"rate": "90/s", "growth": {"requests": "300 %"}}, "the boxes run out in 1 month"),
        ({"rate": "5/s", "growth": {"requests": "1 %", "sites": "200 %"}}, "the boxes last ten years or more"),
    ],
)
def test_a_year_reads_as_what_is_known_of_it(aim, words):
    d = deployment(site(runtime={"replicas": 1}), objective=aim)
    found = estimate(d, catalogue(measurement(rate=100.0)), DAY)
    line = next(line for line in text(found).splitlines() if "a year on" in line)
    assert words in line
    assert ("3 sites then" in line) == ("200 %" in str(aim))


def test_the_year_of_the_whole_and_idle_money_by_class():
    rows = [{"name": name} for name in "abc"]
    d = deployment(
        site(rows=rows),
        site("raspberry-pi-5") | {"class": "depot"},
        objective={"rate": "5/s", "growth": {"sites": "50 %"}},
    )
    found = estimate(d, catalogue(measurement()), DAY)
    assert found.year.value == pytest.approx(sum(year.cost.bounds[1] for year in found.years))
    assert found.year.bounds[0] < found.year.bounds[1] < found.year.bounds[2]
    line = next(line for line in text(found).splitlines() if "of which idle" in line and "depot" in line)
    assert "line " in line
    unpriced = deployment(site("cpu-arm64"), objective={"rate": "5/s"})
    lost = estimate(unpriced, catalogue(), DAY)
    assert not lost.year.known
    assert "of which idle      unknown\n" in text(lost)


@given(st.floats(0, 300), st.floats(0, 300), st.floats(1, 90))
def test_more_growth_never_costs_less_nor_lasts_longer(less, more, rate):
    low, high = sorted((round(less), round(more)))
    a, b = look(f"{rate:.0f}/s", f"{low} %").years[0], look(f"{rate:.0f}/s", f"{high} %").years[0]
    assert b.cost.bounds[1] >= a.cost.bounds[1]
    assert (b.runs_out if b.runs_out is not None else 999) <= (a.runs_out if a.runs_out is not None else 999)
