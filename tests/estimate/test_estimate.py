import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.catalogue import additions
from aiinfra.catalogue.additions import read
from aiinfra.catalogue.figure import figure
from aiinfra.errors import BadInput
from aiinfra.estimate.ages import told
from aiinfra.estimate.estimate import Estimate, estimate, with_rows
from aiinfra.estimate.report import data, text
from aiinfra.estimate.verdict import Outcome, binding
from aiinfra.spec.reading import load
from aiinfra.spec.site import Row
from tests.programs import ROOT

from .deployments import DAY, catalogue, deployment, measurement, site

FAST = settings(max_examples=25, deadline=None)


def outcomes(found: Estimate, name: str = "line") -> dict[str, str]:
    return {verdict.key: verdict.outcome.value for verdict in found.verdicts[name]}


def test_the_same_inputs_give_the_same_bytes():
    d = deployment(objective={"rate": "50/s", "p99": "20 ms"}, caps={"power": "60 W"})
    first, second = (estimate(d, catalogue(), DAY) for _ in range(2))
    assert first == second
    assert text(first) == text(second)
    assert data(first) == data(second)


@FAST
@given(st.floats(1, 1e5), st.floats(1, 1e5), st.sampled_from(["box", "eks"]))
def test_more_requests_never_cost_less(a: float, b: float, on: str):
    low, high = sorted((a, b))
    tier = "l4" if on == "eks" else "jetson-orin-nano-super"
    costs = [
        estimate(deployment(site(tier, on), objective={"rate": f"{rate:.3f}/s"}), catalogue(), DAY).cost
        for rate in (low, high)
    ]
    for small, large in zip(costs[0].bounds, costs[1].bounds, strict=True):
        assert small <= large * (1 + 1e-9)


@FAST
@given(st.floats(1.0, 20.0), st.sampled_from(["l4", "jetson-orin-nano-super", "cpu-x86-64", "qualcomm-ai100-pro"]))
def test_a_higher_peak_rate_never_lengthens_latency_nor_lowers_throughput(times: float, tier: str):
    from dataclasses import replace

    base = catalogue()
    part = base.accelerators[tier]
    faster = {
        key: figure((rate.value or 0) * times, "T/s", "mlperf", "high", where="x") for key, rate in part.rates.items()
    }
    quick = replace(base, accelerators={**base.accelerators, tier: replace(part, rates=faster)})
    d = deployment(site(tier), objective={"rate": "5/s"})
    slow_site, quick_site = (estimate(d, found, DAY).sites[0].figures for found in (base, quick))
    for name in ("latency", "p99"):
        if slow_site[name].known:
            assert quick_site[name].bounds[1] <= slow_site[name].bounds[1] * (1 + 1e-9)
    if slow_site["throughput"].known:
        assert quick_site["throughput"].bounds[1] >= slow_site["throughput"].bounds[1] * (1 - 1e-9)


@FAST
@given(st.sampled_from(sorted(catalogue().accelerators)), st.floats(0.1, 1e4), st.sampled_from(["box", "eks"]))
def test_every_figure_of_every_tier_holds_its_point_and_keeps_its_unit(tier: str, rate: float, on: str):
    found = estimate(deployment(site(tier, on), objective={"rate": f"{rate:.2f}/s"}), catalogue(), DAY)
    units = {
        "throughput": "/s", "latency": "s", "p99": "s", "watts_load": "W", "watts_idle": "W", "watts_mean": "W",
        "box_load": "W", "energy": "kWh/month", "cost": "USD/month", "cost_idle": "USD/month",
        "cost_million": "USD/million", "carbon": "kg CO2e/month", "carbon_million": "kg CO2e/million",
        "memory_needed": "GB", "memory_usable": "GB", "utilisation": "",
    }  # fmt: skip
    figures = found.sites[0].figures
    assert {name: value.unit for name, value in figures.items()} == units
    for name, value in figures.items():
        if value.known:
            low, middle, high = value.bounds
            assert 0 <= low <= middle * (1 + 1e-9), name
            assert middle <= high * (1 + 1e-9), name
        else:
            assert value.drivers, name


