"""AWS's public price list in its own two forms."""

import json
from pathlib import Path

import pytest

from aiinfra.catalogue.catalogue import shipped
from aiinfra.catalogue.price_list import as_document, read_price_list
from aiinfra.errors import BadInput

CSV = Path(__file__).parent.parent / "data/price-list-eu-central-1.csv"
SERVICES = shipped().services


def test_the_csv_gives_plain_on_demand_prices_alone():
    found = read_price_list(CSV, SERVICES)
    assert {key: figure.value for key, figure in found.instances.items()} == {("g6.xlarge", "eu-central-1"): 1.006}
    services = {key: figure.value for key, figure in found.services.items()}
    assert services == {("nat-gateway", "eu-central-1"): 0.052, ("ebs-gp3", "eu-central-1"): 0.0952}
    source = found.instances["g6.xlarge", "eu-central-1"].source
    assert (source.title, source.date.isoformat()) == (
        "AWS price list AmazonEC2, price-list-eu-central-1.csv",
        "2026-11-14",
    )


def test_what_is_kept_of_it_reads_the_same(tmp_path: Path):
    found = read_price_list(CSV, SERVICES)
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(as_document(found)))
    again = read_price_list(kept, SERVICES)
    assert {key: one.value for key, one in again.instances.items()} == {
        key: one.value for key, one in found.instances.items()
    }
    assert {key: one.value for key, one in again.services.items()} == {
        key: one.value for key, one in found.services.items()
    }
    assert again.published == found.published


def test_the_first_tier_that_is_not_free_counts(tmp_path: Path):
    price = {"unit": "GB-Mo", "pricePerUnit": {"USD": "0"}, "beginRange": "0", "endRange": "5"}
    tiers = {
        "free": price,
        "more": price | {"beginRange": "51200", "pricePerUnit": {"USD": "0.0235"}},
        "first": price | {"beginRange": "5", "pricePerUnit": {"USD": "0.0245"}},
    }
    document = {
        "offerCode": "AmazonS3",
        "publicationDate": "2026-11-10T00:00:00Z",
        "products": {"A": {"attributes": {"regionCode": "eu-central-1", "usagetype": "EUC1-TimedStorage-ByteHrs"}}},
        "terms": {"OnDemand": {"A": {"A.T": {"priceDimensions": tiers}}}},
    }
    (tmp_path / "s3.json").write_text(json.dumps(document))
    found = read_price_list(tmp_path / "s3.json", SERVICES)
    assert found.services["s3-storage", "eu-central-1"].value == 0.0245


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n", '"FormatVersion","v1.0"\n' * 6, CSV.read_text(encoding="utf-8").replace("OnDemand", "Reserved")],
)
def test_a_csv_without_prices_is_told(tmp_path: Path, text: str):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(BadInput) as caught:
        read_price_list(tmp_path / "x.csv", SERVICES)
    assert caught.value.code == "price-list-invalid"
