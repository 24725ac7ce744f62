"""The cloud account that training and the registry live in."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from aiinfra.spec.base import Spec, unique
from aiinfra.spec.guard import Guard

_ZONE: Final = re.compile(r"[a-z]+\d-az[1-8]")


def _quoted(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise PydanticCustomError(
            "account", "an account id is text: write it in quotes, '{id}'", {"id": f"{value:012d}"}
        )
    return value


def _zones(value: tuple[str, ...]) -> tuple[str, ...]:
    unique(value, "zone")
    for zone in value:
        if not _ZONE.fullmatch(zone):
            raise PydanticCustomError(
                "zone", "{zone} is not the id of an availability zone: write it like use1-az1", {"zone": repr(zone)}
            )
    return value


Zones = Annotated[tuple[str, ...], AfterValidator(_zones)]
"""Availability zone ids, each once."""

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", examples=["us-east-1"])]

Account = Annotated[str, BeforeValidator(_quoted), Field(pattern=r"^\d{12}$")]


Mail = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", examples=["platform@example.com"])]


class State(Spec):
    """Where the state of all stacks is kept: made before the first ``up``, by hand (docs/first-apply.md)."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]$")
    """Name of the bucket, in the same account."""
    key: str = Field(pattern=r"^alias/[a-zA-Z0-9/_-]+$", examples=["alias/pulumi-state"])
    """Alias of the key that encrypts the bucket and the secrets in the state."""


class Cloud(Spec):
    """Account, region and zones are plain values: a wrong profile fails before anything is made."""

    region: Region
    """AWS region. Changing it replaces everything."""
    account: Account
    """Twelve digits, in quotes. The provider refuses to work in any other account."""
    zones: Zones = Field(default=(), examples=[["use1-az1", "use1-az2"]])
    """Availability zone ids (not names, which differ between accounts); training needs at least two."""
    notify: tuple[Mail, ...] = ()
    """Addresses that get alarms, each after it has said yes. None by default: whoever subscribes to the topic."""
    state: State | None = None
    """Where the state of stacks is kept, for what runs inside the network; none: nothing does."""
    guard: Guard | None = None
    """What watches over the whole account; none: this deployment makes nothing of it."""