def test_a_cap_on_an_unknown_figure_fails_closed_and_says_which():
    found = estimate(deployment(site("intel-n100"), caps={"cost": "100 USD/month"}), catalogue(), DAY)
    verdict = next(v for v in found.verdicts["line"] if v.key == "caps.cost")
    assert (verdict.outcome, verdict.hard, verdict.finding) == (Outcome.CANNOT, True, "cap-unknown")
    assert "price of N100 (4x Gracemont) is unknown" in verdict.reason
    assert [f.id for f in found.findings() if f.severity.value == "error"] == ["cap-unknown"]


def test_a_cap_counts_its_scope():
    two = [site(rows=[{"name": "a"}, {"name": "b"}])]
    alone = estimate(deployment(*two, caps={"power": "40 W"}), catalogue(), DAY)
    together = estimate(deployment(*two, caps={"power": "40 W", "scope": "deployment"}), catalogue(), DAY)
    assert outcomes(alone)["caps.power"] == "meets"
    assert outcomes(together, "deployment")["caps.power"] == "cannot meet"
    assert together.watts.bounds[1] == pytest.approx(2 * alone.sites[0].figures["watts_load"].bounds[1])


def test_a_cap_in_another_currency_needs_a_dated_rate(tmp_path):
    d = deployment(caps={"cost": "10 EUR/month"})
    assert outcomes(estimate(d, catalogue(), DAY))["caps.cost"] == "cannot meet"
    file = tmp_path / "catalogue.yaml"
    file.write_text('sources: {bank: {title: B, date: "2026-11-20"}}\ncurrencies: {EUR: {value: 1.08, source: bank}}\n')
    assert outcomes(estimate(d, read(file, catalogue()), DAY))["caps.cost"] == "meets"
    file.write_text('sources: {bank: {title: B, date: "2026-03-20"}}\ncurrencies: {EUR: {value: 1.08, source: bank}}\n')
    old = estimate(d, read(file, catalogue()), DAY)
    assert "B" in [source.title for source in old.old]
    assert "10 EUR/month is 10.8 USD/month at the rate of 2026-03-20" in text(old)


def test_a_price_in_another_currency_rests_on_its_rate(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        'sources: {bank: {title: B, date: "2026-03-20"}, quote: {title: Q, date: "2026-11-20"}}\n'
        "currencies: {EUR: {value: 1.08, low: 1.0, high: 1.2, source: bank}}\n"
        "hardware: {jetson-orin-nano-super: {value: 100, currency: EUR, source: quote}}\n"
    )
    assert read(file, catalogue()).accelerators["jetson-orin-nano-super"].price.range == (100, 120)
    found = estimate(deployment(), read(file, catalogue()), DAY)
    assert {"B", "Q"} <= {source.title for source in found.sites[0].figures["cost"].sources}
    assert told(found.old)[0].startswith("older than 180 days: B (2026-03-20)")


def test_an_estimated_tail_is_met_only_far_below_the_aim():
    found = {
        aim: outcomes(estimate(deployment(objective={"rate": "1/s", "p99": aim}), catalogue(), DAY))["objective.p99"]
        for aim in ("1 ms", "30 ms", "1 s")
    }
    assert found == {"1 ms": "cannot meet", "30 ms": "unproven", "1 s": "meets"}


def test_a_measurement_replaces_the_estimate_and_is_labelled():
    d = deployment(objective={"rate": "20/s", "p99": "40 ms"})
    guessed, known = (estimate(d, c, DAY) for c in (catalogue(), catalogue(measurement())))
    assert outcomes(guessed)["objective.p99"] == "unproven"
    assert outcomes(known)["objective.p99"] == "meets"
    assert known.sites[0].measured == measurement()
    for name in ("throughput", "latency", "p99"):
        assert known.sites[0].figures[name].measured, name
        assert not guessed.sites[0].figures[name].measured, name
    assert "measured on lab-1, 2026-11-01, onnxruntime 1.26.0" in known.sites[0].figures["latency"].drivers
    assert "measured" in text(known)


