import json
from pathlib import Path

import pytest

from aiinfra.catalogue.accelerators import accelerators
from aiinfra.catalogue.figure import read_data
from aiinfra.errors import BadInput
from aiinfra.estimate.against import by, compare, score
from aiinfra.estimate.benchmarks import LANGUAGE, vision_or_text
from aiinfra.estimate.efficiency import latency_seconds
from aiinfra.estimate.fit_cases import conformal_factor, student_factor
from aiinfra.estimate.fitting import fit
from aiinfra.estimate.hosts import Host, node_power
from aiinfra.estimate.published import COLUMNS, estimate_row, find, read
from aiinfra.estimate.read import compare_file

FILE = Path(__file__).parent.parent / "data" / "mlperf_validation.csv"
ROWS = read(FILE.read_text(encoding="utf-8"), accelerators())


def test_the_work_of_the_benchmarks_follows_from_their_architectures():
    counted = {name: vision_or_text(name, "int8") for name in ("resnet50", "retinanet", "bert-99")}
    giga = {name: round(work.operations / 1e9, 1) for name, work in counted.items() if work}
    assert giga == {"resnet50": 8.2, "retinanet": 403.8, "bert-99": 111.9}
    assert counted["resnet50"] is not None
    assert counted["resnet50"].parameters == pytest.approx(25.5e6, rel=0.01)
    assert counted["resnet50"].layers == 54
    assert LANGUAGE["llama2-70b-99"].operations == pytest.approx(276e9, rel=0.01)


def test_shipped_coefficients_are_those_of_the_rows_marked_fit():
    shipped, fitted = json.loads(read_data("efficiency.json")), fit(ROWS)

    def same(a, b, path=""):
        assert type(a) is type(b), path
        if isinstance(a, dict):
            assert a.keys() == b.keys(), path
            for key in a:
                same(a[key], b[key], f"{path}.{key}")
        elif isinstance(a, list):
            for index, (x, y) in enumerate(zip(a, b, strict=True)):
                same(x, y, f"{path}[{index}]")
        else:
            assert a == pytest.approx(b, rel=1e-3, abs=1e-3), path

    same(shipped, fitted)


def test_the_fit_reads_no_row_that_is_held_out():
    from dataclasses import replace

    spoiled = [row if row.split == "fit" else replace(row, value=row.value * 7) for row in ROWS]
    assert fit(spoiled) == fit(ROWS)


def test_an_estimate_never_sees_the_value_it_is_compared_with():
    from dataclasses import replace

    for row in ROWS[::7]:
        assert estimate_row(row) == estimate_row(replace(row, value=row.value * 3))


def test_throughput_on_devices_held_out_keeps_what_it_reached():
    held = [r for r in compare(ROWS) if r.row.split == "holdout"]
    groups = by(held, lambda row: row.metric)
    found = score("throughput", groups["throughput_offline"])
    assert (found.rows, found.estimated) == (60, 60)
    assert found.mean < 0.12
    assert found.median < 0.10
    assert 0.85 <= found.covered <= 0.95
    assert found.half_width < 0.35
    assert found.mean < found.class_mean < found.naive
    power = score("power", groups["node_power_offline"])
    assert power.mean < 0.14
    assert power.covered >= 0.85
    assert power.half_width < 0.35
    assert power.mean < power.naive


def test_latency_of_one_item_on_devices_held_out_keeps_what_it_reached():
    held = [r for r in compare(ROWS) if r.row.split == "holdout" and r.row.metric == "latency_p90_batch1"]
    found = score("latency", held)
    assert (found.rows, found.estimated) == (18, 18)
    assert found.mean < 0.26
    assert found.covered >= 15 / 18
    assert found.half_width < 0.37
    assert found.mean < found.naive < found.class_mean


@pytest.mark.parametrize("times", [0.2, 0.5, 2.0, 5.0])
def test_a_device_unlike_the_one_that_was_published_has_a_wider_range(times):
    part = accelerators()["qualcomm-ai100-pro"]
    work, rate = vision_or_text("resnet50", "int8"), (part.rates["int8"].value or 0) * 1e12
    assert work is not None
    known, other = (latency_seconds(part, work, rate * scale, 0.0, 0.0) for scale in (1.0, times))
    assert known is not None
    assert other is not None
    assert other[1] > known[1]
    assert min(1.0, 1 / times) < other[0] / known[0] < max(1.0, 1 / times)
    low, high = (other[0] / other[1], other[0] * other[1])
    assert low < known[0] < high, "that a higher rate gains nothing is within the range"
    assert low < known[0] / times < high, "and that it gains all of it"


