"""What networks are declared with. Needs no Pulumi."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, field_serializer, model_validator

from aiinfra.catalogue.find import find_region
from aiinfra.components.aws.endpoints import ALWAYS, SERVICES
from aiinfra.components.aws.layout import layout
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.spec.cloud import Account
from aiinfra.spec.deployment import PODS
from aiinfra.spec.existing import ExistingNetwork
from aiinfra.spec.network import Egress
from aiinfra.spec.zone import Region, Zone, Zones

RETENTION: Final = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days that CloudWatch Logs can keep records, of a year and more (its API reference, PutRetentionPolicy)."""


def _kept(days: int) -> int:
    if days not in RETENTION:
        raise ValueError(f"{days} days cannot be kept: use one of {', '.join(map(str, RETENTION))}")
    return days


Retention = Annotated[int, AfterValidator(_kept)]
"""Days that records are kept."""


class GuardedSpec(ComponentSpec):
    """What a network of ours and one that is there already are both declared with."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    zones: Zones = Field(min_length=1)
    """Ids of the availability zones with machines. One that is added moves no subnet."""
    control_zone: Zone = ""
    """Id of a zone that has a part of the control plane and nothing else; empty: there is none."""
    services: tuple[str, ...] = ALWAYS
    """AWS services that are reached through endpoints of their own. S3 always is, through a gateway."""
    starts_machines: bool = False
    """Whether something inside starts machines through the endpoint of EC2. Nothing does by default."""
    runner: bool = False
    """Whether something inside runs projects, and so calls the cluster's API. Nothing does by default."""
    egress: tuple[Egress, ...] = ()
    """Ranges that machines may reach; none by default. A route there is made through a transit gateway alone."""
    logs_key: Given
    """ARN of the key that encrypts the records of traffic and of name lookups."""
    keep_logs: Retention = 365
    """Days that those records are kept."""

    @model_validator(mode="after")
    def _services_known(self) -> Self:
        for service in self.services:
            if service not in SERVICES:
                raise ValueError(f"there is no endpoint policy for {service!r}: use {', '.join(SERVICES)}")
        outside_china(self.region)
        return self


@dataclass(frozen=True, slots=True)
class Place:
    """One subnet that is made."""

    noun: str
    zone: str
    cidr: IPv4Network
    uses: tuple[str, ...]
    """Which of the network's lists of subnets it is in."""


class NetworkSpec(GuardedSpec):
    """A network that nothing leaves, but to the AWS services that are named."""

    cidr: IPv4Network
    """Addresses of machines; /16 to /22."""
    pods: IPv4Network = PODS
    """Addresses of pods; /16 to /20, apart from the other."""
    queue: bool = True
    """Whether a queue of jobs is in the cluster, whose API asks it what waits. There is one by default."""
    transit_gateway: str = Field(default="", pattern=r"^(tgw-[0-9a-f]+)?$")
    """Transit gateway that ranges outside are reached through; empty: no route leads out."""
    remote_nodes: tuple[IPv4Network, ...] = ()
    """Addresses of machines that join from outside and call the API; none by default."""
    remote_pods: tuple[IPv4Network, ...] = ()
    """Addresses of pods on these; none by default."""

    @property
    def behind(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Ranges outside that are reached through the transit gateway, each once."""
        return tuple(dict.fromkeys((*(way.to for way in self.egress), *self.remote_nodes, *self.remote_pods)))

    @property
    def places(self) -> tuple[Place, ...]:
        """Every subnet, in the order of the zones' ids. A zone that comes to have machines keeps the subnet it has."""
        found: list[Place] = []
        for zone in layout(self.cidr, self.pods, (*self.zones, *filter(None, (self.control_zone,)))):
            if zone.zone == self.control_zone:
                found.append(Place(f"services-{zone.zone}", zone.zone, zone.services, ("control",)))
                continue
            for what, cidr in (("nodes", zone.nodes), ("services", zone.services), ("pods", zone.pods)):
                uses = (what, "control") if what == "services" else (what,)
                found.append(Place(f"{what}-{zone.zone}", zone.zone, cidr, uses))
        return tuple(found)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        layout(self.cidr, self.pods, (*self.zones, *filter(None, (self.control_zone,))))
        return self

    @field_serializer("cidr", "pods")
    def _text(self, value: IPv4Network) -> str:
        return str(value)

    @field_serializer("remote_nodes", "remote_pods")
    def _texts(self, value: tuple[object, ...]) -> list[str]:
        return [str(item) for item in value]


class JoinedNetworkSpec(GuardedSpec):
    """A network that is there already, and what is made in it."""

    existing: ExistingNetwork
    """Ids of the VPC, its subnets and what else is used of it."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for zone in self.zones:
            found = self.existing.zone(zone)
            missing = {"nodes", "pods"} - set(found.subnets if found else ())
            if missing:
                raise ValueError(f"existing: {' and '.join(sorted(missing))} of {zone} are missing: name the subnets")
        if self.control_zone and self.existing.zone(self.control_zone) is None:
            raise ValueError(f"existing: services of {self.control_zone} are missing: name the subnet")
        if self.existing.s3_prefixes is None and not self.existing.routes:
            raise ValueError("existing: S3 is reached by a gateway, which is entered in route tables: add 'routes'")
        return self


def outside_china(region: str) -> None:
    """Refuse a region whose endpoint services have names that are not known here.

    Raises:
        ValueError: a region in China.
    """
    if find_region(region).partition == "aws-cn":
        raise ValueError(
            f"{region}: the names of endpoint services in China are not in the catalogue; use another region"
        )