@pytest.mark.parametrize(
    ("tier", "how", "drawn", "least"),
    [
        ("jetson-orin-nano-super", "plug: the whole box", 19.0, 19.0),
        ("jetson-orin-nano-super", "jetson-rails: the module's input rail, not its carrier board", 19.0, 25.0),
        ("l4", "nvml: the GPUs' boards, not the machine around", 60.0, 100.0),
        ("raspberry-pi-5", "rapl: 1 CPU package, not the machine around", 5.0, 8.0),
    ],
)
def test_a_meter_of_a_part_of_the_box_leaves_the_rest_estimated(tier, how, drawn, least):
    mode = "25W" if tier.startswith("jetson") else ""
    found = catalogue(measurement(tier=tier, power_mode=mode, watts=drawn, watts_how=how))
    load = estimate(deployment(site(tier)), found, DAY).sites[0].figures["watts_load"]
    assert load.measured == how.startswith("plug")
    assert load.bounds[1] >= least
    assert load.bounds[0] >= drawn * 0.94
    assert any(how in driver for driver in load.drivers)


@pytest.mark.parametrize(
    "change", [{"model": "sha256:" + "b" * 64}, {"power_mode": "15W"}, {"tier": "l4", "power_mode": ""}, {"count": 2}]
)
def test_a_measurement_of_something_else_is_not_used(change):
    assert estimate(deployment(), catalogue(measurement(**change)), DAY).sites[0].measured is None


def test_boxes_needed_grow_with_the_rate_and_carry_a_spare():
    few, many, spare = (
        estimate(deployment(objective=aim), catalogue(), DAY).sites[0]
        for aim in ({"rate": "1/s"}, {"rate": "100000/s"}, {"rate": "1/s", "availability": "99.9 %"})
    )
    assert (few.needed, few.declared) == (1, 1)
    assert (spare.needed, spare.declared) == (2, 1)
    assert many.needed is not None
    assert many.needed > 100
    assert many.declared == many.needed
    assert many.needed_range is not None
    assert many.needed_range[0] <= many.needed <= many.needed_range[1]


def test_declared_boxes_are_not_changed_and_are_judged():
    found = estimate(deployment(site(runtime={"replicas": 2}), objective={"rate": "100000/s"}), catalogue(), DAY)
    assert found.sites[0].declared == 2
    assert outcomes(found)["objective.rate"] == "cannot meet"


def test_a_part_onnxruntime_cannot_use_refuses_first():
    found = estimate(deployment(site("inferentia2", "eks"), caps={"cost": "1 USD/month"}), catalogue(), DAY)
    decides = binding(found.verdicts["line"])
    assert decides is not None
    assert (decides.finding, decides.outcome) == ("tier-refuses", Outcome.CANNOT)
    assert "neuronx-cc" in decides.reason


def test_a_type_the_part_does_not_do_refuses_too():
    found = estimate(deployment(site("qualcomm-ai100-pro")), catalogue(), DAY)
    assert "convert the model" in found.verdicts["line"][0].reason


def test_what_the_place_gives_is_judged_and_what_gives_way_first_is_named(tmp_path):
    from aiinfra.estimate.judge import throttles_first

    power = {"feed": "60 W", "cooling": "40 W", "hottest": "30 C"}
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        'sources: {sheet: {title: Sheet of the box, date: "2026-11-01"}}\n'
        "ambient: {jetson-orin-nano-super: {value: 35, source: sheet}}\n",
        encoding="utf-8",
    )
    known = additions.read(file, catalogue())
    assert outcomes(estimate(deployment(site(power=power)), catalogue(), DAY))["sites[0].power.hottest"] == "unproven"
    found = estimate(deployment(site(power=power)), known, DAY)
    got = outcomes(found)
    assert {key: got[f"sites[0].power.{key}"] for key in power} == {
        "feed": "meets",
        "cooling": "meets",
        "hottest": "meets",
    }
    first = throttles_first(found.verdicts["line"])
    assert first is not None
    assert first.key == "sites[0].power.hottest"
    hot = estimate(deployment(site(power={"hottest": "45 C"})), known, DAY)
    assert outcomes(hot)["sites[0].power.hottest"] == "cannot meet"