def test_one_core_reaches_more_of_its_rate_than_many_do_on_one_item_together():
    part = accelerators()["ryzen-7950x"]
    work, rate = vision_or_text("resnet50", "fp32"), (part.rates["fp32"].value or 0) * 1e12
    assert work is not None
    alone, shared = (latency_seconds(part, work, rate, 0.0, 0.0, cores=cores) for cores in (1, 16))
    assert alone is not None
    assert shared is not None
    assert shared[0] / alone[0] == pytest.approx(1 + 15 * 0.0309)


def test_the_fewer_devices_the_wider_the_range():
    errors = {name: [0.1, -0.1] for name in "abcdefgh"}
    some = {name: errors[name] for name in "abcde"}
    few = {name: errors[name] for name in "abcd"}
    assert student_factor(errors, 3) < student_factor(some, 3) < student_factor(few, 3)
    assert student_factor({"a": [0.0], "b": [0.0]}, 1) == 1.15


def test_watts_of_a_host_seen_once_are_surer_the_more_cards_it_holds():
    factors = [node_power(72.0, count, Host.EDGE_BOX).factor for count in (1, 2, 8)]
    assert factors == sorted(factors, reverse=True)
    assert factors[0] > factors[-1] >= 1.15


def test_every_row_that_has_no_estimate_is_one_whose_figures_are_unknown():
    missing = {r.row.name for r in compare(ROWS) if r.guess is None}
    assert missing == {"QUALCOMM Cloud AI 100 PCIe/HHHL Lite", "MLSOC DualM.2", "RTX2000EAda"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("NVIDIA L4",), "l4"),
        (("nvidia l40s",), "l40s"),
        (("AMD Instinct MI300X-NPS1-SPX-192GB-750W-extra",), "mi300x"),
        (("N/A", "", "Intel(R) Xeon(R) Platinum 8480+ CPU @ 2.00GHz"), "xeon-sapphire-rapids"),
        (("", "h100-sxm", ""), "h100-sxm"),
        (("", "Teapot", "Kettle"), None),
    ],
)
def test_a_result_is_matched_by_name_or_alias(names, expected):
    part = find(names, accelerators())
    assert (part.name if part else None) == expected


HEAD = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "columns are missing: split, metric"),
        (f"{HEAD}\nfit,speed,T4,1,s,NVIDIA T4,c,resnet50,5,int8\n", "metric 'speed'"),
        (f"{HEAD}\nfit,throughput_offline,T4,1,s,NVIDIA T4,c,resnet50,fast,int8\n", "line 2: value 'fast'"),
        (f"{HEAD}\nfit,throughput_offline,T4,1,s,NVIDIA T4,c,resnet50,-5,int8\n", "more than zero"),
        (f"{HEAD}\nfit,throughput_offline,T4,1\n", "line 2"),
    ],
)
def test_results_that_do_not_read_are_told_by_line(text, reason):
    with pytest.raises(BadInput, match=reason):
        read(text, accelerators(), "results.csv")


def test_an_unknown_benchmark_has_no_estimate_but_does_not_stop_the_others(tmp_path):
    file = tmp_path / "r.csv"
    rows = [
        "fit,throughput_offline,T4,1,s,NVIDIA T4,c,unet,5,int8",
        "fit,throughput_offline,,2,s,NVIDIA L4,c,resnet50,2e4,int8",
    ]
    file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    results, scores = compare_file(file, None, "")
    assert [result.guess is None for result in results] == [True, False]
    assert scores[0].estimated == 1


def test_a_range_over_few_devices_is_their_worst():
    assert conformal_factor({"a": [0.1], "b": [0.3], "c": [-0.2]}) == pytest.approx(1.35, abs=0.001)
    assert conformal_factor({"a": [0.01]}) == 1.15
