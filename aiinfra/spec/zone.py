"""Regions by name, availability zones by id."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from aiinfra.spec.base import unique

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", examples=["us-east-1"])]
"""Name of a region."""

_ZONE: Final = re.compile(r"[a-z]+\d-az[1-8]")


def _zone(value: str) -> str:
    if value and not _ZONE.fullmatch(value):
        raise PydanticCustomError(
            "zone", "{zone} is not the id of an availability zone: write it like use1-az1", {"zone": repr(value)}
        )
    return value


Zone = Annotated[str, AfterValidator(_zone)]
"""Id of an availability zone, which stands for the same building in every account; empty: none."""


def _zones(value: tuple[Zone, ...]) -> tuple[Zone, ...]:
    unique(value, "zone")
    for zone in value:
        _zone(zone or " ")
    return value


Zones = Annotated[tuple[str, ...], AfterValidator(_zones)]
"""Availability zone ids, each once."""
