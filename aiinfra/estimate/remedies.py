"""What gives a figure to what has none, from the reason that says so."""

import re
from collections.abc import Iterable
from typing import Final

_REGION: Final = re.compile(r"(?<!spot )\bprice of [^;]+? in (?P<region>[a-z]{2}(?:-[a-z]+)+-\d+) is unknown")


def remedies(reasons: Iterable[str]) -> tuple[str, ...]:
    """What gives a price to what has none: one line for other regions' prices, one for all else."""
    said = list(reasons)
    found = {match.group("region") for why in said for match in _REGION.finditer(why)}
    lines = [f"prices of {region}: aiinfra catalogue add --region {region}" for region in sorted(found)]
    if any("spot" in why for why in said):
        lines.append("spot prices: aws ec2 describe-spot-price-history --output json, then aiinfra catalogue add")
    if any("catalogue" in why or "by use" in why or "makes" in why for why in said):
        lines.append("what your own bills say: monthly in catalogue.yaml, by name or type of resource")
    return tuple(lines)


def of_price(reason: str) -> str:
    """What gives a price of another region; empty where the reason is another."""
    return next((line for line in remedies([reason]) if line.startswith("prices of ")), "").partition(": ")[2]
