import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.estimate import picture
from aiinfra.estimate.read import choose as choose_declared
from aiinfra.estimate.read import read_declared
from aiinfra.estimate.tiers import CRITERIA, candidates, data, old_sources, possible, text
from aiinfra.estimate.verdict import Outcome

from .deployments import DAY, catalogue, deployment, site

AIM = {"rate": "20/s", "p99": "100 ms"}


def choose(*sites, by="cost", **changes):
    d = deployment(*sites, **({"objective": AIM} | changes))
    return d, candidates(d, d.sites[0], catalogue(), DAY, by=by)


@pytest.mark.parametrize("by", CRITERIA)
def test_tiers_that_meet_come_first_and_the_least_first_of_those(by):
    _, found = choose(by=by)
    order = [Outcome.MEETS, Outcome.UNPROVEN, Outcome.CANNOT]
    assert [order.index(one.outcome) for one in found] == sorted(order.index(one.outcome) for one in found)
    for outcome in order:
        values = [one.figure(by) for one in found if one.outcome is outcome]
        known = [value for value in values if value is not None]
        assert known == sorted(known)
        assert values[: len(known)] == known  # unknown last


def test_an_edge_site_is_offered_edge_parts_and_its_own_and_each_power_mode():
    _, found = choose()
    labels = {one.label for one in found}
    assert {"jetson-orin-nano-super@15W", "raspberry-pi-5", "cpu-arm64"} <= labels
    assert "h100-sxm" not in labels
    assert [one.label for one in found if one.declared] == ["jetson-orin-nano-super@25W"]
    assert "h100-sxm" in {one.label for one in choose(site("h100-sxm"))[1]}


def test_eks_is_offered_what_an_instance_holds():
    labels = {one.label for one in choose(site("l4", "eks"))[1]}
    assert {"l4", "t4", "h100-sxm", "xeon-sapphire-rapids, 4 cores"} <= labels
    assert "jetson-orin-nano-super@15W" not in labels


def test_the_declared_tier_is_judged_as_in_the_estimate():
    from aiinfra.estimate.estimate import estimate

    d, found = choose()
    own = next(one for one in found if one.declared)
    whole = estimate(d, catalogue(), DAY)
    assert own.verdicts == whole.verdicts["line"]
    assert own.estimate == whole.sites[0]


def test_the_list_says_why_each_other_fails_and_what_would_prove_the_unproven():
    _, found = choose(caps={"power": "30 W"})
    lines = text("line", found, "cost", DAY).splitlines()
    for one in found:
        if one.outcome is not Outcome.MEETS:
            index = next(i for i, line in enumerate(lines) if f" {one.label} " in f"{line} ".replace(" *", " "))
            assert one.decides is not None
            assert one.decides.reason in lines[index + 1]
    assert any("to prove: measure it on the real box: aiinfra calibrate" in line for line in lines)
    assert data("line", found, DAY)["tiers"][0]["outcome"] == found[0].outcome.value


def test_no_tier_at_all_is_said():
    _, found = choose(caps={"power": "1 mW"})
    assert not possible(found)


def test_an_unknown_criterion_is_refused():
    with pytest.raises(BadInput, match="no criterion 'costs'; did you mean 'cost'"):
        choose(by="costs")


def test_the_picture_is_well_formed_the_same_every_time_and_holds_every_tier():
    d, found = choose(caps={"cost": "60 USD/month"})
    drawing = picture.svg(d, "line", found, DAY)
    assert drawing == picture.svg(d, "line", found, DAY)
    root = ET.fromstring(drawing)
    names = {"s": "http://www.w3.org/2000/svg"}
    words = " ".join(element.text or "" for element in root.iter())
    drawn = [one for one in found if one.figure("cost") and one.figure("latency")]
    dots = [c for c in root.findall("s:circle", names) if c.find("s:title", names) is not None]
    assert len(dots) == len(drawn)
    for dot in dots:
        assert picture.LEFT <= float(dot.get("cx", 0)) <= picture.RIGHT
        assert picture.TOP <= float(dot.get("cy", 0)) <= picture.BOTTOM
    for one in drawn:
        assert one.label in words
    assert "p99 100 ms" in words
    assert "cap 60 USD/month" in words
    assert "not drawn" in words


def test_the_page_escapes_what_it_shows():
    d, found = choose()
    page = picture.html(d.model_copy(update={"name": "<b>x</b>"}), "line", found, DAY)
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x" in page
    assert page.count("<tr>") == len(found) + 1


def test_a_picture_of_nothing_is_still_one():
    d, _ = choose()
    ET.fromstring(picture.svg(d, "line", (), DAY))


