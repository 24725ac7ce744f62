"""`aiinfra catalogue add`: AWS's prices, kept small beside the user's file."""

import json
from datetime import date
from pathlib import Path

import pytest

from aiinfra.catalogue.adding import add, addresses, with_lists
from aiinfra.catalogue.additions import read
from aiinfra.errors import BadInput

CSV = Path(__file__).parent.parent / "data/price-list-eu-central-1.csv"
DAY = date(2026, 11, 21)
SPOT = {
    "SpotPriceHistory": [
        {
            "AvailabilityZone": zone,
            "InstanceType": "g6.xlarge",
            "ProductDescription": system,
            "SpotPrice": price,
            "Timestamp": f"2026-11-{day}T01:02:03+00:00",
        }
        for zone, system, price, day in (
            ("eu-central-1a", "Linux/UNIX", "0.400000", 18),
            ("eu-central-1b", "Linux/UNIX", "0.500000", 20),
            ("eu-central-1a", "Linux/UNIX", "0.420000", 19),
            ("eu-central-1a", "Windows", "0.900000", 20),
        )
    ]
}
BLOCK = {
    "CapacityBlockOfferings": [
        {
            "CapacityBlockOfferingId": "cb-0123456789abcdef0",
            "InstanceType": "p5.48xlarge",
            "AvailabilityZone": "us-east-1a",
            "InstanceCount": 2,
            "CapacityBlockDurationHours": 24,
            "UpfrontFee": "1510.27",
            "CurrencyCode": "USD",
        }
    ]
}


def test_another_regions_prices_are_one_command(tmp_path: Path):
    target = tmp_path / "catalogue.yaml"
    (kept,) = add([CSV], target, DAY)
    assert (kept.file, kept.figures) == ("prices/AmazonEC2-eu-central-1.json", 3)
    assert target.read_text() == "price_lists: [prices/AmazonEC2-eu-central-1.json]\n"
    found = read(target)
    assert found.instances["g6.xlarge"].price("eu-central-1").value == 1.006
    assert found.services["ebs-gp3"].price("eu-central-1").value == 0.0952
    add([CSV], target, DAY)
    assert target.read_text().count("AmazonEC2") == 1


def test_spot_prices_are_the_range_of_what_they_were(tmp_path: Path):
    (tmp_path / "spot.json").write_text(json.dumps(SPOT, indent=4))
    target = tmp_path / "catalogue.yaml"
    add([tmp_path / "spot.json"], target, DAY)
    price = read(target).instances["g6.xlarge"].spot_price("eu-central-1")
    assert (price.value, price.range) == (0.42, (0.4, 0.5))
    assert price.source.date == date(2026, 11, 20)


def test_an_offer_of_a_capacity_block_is_as_of_the_day_it_was_asked(tmp_path: Path):
    (tmp_path / "blocks.json").write_text(json.dumps(BLOCK))
    target = tmp_path / "catalogue.yaml"
    add([tmp_path / "blocks.json"], target, DAY)
    fee = read(target).blocks["cb-0123456789abcdef0"]
    assert (fee.value, fee.source.date) == (1510.27, DAY)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "price_lists: [a.json]\n"),
        ("# ours\nsources: {}", "# ours\nsources: {}\nprice_lists: [a.json]\n"),
        ("price_lists: [b.json]  # these\nhardware: {}\n", "price_lists: [b.json, a.json]  # these\nhardware: {}\n"),
        ("price_lists: []\n", "price_lists: [a.json]\n"),
        ("price_lists:\n  - b.json\n", "price_lists:\n  - a.json\n  - b.json\n"),
        ("price_lists: [a.json]\n", "price_lists: [a.json]\n"),
    ],
)
def test_the_users_text_stays_as_it_is(before: str, after: str):
    assert with_lists(before, ["a.json"], "catalogue.yaml") == after


def test_a_list_written_in_a_way_that_is_not_edited_is_told():
    with pytest.raises(BadInput, match="not edited here") as caught:
        with_lists("price_lists: [\n  b.json,\n]\n", ["a.json"], "catalogue.yaml")
    assert "a.json" in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        '{"SpotPriceHistory": [{"InstanceType": "x"}]}',
        '{"SpotPriceHistory": []}',
        '{"CapacityBlockOfferings": [{"CapacityBlockOfferingId": "cb-0", "UpfrontFee": "much"}]}',
        '{"SpotPriceHistory": 5',
    ],
)
def test_an_answer_that_does_not_hold_is_told_and_nothing_is_written(tmp_path: Path, text: str):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(BadInput) as caught:
        add([CSV, tmp_path / "x.json"], tmp_path / "catalogue.yaml", DAY)
    assert caught.value.code == "price-list-invalid"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.json"]


def test_addresses_of_a_region():
    found = addresses("eu-central-1")
    assert found["AmazonEC2"].endswith("/aws/AmazonEC2/current/eu-central-1/index.csv")
    assert "AmazonEKS" in found
    with pytest.raises(BadInput, match="did you mean 'eu-central-1'"):
        addresses("eu-centrl-1")
    with pytest.raises(BadInput, match="partition"):
        addresses("cn-north-1")
