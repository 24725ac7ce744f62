"""What AWS services bill beside instances: prices in us-east-1, and in other regions where a user's price list says."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from aiinfra.catalogue.figure import Confidence, Figure, figure, read_data, sources

PRICED_REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True)
class Service:
    """One thing that is billed."""

    name: str
    title: str
    unit: str
    """hour, month, GB-month, IOPS-month, MiBps-month or GB."""
    prices: Mapping[str, Figure]
    """Region -> USD a ``unit``."""
    offer: str = ""
    """Offer code of AWS's price list it is found in; empty: none was looked up."""
    usage: str = ""
    """Usage type there, without the region's code before it."""
    operation: str = ""
    """Operation there, where the usage type alone does not tell; empty: any."""
    also: str = ""
    """What use costs beside it, in us-east-1."""

    def price(self, region: str) -> Figure:
        """USD a ``unit`` in ``region``; unknown where no table names it."""
        found = self.prices.get(region)
        return found or Figure(None, f"USD/{self.unit}", sources()["not-published"], Confidence.LOW)


@cache
def services() -> Mapping[str, Service]:
    """Every service price that ships with the package, by name."""
    found = {}
    for name, entry in tomllib.loads(read_data("services.toml")).items():
        price = figure(entry["price"], f"USD/{entry['unit']}", "", "high", where=f"services.{name}")
        rest = {key: entry.get(key, "") for key in ("offer", "usage", "operation", "also")}
        prices = MappingProxyType({PRICED_REGION: price})
        found[name] = Service(name, entry["title"], entry["unit"], prices, **rest)
    return MappingProxyType(found)
