"""AWS regions: partition, country, and how much carbon a kilowatt-hour of their grid carries."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import StringIO
from types import MappingProxyType

from aiinfra.catalogue.figure import Confidence, Figure, figure, read_data, sources

GRID_SPREAD = 1.9
"""Factor the grid figure of a region may be off by, either way. Two public tables differ by a median of 1.2, by less
than 1.9 in nine of ten regions, and by up to 4.3; the shipped one's years are those of its national statistics."""


@dataclass(frozen=True, slots=True)
class Region:
    """One region."""

    name: str
    partition: str
    """aws, aws-cn, aws-us-gov or aws-eusc."""
    country: str
    """ISO 3166, two letters: where data at rest is."""
    grid: Figure
    """g CO2e a kWh."""
    pue: Figure
    """Energy of the building over energy of the machines: AWS's global figure, the one it publishes openly."""


@cache
def regions() -> Mapping[str, Region]:
    """Every region of the shipped table, by name."""
    return MappingProxyType({row["name"]: _region(row) for row in csv.DictReader(StringIO(read_data("regions.csv")))})


def _region(row: Mapping[str, str]) -> Region:
    text = row["grid_g_per_kwh"]
    value = float(text) if text else None
    grid = Figure(
        value,
        "g/kWh",
        sources()["ccf-grid"],
        Confidence.MEDIUM if value is not None else Confidence.LOW,
        None if value is None else value / GRID_SPREAD,
        None if value is None else value * GRID_SPREAD,
    )
    return Region(row["name"], row["partition"], row["country"], grid, _pue())


@cache
def _pue() -> Figure:
    raw = tomllib.loads(read_data("defaults.toml"))["pue_aws"]
    return figure(raw, "", "", "medium", where="defaults.pue_aws")
