"""Reads AWS's public price list (the offer file of one service and region, CSV or JSON): on-demand prices.

The CSV is read line by line, since the file of EC2 holds hundreds of megabytes; JSON is read whole.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from aiinfra.catalogue.figure import Confidence, Figure, Kind, Source
from aiinfra.catalogue.services import Service
from aiinfra.errors import BadInput

_WANTED: Final = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}
"""What one plain on-demand price has in its attributes, so that no licence, reservation or dedicated host gets in."""

_COLUMNS: Final = {
    "Region Code": "regionCode",
    "Instance Type": "instanceType",
    "Operating System": "operatingSystem",
    "Tenancy": "tenancy",
    "Pre Installed S/W": "preInstalledSw",
    "CapacityStatus": "capacitystatus",
    "MarketOption": "marketoption",
    "usageType": "usagetype",
    "operation": "operation",
}
"""Column of the CSV -> attribute of the JSON."""


@dataclass(frozen=True, slots=True)
class Row:
    """One price of one product."""

    sku: str
    attributes: Mapping[str, str]
    usd: float
    unit: str
    begin: float
    """From how many units on this price holds."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer file; its rows can be read once."""

    code: str
    """The service: ``AmazonEC2``."""
    published: date
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class Prices:
    """What an offer file holds of the catalogue's things."""

    instances: Mapping[tuple[str, str], Figure]
    """(instance type, region) -> USD an hour."""
    services: Mapping[tuple[str, str], Figure]
    """(name of a service's price, region) -> USD a unit."""
    rows: tuple[Row, ...]
    """The rows they were read from."""
    offer: str
    published: date


def read_price_list(path: Path, services: Mapping[str, Service], only: Iterable[str] = ()) -> Prices:
    """The prices of one offer file: of the instances in ``only`` (empty: all) and of ``services``.

    Raises:
        BadInput: ``price-list-invalid`` where it is not such a file, or holds no price that the catalogue knows.
    """
    try:
        offer = _csv(path) if path.suffix == ".csv" else _json(path)
        wanted = [service for service in services.values() if service.offer == offer.code and service.usage]
        kept = _first_that_costs(offer.rows, wanted, frozenset(only))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise _invalid(path, f"{type(error).__name__}: {error}") from None
    if not kept:
        raise _invalid(path, "it holds no on-demand price of an instance with Linux, or of a service in the catalogue")
    source = Source(
        f"price-list-{path.stem}", f"AWS price list {offer.code}, {path.name}", offer.published, Kind.VENDOR
    )

    def figure(row: Row, unit: str) -> Figure:
        return Figure(row.usd, f"USD/{unit}", source, Confidence.HIGH)

    return Prices(
        {(name, region): figure(row, "hour") for (group, name, region), row in kept.items() if group == "instance"},
        {
            (name, region): figure(row, services[name].unit)
            for (group, name, region), row in kept.items()
            if group == "service"
        },
        tuple(kept.values()),
        offer.code,
        offer.published,
    )


_Key = tuple[str, str, str]


def _first_that_costs(rows: Iterable[Row], wanted: list[Service], only: frozenset[str]) -> dict[_Key, Row]:
    """The first tier that is not free, of each thing the catalogue knows: (instance or service, name, region)."""
    kept: dict[_Key, Row] = {}
    for row in rows:
        region = row.attributes.get("regionCode")
        if row.usd <= 0 or not region:
            continue
        for group, name in _things(row, wanted, only):
            key = (group, name, region)
            if key not in kept or row.begin < kept[key].begin:
                kept[key] = row
    return kept


def _things(row: Row, wanted: list[Service], only: frozenset[str]) -> Iterator[tuple[str, str]]:
    attributes = row.attributes
    instance = attributes.get("instanceType")
    plain = row.unit == "Hrs" and all(attributes.get(key) == value for key, value in _WANTED.items())
    if instance and plain and attributes.get("marketoption") in (None, "", "OnDemand"):
        if not only or instance in only:
            yield "instance", instance
        return
    usage = attributes.get("usagetype") or ""
    for service in wanted:
        same = usage == service.usage or usage.endswith(f"-{service.usage}")
        if same and service.operation in ("", attributes.get("operation")):
            yield "service", service.name


def _json(path: Path) -> Offer:
    document = json.loads(path.read_text(encoding="utf-8"))
    terms = document["terms"]["OnDemand"]
    return Offer(
        str(document.get("offerCode", "AmazonEC2")),
        date.fromisoformat(document["publicationDate"][:10]),
        _json_rows(document["products"], terms),
    )


def _json_rows(products: Mapping[str, Any], terms: Mapping[str, Any]) -> Iterator[Row]:
    for sku, product in products.items():
        for term in terms.get(sku, {}).values():
            for dimension in term.get("priceDimensions", {}).values():
                usd = float(dimension.get("pricePerUnit", {}).get("USD", 0))
                begin, unit = float(dimension.get("beginRange") or 0), str(dimension.get("unit", ""))
                yield Row(sku, product.get("attributes", {}), usd, unit, begin)


def _csv(path: Path) -> Offer:
    with path.open(encoding="utf-8", newline="") as file:
        head = {row[0]: row[1] for row in (next(csv.reader([file.readline()])) for _ in range(5)) if len(row) > 1}
    return Offer(head["OfferCode"], date.fromisoformat(head["Publication Date"][:10]), _csv_rows(path))


def _csv_rows(path: Path) -> Iterator[Row]:
    """The rows after five lines about the file."""
    with path.open(encoding="utf-8", newline="") as file:
        for _ in range(5):
            file.readline()
        for raw in csv.DictReader(file):
            if raw.get("TermType") == "OnDemand" and raw.get("Currency") == "USD":
                attributes = {key: raw[column] for column, key in _COLUMNS.items() if raw.get(column)}
                begin = float(raw.get("StartingRange") or 0)
                yield Row(raw["SKU"], attributes, float(raw["PricePerUnit"] or 0), raw.get("Unit") or "", begin)


def as_document(found: Prices) -> dict[str, Any]:
    """The rows that were used alone, in the shape of AWS's JSON: what ``aiinfra catalogue add`` keeps."""
    products: dict[str, Any] = {}
    terms: dict[str, Any] = {}
    for row in found.rows:
        products[row.sku] = {"attributes": dict(row.attributes)}
        price = {"unit": row.unit, "beginRange": f"{row.begin:g}", "pricePerUnit": {"USD": f"{row.usd:.10g}"}}
        terms[row.sku] = {f"{row.sku}.on-demand": {"priceDimensions": {f"{row.sku}.price": price}}}
    return {
        "offerCode": found.offer,
        "publicationDate": found.published.isoformat(),
        "products": dict(sorted(products.items())),
        "terms": {"OnDemand": dict(sorted(terms.items()))},
    }


def _invalid(path: Path, reason: str) -> BadInput:
    return BadInput(
        "price-list-invalid",
        f"{path}: not an AWS price list that can be used ({reason})",
        "take the region's offer file of the service from AWS's price list: aiinfra catalogue add --region REGION",
    )
