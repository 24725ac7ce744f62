"""A year ahead: how requests and sites grow, when a tier runs out, and what the months cost."""

from dataclasses import dataclass

from aiinfra.estimate.site import SiteEstimate
from aiinfra.estimate.value import Value, unknown
from aiinfra.spec.objective import Growth

MONTHS = 12
LONGEST = 120
"""Months looked ahead for the month a tier runs out: ten years, after which hardware is another one anyway."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A year of one class."""

    class_name: str
    runs_out: int | None
    """Months until the boxes of a site no longer serve the busiest rate; None: not within ten years, or unknown."""
    runs_out_range: tuple[int | None, int | None]
    """The same at the lowest and at the highest capacity."""
    boxes_after: int | None
    """Boxes a site needs at the end of the year; None: unknown."""
    sites_after: int | None
    cost: Value
    """USD of the year, boxes bought when they are needed."""
    sites: int | None = None
    """Sites today."""
    rated: bool = True
    """Whether a rate is declared: without one nobody knows when the boxes run out."""
    grows: bool = True
    """Whether requests are declared to grow."""


def outlook(site: SiteEstimate, rate: float, growth: Growth) -> Outlook:
    """``rate`` is the busiest rate today, requests/s; growth compounds month by month."""
    capacity = site.figures["throughput"]
    edges: tuple[float, ...] = capacity.bounds if capacity.known else ()
    out = [_months(rate, edge * site.declared, growth.requests.fraction) for edge in edges] or [None] * 3
    boxes, total, cost = site.declared, 0.0, site.figures["cost"]
    for month in range(MONTHS):
        served = rate * _grown(growth.requests.fraction, month + 1)
        if capacity.known and rate:
            boxes = max(boxes, -int(-served // capacity.bounds[1]))
        total += boxes / site.declared * (site.sites or 1) * _grown(growth.sites.fraction, month)
    year = (cost * total).unit_as("USD") if cost.known else unknown("USD", *cost.drivers)
    return Outlook(
        class_name=site.class_name,
        runs_out=out[1],
        runs_out_range=(out[0], out[2]),
        boxes_after=boxes if capacity.known else None,
        sites_after=None if site.sites is None else round(site.sites * _grown(growth.sites.fraction, MONTHS)),
        cost=year,
        sites=site.sites,
        rated=bool(rate),
        grows=bool(growth.requests.fraction),
    )


def _grown(share: float, months: int) -> float:
    """Compound growth over ``months`` of a year."""
    return float((1 + share) ** (months / 12))


def _months(rate: float, capacity: float, growth: float) -> int | None:
    """First month in which the rate is more than the capacity; 0: it is so today."""
    for month in range(LONGEST + 1):
        if rate * _grown(growth, month) > capacity:
            return month
        if not growth or not rate:
            return None
    return None
