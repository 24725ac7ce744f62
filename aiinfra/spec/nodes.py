"""The machines of a Kubernetes site: what they have, how they are set up, when they are upgraded."""

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from aiinfra.spec.base import Name, Spec, unique

OLDEST_MINOR: Final = 35
"""Kubernetes 1.35 mounts images as volumes, which is how a release comes."""


class Role(StrEnum):
    """What a machine does in its cluster."""

    SERVER = "server"
    """Holds the control plane, and runs workloads too."""
    AGENT = "agent"
    """Runs workloads."""


class NodeGroup(Spec):
    """Machines of a site that are alike."""

    accelerator: Name = Field(examples=["jetson-orin-nano-super"])
    """Accelerator each has, or its CPU tier: a name of the catalogue."""
    count: int = Field(default=1, ge=1, le=64)
    """Accelerators in each machine."""
    role: Role = Role.SERVER
    """What they do; server by default, which is right for a single machine."""


class Day(StrEnum):
    """Days of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Window(Spec):
    """When a site may be upgraded."""

    days: tuple[Day, ...] = Field(min_length=1)
    """Days of the week, at the site."""
    start: ClockTime = Field(examples=["02:00"])
    """From; the time at the site."""
    end: ClockTime = Field(examples=["04:30"])
    """To; upgrades begin before it."""
    timezone: str = Field(default="UTC", pattern=r"^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$", examples=["Europe/Berlin"])
    """Of both, by its IANA name; UTC by default."""

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        unique(self.days, "day")
        if self.start == self.end:
            raise ValueError(f"the window begins and ends at {self.start}: give it some time")
        return self


Host = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$")]


Address = Annotated[str, AfterValidator(lambda value: str(ip_address(value)))]


class K3s(Spec):
    """How the machines of a k3s site are set up. Compiling makes their files; upgrades come with the manifests."""

    version: str = Field(pattern=r"^v1\.\d+\.\d+\+k3s\d+$", examples=["v1.35.2+k3s1"])
    """Release of k3s."""
    mirror: Host | None = None
    """``HOST[:PORT]`` of a registry at the site that every image is pulled from, and none from elsewhere; none: images
    come from where their reference says."""
    window: Window | None = None
    """When machines are upgraded to ``version`` (system-upgrade-controller); none: they are upgraded by hand."""
    dns: tuple[Address, ...] = ()
    """Name servers at the site; none: those the machine has."""
    time: tuple[Host, ...] = ()
    """Time servers at the site; none: the machine keeps its time as it does."""
    volumes: str = Field(default="/var/lib/aiinfra/volumes", pattern=r"^/[A-Za-z0-9/_.-]+$")
    """Folder of each machine that local volumes are made in."""

    @field_validator("version")
    @classmethod
    def _new_enough(cls, value: str) -> str:
        minor = int(re.findall(r"\d+", value)[1])
        if minor < OLDEST_MINOR:
            raise ValueError(f"{value} cannot mount a release: it takes Kubernetes 1.{OLDEST_MINOR} or later")
        return value


Arn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:[a-z-]+:[a-z0-9-]*:\d{12}:.+$")]


class Hybrid(Spec):
    """The EKS cluster that a site's own machines join (EKS Hybrid Nodes), with certificates (IAM Roles Anywhere).

    The other way, an activation of Systems Manager, is a code that lasts 30 days at most and would stand in a file.
    """

    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """Region of the cluster."""
    trust_anchor: Arn
    """ARN of the trust anchor of the machines' certificates."""
    profile: Arn
    """ARN of the Roles Anywhere profile."""
    role: Arn
    """ARN of the machines' role; the cluster has an access entry of type HYBRID_LINUX for it."""
