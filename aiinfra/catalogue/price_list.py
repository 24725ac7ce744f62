"""Reads AWS's public price list (the offer file of one service and region, JSON): on-demand prices."""

import json
from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class Prices:
    """What an offer file holds of the catalogue's things."""

    instances: Mapping[tuple[str, str], Figure]
    """(instance type, region) -> USD an hour."""
    services: Mapping[tuple[str, str], Figure]
    """(name of a service's price, region) -> USD a unit."""


def read_price_list(path: Path, services: Mapping[str, Service]) -> Prices:
    """The prices of one offer file.

    Raises:
        BadInput: ``price-list-invalid`` where it is not such a file, or holds no price that the catalogue knows.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        published = date.fromisoformat(document["publicationDate"][:10])
        offer = str(document.get("offerCode", "AmazonEC2"))
        source = Source(f"price-list-{path.stem}", f"AWS price list {offer}, {path.name}", published, Kind.VENDOR)
        offers = document["terms"]["OnDemand"]
        wanted = [service for service in services.values() if service.offer == offer and service.usage]
        rows = [
            (product.get("attributes", {}), offers.get(sku, {}), source)
            for sku, product in document["products"].items()
        ]
        found = Prices(dict(_instances(rows)), dict(_services(rows, wanted)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(path, f"{type(error).__name__}: {error}") from None
    if not found.instances and not found.services:
        raise _invalid(path, "it holds no on-demand price of an instance with Linux, or of a service in the catalogue")
    return found


_Row = tuple[Mapping[str, Any], Mapping[str, Any], Source]


def _instances(rows: list[_Row]) -> Iterator[tuple[tuple[str, str], Figure]]:
    for attributes, terms, source in rows:
        plain = all(attributes.get(key) == value for key, value in _WANTED.items())
        if plain and "instanceType" in attributes and "regionCode" in attributes:
            price = _price(terms, "Hrs")
            if price is not None:
                place = (attributes["instanceType"], attributes["regionCode"])
                yield place, Figure(price, "USD/hour", source, Confidence.HIGH)


def _services(rows: list[_Row], wanted: list[Service]) -> Iterator[tuple[tuple[str, str], Figure]]:
    for attributes, terms, source in rows:
        usage, region = str(attributes.get("usagetype", "")), attributes.get("regionCode")
        for service in wanted:
            same = usage == service.usage or usage.endswith(f"-{service.usage}")
            if region and same and service.operation in ("", attributes.get("operation")):
                price = _price(terms)
                if price is not None:
                    yield (service.name, region), Figure(price, f"USD/{service.unit}", source, Confidence.HIGH)


def _price(terms: Mapping[str, Any], unit: str = "") -> float | None:
    """USD of the first tier that is not free."""
    found: list[tuple[float, float]] = []
    for term in terms.values():
        for dimension in term.get("priceDimensions", {}).values():
            price = float(dimension.get("pricePerUnit", {}).get("USD", 0))
            if price > 0 and unit in ("", dimension.get("unit")):
                found.append((float(dimension.get("beginRange") or 0), price))
    return min(found)[1] if found else None


def _invalid(path: Path, reason: str) -> BadInput:
    return BadInput(
        "price-list-invalid",
        f"{path}: not an AWS price list that can be used ({reason})",
        "take the region's offer file of the service (AmazonEC2, AmazonVPC, ...) from AWS's price list, as JSON",
    )