@pytest.mark.parametrize(
    ("limits", "key", "words"),
    [
        ({"power": {"cooling": "20 W"}}, "sites[0].power.cooling", "at 7W it draws 15.8 W and fits"),
        ({"power": {"feed": "10 W"}}, "sites[0].power.feed", "no power mode surely fits"),
        ({"caps": {"power": "28 W"}}, "caps.power", "at 15W it draws 23.8 W and fits"),
    ],
)
def test_a_box_that_draws_too_much_is_told_the_power_mode_that_fits(limits, key, words):
    caps = {"caps": limits["caps"]} if "caps" in limits else {}
    place = {"power": limits["power"]} if "power" in limits else {}
    found = estimate(deployment(site(tier={"power_mode": "25W"}, **place), **caps), catalogue(), DAY)
    verdict = next(v for v in found.verdicts["line"] if v.key == key)
    assert verdict.outcome is Outcome.CANNOT
    assert verdict.reason.endswith(words)


def test_the_coldest_air_is_never_passed_over_in_silence():
    found = estimate(deployment(site(power={"coldest": "-20 C", "feed": "60 W"})), catalogue(), DAY)
    assert outcomes(found)["sites[0].power.coldest"] == "unproven"
    assert "the supply trips, or the box resets" in text(found)


def test_training_has_a_budget_of_its_own_and_stops_nothing():
    def judged(**changes) -> Estimate:
        training = {"instance": "p5.48xlarge", "nodes": 2, "administrators": ["arn:aws:iam::111122223333:role/x"]}
        return estimate(deployment(training=training | changes), catalogue(), DAY)

    priced = judged(budget="90000 USD/month")
    assert priced.training is not None
    assert priced.training.cost.bounds[1] == pytest.approx(55.04 * 730 * 2 + 73)
    assert (priced.training.efa, priced.training.accelerators) == (32, 16)
    assert outcomes(priced, "training") == {"training.budget": "meets"}
    assert outcomes(judged(budget="80000 USD/month"), "training") == {"training.budget": "cannot meet"}
    for change in ({"instance": "p5e.48xlarge"}, {"capacity": {"spot": True}}, {"instance": "x9.large"}):
        unknown = judged(budget="10000000 USD/month", **change)
        assert outcomes(unknown, "training") == {"training.budget": "unproven"}
        assert {(f.id, f.severity.value) for f in unknown.findings() if f.path == "training.budget"} == {
            ("budget-unknown", "note")
        }
    passed = [f for f in judged(budget="80000 USD/month").findings() if f.path == "training.budget"]
    assert [(f.id, f.severity.value) for f in passed] == [("budget-passed", "warning")]
    assert judged(instance="p5e.48xlarge").cost.known is False


def test_a_cluster_that_is_there_already_costs_its_machines_alone():
    declared = load(ROOT / "tests" / "data" / "declarations" / "lent.yaml").deployment.plain()
    here = {**declared["cloud"], "region": "us-east-1", "zones": ["use1-az1"]}
    network = {"existing": {**declared["network"]["existing"]}}
    network["existing"]["zones"] = [{**network["existing"]["zones"][0], "zone": "use1-az1"}]
    found = estimate(deployment(cloud=here, network=network, training=declared["training"]), catalogue(), DAY)
    assert found.training is not None
    assert found.training.cost.bounds[1] == pytest.approx(10.49264 * 730 * 3)


def test_what_is_priced_and_what_is_not_is_counted():
    found = estimate(deployment(site("intel-n100")), catalogue(), DAY)
    assert (found.priced, found.billable) == (0, 2)
    assert "line: price of N100 (4x Gracemont) is unknown" in found.not_priced


