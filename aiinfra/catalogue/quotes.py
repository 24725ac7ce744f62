"""Reads what the AWS CLI answers of prices that no price list holds: spot prices, offers of Capacity Blocks."""

import json
import re
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from aiinfra.catalogue.figure import Confidence, Figure, Kind, Source
from aiinfra.errors import BadInput

SPOT: Final = "SpotPriceHistory"
BLOCKS: Final = "CapacityBlockOfferings"
_LINUX: Final = ("Linux/UNIX", "Linux/UNIX (Amazon VPC)")


@dataclass(frozen=True, slots=True)
class Quotes:
    """Prices somebody asked for on a day."""

    spot: Mapping[tuple[str, str], Figure]
    """(instance type, region) -> USD an hour: the median, from the least to the most of what was asked for."""
    blocks: Mapping[str, Figure]
    """Id of an offer -> USD for all of it, paid at once."""
    document: Mapping[str, Any]
    """What was read, to be kept."""


def is_quote(path: Path) -> bool:
    """Whether the file is one of these, by its first words."""
    try:
        with path.open(encoding="utf-8") as file:
            start = file.read(400)
    except (OSError, UnicodeDecodeError):
        return False
    return path.suffix == ".json" and (SPOT in start or BLOCKS in start)


def read_quotes(path: Path, today: date | None = None) -> Quotes:
    """The quotes of one file (``aws ec2 describe-spot-price-history`` or ``describe-capacity-block-offerings``, JSON).

    Spot prices carry their time; offers do not: they are as of ``asked`` in the file, or of ``today``.

    Raises:
        BadInput: ``price-list-invalid``.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        spot, blocks = list(document.get(SPOT, ())), list(document.get(BLOCKS, ()))
        said = document.get("asked")
        asked = date.fromisoformat(said) if said else today
        found = Quotes(dict(_spot(spot, path)), dict(_blocks(blocks, path, asked)), document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(path, f"{type(error).__name__}: {error}") from None
    if not found.spot and not found.blocks:
        raise _invalid(path, "it holds no spot price of Linux and no offer in USD")
    return found


def _spot(entries: list[Mapping[str, Any]], path: Path) -> Iterator[tuple[tuple[str, str], Figure]]:
    seen: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for entry in entries:
        if entry["ProductDescription"] in _LINUX:
            place = (str(entry["InstanceType"]), _region(str(entry["AvailabilityZone"])))
            seen.setdefault(place, []).append((float(entry["SpotPrice"]), str(entry["Timestamp"])[:10]))
    for place, prices in seen.items():
        values = [price for price, _ in prices]
        days = sorted(day for _, day in prices)
        title = f"spot prices from {days[0]} to {days[-1]}, {path.name}"
        source = Source(f"spot-{path.stem}", title, date.fromisoformat(days[-1]), Kind.VENDOR)
        middle = statistics.median(values)
        yield place, Figure(middle, "USD/hour", source, Confidence.MEDIUM, min(values), max(values))


def _region(zone: str) -> str:
    """``us-east-1a`` -> ``us-east-1``."""
    found = re.match(r"[a-z]{2}(-[a-z]+)+-\d+", zone)
    if found is None:
        raise ValueError(f"{zone!r} is no zone")
    return found.group()


def _blocks(entries: list[Mapping[str, Any]], path: Path, asked: date | None) -> Iterator[tuple[str, Figure]]:
    if entries and asked is None:
        raise ValueError("it does not say when it was asked: aiinfra catalogue add writes that")
    for entry in entries:
        if entry.get("CurrencyCode", "USD") == "USD" and asked is not None:
            source = Source(f"offers-{path.stem}", f"Capacity Block offers, {path.name}", asked, Kind.VENDOR)
            fee = float(entry["UpfrontFee"])
            yield str(entry["CapacityBlockOfferingId"]), Figure(fee, "USD", source, Confidence.HIGH)


def _invalid(path: Path, reason: str) -> BadInput:
    return BadInput(
        "price-list-invalid",
        f"{path}: not an answer of the AWS CLI that can be used ({reason})",
        "ask again: aws ec2 describe-spot-price-history or describe-capacity-block-offerings, with --output json",
    )
