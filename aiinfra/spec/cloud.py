"""The cloud account that training and the registry live in."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from aiinfra.spec.base import Spec
from aiinfra.spec.existing import ExistingKeys
from aiinfra.spec.guard import Guard
from aiinfra.spec.zone import Region, Zone, Zones


def _quoted(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise PydanticCustomError(
            "account", "an account id is text: write it in quotes, '{id}'", {"id": f"{value:012d}"}
        )
    return value


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
    """Availability zone ids (not names, which differ between accounts) of machines; the first has those that train."""
    control_zone: Zone = Field(default="", examples=["use1-az2"])
    """Zone that has a part of the cluster's control plane and nothing else, where ``zones`` names one zone: EKS asks
    for two. Empty: there is none."""
    notify: tuple[Mail, ...] = ()
    """Addresses that get alarms, each after it has said yes. None by default: whoever subscribes to the topic."""
    state: State | None = None
    """Where the state of stacks is kept, for what runs inside the network; none: nothing does."""
    guard: Guard | None = None
    """What watches over the whole account; none: this deployment makes nothing of it."""
    keys: ExistingKeys = ExistingKeys()
    """Keys of training that are there already; all are made by default."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.control_zone and len(self.zones) != 1:
            raise ValueError(
                f"control_zone {self.control_zone} is for a cluster whose machines are in one zone, and zones names "
                f"{len(self.zones)}: leave one of the two out"
            )
        if self.control_zone in self.zones and self.control_zone:
            raise ValueError(f"control_zone {self.control_zone} is in zones: name another zone of the region")
        for noun, arn in self.keys.named.items():
            region = arn.split(":")[3]
            if region != self.region:
                raise ValueError(f"keys.{noun} is in {region}, and what it encrypts in {self.region}: name a key there")
        return self