@pytest.mark.parametrize("instance", ["p5.48xlarge", "p5e.48xlarge", "x9.large"])
@pytest.mark.parametrize("on", ["box", "eks", "hybrid"])
def test_what_is_priced_and_what_is_not_make_up_the_whole(instance: str, on: str):
    training = {"instance": instance, "nodes": 2, "administrators": ["arn:aws:iam::111122223333:role/x"]}
    found = estimate(deployment(site("l4", on), training=training), catalogue(), DAY)
    assert found.priced + len(found.not_priced) == found.billable
    assert found.priced >= 1


def test_old_sources_are_said_in_every_output():
    from datetime import date

    fresh = estimate(deployment(site("l4", "eks")), catalogue(), date(2025, 1, 1))
    old = estimate(deployment(site("l4", "eks")), catalogue(), date(2027, 8, 1))
    assert fresh.old == ()
    assert {source.name for source in old.old} >= {"aiconfigurator", "karpenter-prices"}
    assert "older than 180 days" in text(old)
    assert [f.id for f in old.findings() if f.severity.value == "warning"] == ["figures-old"]


def test_unproven_compiles_unless_measurements_are_required():
    found = estimate(deployment(objective={"availability": "99.99 %"}), catalogue(), DAY)
    assert {f.severity.value for f in found.findings() if f.id == "aim-unproven"} == {"note"}
    assert {f.severity.value for f in found.findings(require_measured=True) if f.id == "aim-unproven"} == {"error"}


def test_without_the_models_facts_nothing_is_guessed():
    from aiinfra.catalogue.catalogue import shipped

    found = estimate(deployment(objective={"rate": "5/s"}), shipped(), DAY)
    assert not found.sites[0].figures["latency"].known
    assert "aiinfra model inspect --write" in text(found)
    assert outcomes(found)["objective.rate"] == "unproven"


def test_work_that_could_not_be_counted_widens_the_range_one_way():
    whole, part = (
        estimate(deployment(), catalogue(counted=counted), DAY).sites[0].figures["latency"] for counted in (True, False)
    )
    assert part.bounds[0] == pytest.approx(whole.bounds[0])
    assert part.bounds[2] > 2 * whole.bounds[2]


def test_a_language_model_is_estimated_from_its_architecture():
    language = {
        "parameters": 8.03e9, "layers": 32, "hidden": 4096, "kv_heads": 8, "head_size": 128, "weights": "fp8",
        "prompt": 778, "answer": 128,
    }  # fmt: skip
    model = {"file": "llama", "language": language}
    big, small = (
        estimate(deployment(site(tier), model=model), catalogue(), DAY).sites[0].figures for tier in ("h100-sxm", "t4")
    )
    assert big["throughput"].known
    assert not small["throughput"].known
    assert not small["latency"].known
    assert big["first_token"].bounds[1] < big["latency"].bounds[1]
    assert big["latency"].bounds[1] == pytest.approx(
        big["first_token"].bounds[1] + 127 * big["next_token"].bounds[1], rel=1e-6
    )
    assert big["at_once"].bounds[1] > 100
    wanted = {"rate": "1/s", "p99": "2 s"}
    found = estimate(deployment(site("h100-sxm"), model=model, objective=wanted), catalogue(), DAY)
    tail = next(v for v in found.verdicts["line"] if v.key == "objective.p99")
    assert (tail.outcome, tail.proof[:43]) == (Outcome.UNPROVEN, "measure it with the engine on that hardware")
    late = estimate(deployment(site("h100-sxm"), model=model, objective=wanted | {"p99": "50 ms"}), catalogue(), DAY)
    assert outcomes(late)["objective.p99"] == "cannot meet"
    assert "until first token" in text(found)


def test_sites_in_a_file_are_put_in_before():
    d = deployment(site(rows="sites.csv"))
    assert estimate(d, catalogue(), DAY).sites[0].sites is None
    rows = {"line": (Row(name="a"), Row(name="b"), Row(name="c"))}
    assert estimate(with_rows(d, rows), catalogue(), DAY).sites[0].sites == 3
    with pytest.raises(BadInput, match=re.escape("the sites of line are in sites.csv")):
        with_rows(d, {})
