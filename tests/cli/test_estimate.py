"""What the commands print on the examples, as a person reads it, and how they answer bad input."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aiinfra.cli import group
from tests.goldens import check_golden

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ("factory", "fraud", "hospital", "junction")
DAY = "2026-11-21"


def run(*words: str) -> Result:
    return CliRunner().invoke(group, words, standalone_mode=False, catch_exceptions=False)


@pytest.mark.parametrize("name", EXAMPLES)
def test_estimate_of_an_example(name: str, update_golden: bool) -> None:
    found = run("estimate", str(ROOT / "examples" / name), "--as-of", DAY)
    check_golden(f"estimate/{name}.txt", found.stdout, update=update_golden)


@pytest.mark.parametrize("name", EXAMPLES)
def test_tiers_of_an_example(name: str, update_golden: bool) -> None:
    found = run("tiers", str(ROOT / "examples" / name), "--as-of", DAY)
    check_golden(f"tiers/{name}.txt", found.stdout, update=update_golden)


def test_the_picture_of_an_example(tmp_path: Path, update_golden: bool) -> None:
    file = tmp_path / "tiers.svg"
    run("tiers", str(ROOT / "examples/junction"), "--as-of", DAY, "--picture", str(file))
    check_golden("tiers/junction.svg", file.read_text(encoding="utf-8"), update=update_golden)


def test_the_error_table(update_golden: bool) -> None:
    found = run("estimate", "--against", str(ROOT / "tests/data/mlperf_validation.csv"), "--rows")
    check_golden("estimate/published.txt", found.stdout, update=update_golden)


def test_rows_of_the_error_table_as_data() -> None:
    found = run("estimate", "--against", str(ROOT / "tests/data/mlperf_validation.csv"), "--json", "--split", "holdout")
    document = json.loads(found.stdout)
    assert document["schema"] == "aiinfra.estimate-against/1"
    assert len(document["data"]["rows"]) == 108
    row = document["data"]["rows"][0]
    assert {"value", "estimate", "low", "high", "error", "device", "class"} <= row.keys()
    assert row["low"] <= row["estimate"] <= row["high"]


def test_json_of_an_estimate_and_of_tiers() -> None:
    folder = str(ROOT / "examples/junction")
    document = json.loads(run("estimate", folder, "--as-of", DAY, "--json").stdout)
    assert document["data"]["sites"][0]["figures"]["throughput"]["unit"] == "/s"
    assert document["data"]["as_of"] == DAY
    tiers = json.loads(run("tiers", folder, "--as-of", DAY, "--json").stdout)
    assert tiers["data"][0]["tiers"][0]["figures"]["cost"]["value"] > 0


def test_a_price_list_is_added_and_used(tmp_path: Path) -> None:
    target = tmp_path / "catalogue.yaml"
    shown = run("catalogue", "add", str(ROOT / "tests/data/price-list-eu-central-1.csv"), "--to", str(target)).stdout
    assert "prices/AmazonEC2-eu-central-1.json: 3 prices" in shown
    assert "1.006 USD/hour" in run("catalogue", "diff", str(target)).stdout
    assert "current/eu-central-1/index.csv" in run("catalogue", "add", "--region", "eu-central-1").stdout


def test_the_catalogue_commands() -> None:
    assert "jetson-orin-nano-super" in run("catalogue", "list").stdout
    assert "p5.48xlarge" in run("catalogue", "list", "instances").stdout
    assert "confidence high" in run("catalogue", "show", "l4", "--as-of", DAY).stdout
    assert "figures" in run("catalogue", "check", "--as-of", DAY).stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("estimate", "nowhere"), "declaration-missing"),
        (("estimate", "examples/junction", "--as-of", "soon"), "date-invalid"),
        (("estimate", "--against", "nowhere.csv"), "published-invalid"),
        (("tiers", "examples/junction", "--class", "press-lin"), "class-unknown"),
        (("tiers", "examples/junction", "--by", "price"), "criterion-unknown"),
        (("tiers", "examples/junction", "--picture", "x.jpg"), "picture-suffix"),
        (("catalogue", "show", "l5"), "catalogue-unknown"),
        (("catalogue", "list", "chips"), "catalogue-kind"),
        (("catalogue", "add"), "files-or-region"),
        (("catalogue", "add", "--region", "mars-1"), "region-unknown"),
        (("catalogue", "add", "nowhere.csv"), "price-list-invalid"),
        (("catalogue", "diff", "nowhere.yaml"), "catalogue-invalid"),
        (("calibrate", "nowhere.onnx", "--tier", "cpu-x86-64"), "model-missing"),
        (("calibrate", "examples/junction/bearing.onnx", "--tier", "cpu-x86"), "tier-unknown"),
    ],
)
def test_bad_input_is_told_with_a_code_and_a_fix(words: tuple[str, ...], code: str, monkeypatch) -> None:
    from aiinfra.errors import BadInput

    monkeypatch.chdir(ROOT)
    with pytest.raises(BadInput) as caught:
        run(*words)
    assert caught.value.code == code
    assert caught.value.remedy