def test_a_png_without_its_program_says_what_to_install(monkeypatch):
    def missing(name: str):
        raise ImportError(name)

    monkeypatch.setattr(picture, "import_module", missing)
    with pytest.raises(AiinfraError) as caught:
        picture.png("<svg/>")
    assert caught.value.code == "picture-needs-extra"
    assert "aiinfra[picture]" in caught.value.remedy


def test_the_unproven_come_in_the_order_of_what_is_known_and_say_what_would_prove_each() -> None:
    model = {
        "file": "llama",
        "language": {
            "parameters": 8_000_000_000,
            "layers": 32,
            "hidden": 4096,
            "kv_heads": 8,
            "head_size": 128,
            "prompt": 700,
            "answer": 100,
        },
    }
    declared = deployment(site("jetson-agx-orin-64", "k3s"), model=model, objective={"rate": "2/s"})
    found = candidates(declared, declared.sites[0], catalogue(), DAY)
    unproven = [one for one in found if one.outcome is Outcome.UNPROVEN]
    known = [one.estimate.figures["throughput"].known for one in unproven]
    assert known == sorted(known, reverse=True)
    assert known[0]
    hailo = next(one for one in found if one.tier == "hailo-8l")
    assert hailo.outcome is Outcome.CANNOT
    assert hailo.decides is not None
    assert hailo.decides.finding == "tier-refuses"
    shown = text("line", found, "cost", DAY)
    assert f"{len(unproven)} unproven" in shown.splitlines()[0]
    for one in unproven:
        start = shown.index(f" {one.label}")
        assert "to prove: " in shown[start : shown.index("\n", shown.index("\n", start) + 1)]


def test_only_sources_of_tiers_that_can_be_chosen_are_told_as_old() -> None:
    declared = deployment(site("intel-n100"), objective={"rate": "1/s"}, caps={"power": "26 W"})
    found = candidates(declared, declared.sites[0], catalogue(), DAY)
    told = {source.title for source in old_sources(found, DAY)}
    gone = {one.tier for one in found if one.outcome is Outcome.CANNOT}
    assert "rtx-4090" in gone
    assert not any("RTX 4090" in title for title in told)
    assert any("N100" in title for title in told)
    assert not any("Xeon" in title for title in told)


def test_a_tier_without_a_price_that_may_be_chosen_is_drawn_above_the_others() -> None:
    _, found = choose()
    open_ = [
        one for one in found if one.figure("latency") and not one.figure("cost") and one.outcome is Outcome.UNPROVEN
    ]
    assert open_
    d = deployment(site(), objective=AIM)
    drawing = picture.svg(d, "line", found, DAY)
    root = ET.fromstring(drawing)
    names = {"s": "http://www.w3.org/2000/svg"}
    hovers = {
        (title.text or "").partition(":")[0]: float(dot.get("cy", 0))
        for dot in root.findall("s:circle", names)
        if (title := dot.find("s:title", names)) is not None
    }
    for one in open_:
        assert hovers[one.label] == picture.TOP + picture.STRIP / 2
    assert ">unknown</text>" in drawing


def test_a_limit_far_from_every_tier_is_named_at_the_edge() -> None:
    _, found = choose()
    far = deployment(site(), objective={"rate": "1/s", "p99": "30 min"})
    drawing = picture.svg(far, "line", found, DAY)
    assert "p99 30 min \u2192" in drawing
    assert 'stroke-dasharray="5 4"' not in drawing


def test_the_declared_tier_costs_what_the_estimate_says_on_a_cluster_that_is_declared() -> None:
    folder = Path(__file__).parent.parent.parent / "examples/fraud"
    (choice,) = choose_declared(folder, "production", DAY.isoformat(), None)
    declared = next(one for one in choice.found if one.declared)
    found = read_declared(folder, "production", None).estimate(DAY)
    assert declared.estimate == found.sites[0]
    others = [one for one in choice.found if not one.declared and one.tier == "xeon-sapphire-rapids"]
    assert all(one.estimate.figures["cost"].known for one in others)


def test_a_cap_on_the_whole_deployment_counts_all_classes() -> None:
    caps = {"power": "60 W", "scope": "deployment"}
    second = site("jetson-orin-nano-super", tier={"power_mode": "25W"}) | {"class": "second"}
    d = deployment(site(tier={"power_mode": "7W"}), second, objective=AIM, caps=caps)
    found = candidates(d, d.sites[0], catalogue(), DAY)
    strongest = next(one for one in found if one.label == "jetson-orin-nano-super@MAXN_SUPER")
    assert strongest.outcome is Outcome.CANNOT  # 33.8 W alone would be within it
