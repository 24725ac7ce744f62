"""Adds files with AWS's prices to a user's ``catalogue.yaml``: only what the catalogue uses of them is kept, beside it.

EC2's offer file of one region holds hundreds of megabytes; what is kept is some kilobytes, so that an estimate stays
fast and the figures can be committed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from aiinfra.catalogue.additions import read
from aiinfra.catalogue.catalogue import Catalogue, shipped
from aiinfra.catalogue.price_list import as_document, read_price_list
from aiinfra.catalogue.quotes import is_quote, read_quotes
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.spec import yaml

ADDRESS: Final = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{offer}/current/{region}/index.csv"
"""Where AWS publishes an offer file; no account is needed ("Getting price list files", AWS Billing user guide)."""
FOLDER: Final = "prices"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of one file."""

    file: str
    """Where, beside the catalogue file."""
    figures: int


def addresses(region: str) -> dict[str, str]:
    """Service -> address of its offer file of ``region``, of all services that the catalogue has prices of.

    Raises:
        BadInput: ``region-unknown``.
    """
    known = shipped().regions
    if region not in known:
        near = did_you_mean(region, tuple(known))
        raise BadInput("region-unknown", f"no region {region!r}{near}", "list them: aiinfra catalogue list regions")
    if known[region].partition != "aws":
        raise BadInput(
            "region-unknown",
            f"{region} is in the partition {known[region].partition}, whose price lists AWS publishes elsewhere",
            "write its prices under instances and services in catalogue.yaml: see docs/catalogue.md",
        )
    offers = sorted({"AmazonEC2"} | {service.offer for service in shipped().services.values() if service.offer})
    return {offer: ADDRESS.format(offer=offer, region=region) for offer in offers}


def add(files: Iterable[Path], catalogue: Path, today: date) -> list[Kept]:
    """Keep what the catalogue uses of each of ``files`` beside ``catalogue``, and list it there under ``price_lists``.

    A file is an offer of AWS's price list (CSV or JSON), or what the AWS CLI answers of spot prices or Capacity Blocks.
    The catalogue file is made where it is not there; its text stays as it is otherwise.

    Raises:
        BadInput: ``price-list-invalid``; ``catalogue-invalid`` where the catalogue file does not hold, or its list
            cannot be added to.
    """
    before = read(catalogue) if catalogue.is_file() else shipped()
    kept: list[Kept] = []
    written: list[tuple[Path, str]] = []
    for file in files:
        name, document, figures = _trimmed(file, before, today)
        target = catalogue.parent / FOLDER / f"{name}.json"
        written.append((target, json.dumps(document, indent=1, sort_keys=True) + "\n"))
        kept.append(Kept(f"{FOLDER}/{name}.json", figures))
    text = catalogue.read_text(encoding="utf-8") if catalogue.is_file() else ""
    text = with_lists(text, [item.file for item in kept], catalogue.name)
    for target, content in written:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    catalogue.write_text(text, encoding="utf-8")
    return kept


def _trimmed(file: Path, before: Catalogue, today: date) -> tuple[str, Mapping[str, Any], int]:
    if not file.is_file():
        raise BadInput("price-list-invalid", f"{file} is not there", "name a file that was fetched before")
    if is_quote(file):
        quotes = read_quotes(file, today)
        if quotes.spot:
            regions = sorted({region for _, region in quotes.spot})
            return f"spot-{'-'.join(regions)}", quotes.document, len(quotes.spot)
        return "capacity-blocks", {**quotes.document, "asked": today.isoformat()}, len(quotes.blocks)
    found = read_price_list(file, before.services, before.instances)
    regions = sorted({region for _, region in (*found.instances, *found.services)})
    where = regions[0] if len(regions) == 1 else f"{len(regions)}-regions"
    return f"{found.offer}-{where}", as_document(found), len(found.instances) + len(found.services)


_LIST: Final = re.compile(r"^price_lists:[ \t]*\[(?P<items>[^\]\n]*)\][ \t]*(#.*)?$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^price_lists:[ \t]*(#.*)?\n(?P<indent>[ ]*)- ", re.MULTILINE)


def with_lists(text: str, files: Iterable[str], name: str) -> str:
    """The text of a catalogue file with ``files`` under ``price_lists``; one that is there already stays once.

    Raises:
        BadInput: ``catalogue-invalid`` where the list is written in a way that is not edited.
    """
    listed = [str(item) for item in (yaml.read(text, name).data or {}).get("price_lists") or ()]
    missing = [file for file in dict.fromkeys(files) if file not in listed]
    if not missing:
        return text
    flow, block = _LIST.search(text), _BLOCK.search(text)
    if flow is not None:
        items = [item for item in (flow.group("items").strip(), *missing) if item]
        edited = text[: flow.start("items")] + ", ".join(items) + text[flow.end("items") :]
    elif block is not None:
        start = block.end() - len(block.group("indent")) - 2
        edited = text[:start] + "".join(f"{block.group('indent')}- {file}\n" for file in missing) + text[start:]
    elif "price_lists" not in text:
        edited = text + ("" if text.endswith("\n") or not text else "\n") + f"price_lists: [{', '.join(missing)}]\n"
    else:
        edited = text
    after = [str(item) for item in (yaml.read(edited, name).data or {}).get("price_lists") or ()]
    if sorted(after) != sorted([*listed, *missing]):
        raise BadInput(
            "catalogue-invalid",
            f"{name}: price_lists is written in a way that is not edited here",
            f"add to it: {', '.join(missing)}",
        )
    return edited
