"""What serving aims for, and the limits it must not pass."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from aiinfra.spec.base import Spec
from aiinfra.units import Duration, Increase, Power, Rate, Share, Spend

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Growth(Spec):
    """What a year adds; an estimate's year view uses it."""

    requests: Increase = Increase("0 %")
    """More requests at the busiest time, a year; none by default."""
    sites: Increase = Increase("0 %")
    """More sites, a year; none by default."""


class Objective(Spec):
    """An aim, judged per site: met, not met, or unproven. It never stops a compile, unless ``require_measured``."""

    p99: Duration | None = None
    """Latency that 99 of 100 requests stay under; none: no aim."""
    rate: Rate | None = None
    """Requests at the busiest time; none: no aim."""
    availability: Share | None = None
    """Part of the time a site answers; none: no aim."""
    residency: tuple[Country, ...] = ()
    """Countries (ISO 3166, two letters) data may rest in; empty: anywhere."""
    mean_rate: Rate | None = None
    """Requests on average over a month, for cost and carbon a request; none: a third of the busiest time."""
    growth: Growth = Growth()
    """What a year adds; nothing by default."""
    require_measured: bool = False
    """Stop a compile whose aim is only estimated. Off: an unproven aim compiles and is shown."""


class Scope(StrEnum):
    """What a cap counts."""

    SITE = "site"
    """Each site by itself."""
    DEPLOYMENT = "deployment"
    """Everything the declaration makes."""


class Caps(Spec):
    """Hard limits. A cap on a figure nobody knows fails closed."""

    power: Power | None = None
    """Most watts under load; none: no cap."""
    cost: Spend | None = None
    """Most money over time; none: no cap."""
    scope: Scope = Scope.SITE
    """What they count; each site by default."""
