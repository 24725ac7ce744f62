"""Reads AWS's public price list of EC2 (the offer file of one region, JSON): on-demand Linux prices an hour."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from aiinfra.catalogue.figure import Confidence, Figure, Kind, Source
from aiinfra.errors import BadInput

_WANTED: Final = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}
"""What one plain on-demand price has in its attributes, so that no licence, reservation or dedicated host gets in."""


def read_price_list(path: Path) -> Mapping[tuple[str, str], Figure]:
    """(instance type, region) -> USD an hour.

    Raises:
        BadInput: ``price-list-invalid`` where it is not such a file, or holds no plain on-demand price.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        published = date.fromisoformat(document["publicationDate"][:10])
        products, offers = document["products"], document["terms"]["OnDemand"]
        title = f"AWS price list {document.get('offerCode', 'AmazonEC2')}, {path.name}"
        source = Source(f"price-list-{path.stem}", title, published, Kind.VENDOR)
        found = {
            (product["attributes"]["instanceType"], product["attributes"]["regionCode"]): Figure(
                price, "USD/hour", source, Confidence.HIGH
            )
            for sku, product in products.items()
            if _plain(product) and (price := _hourly(offers.get(sku, {}))) is not None
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(path, f"{type(error).__name__}: {error}") from None
    if not found:
        raise _invalid(path, "it holds no on-demand Linux price")
    return found


def _plain(product: Mapping[str, Any]) -> bool:
    attributes = product.get("attributes", {})
    wanted = all(attributes.get(key) == value for key, value in _WANTED.items())
    return wanted and "instanceType" in attributes and "regionCode" in attributes


def _hourly(terms: Mapping[str, Any]) -> float | None:
    for term in terms.values():
        for dimension in term.get("priceDimensions", {}).values():
            price = float(dimension.get("pricePerUnit", {}).get("USD", 0))
            if dimension.get("unit") == "Hrs" and price > 0:
                return price
    return None


def _invalid(path: Path, reason: str) -> BadInput:
    return BadInput(
        "price-list-invalid",
        f"{path}: not an EC2 price list ({reason})",
        "take the region's offer file of AmazonEC2 from AWS's price list, as JSON",
    )
