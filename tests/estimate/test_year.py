import pytest

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
