"""A cluster that serves: its machines, who reaches its API, and networks of sites whose machines join it."""

from ipaddress import IPv4Network
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, field_serializer, model_validator

from aiinfra.spec.base import FileBeside, Name, Spec, unique
from aiinfra.spec.training import ApiAccess, RoleArn

SERVICE_RANGES: Final = (IPv4Network("10.100.0.0/16"), IPv4Network("172.20.0.0/16"))
"""One of them becomes the addresses of the cluster's services (EKS user guide, "View Amazon EKS networking
requirements", service CIDR)."""

JOINABLE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""Addresses that machines which join from outside may have (EKS user guide, "Prepare networking for hybrid nodes")."""


def _joinable(value: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
    unique(tuple(map(str, value)), "range")
    for network in value:
        if not any(network.subnet_of(whole) for whole in JOINABLE):
            raise ValueError(
                f"{network} is not private: machines that join have one of {', '.join(map(str, JOINABLE))}"
            )
        for taken in SERVICE_RANGES:
            if network.overlaps(taken):
                raise ValueError(f"{network} overlaps {taken}, which the cluster's services may get: use another range")
    return value


Ranges = Annotated[tuple[IPv4Network, ...], AfterValidator(_joinable)]


class MachineGroup(Spec):
    """Machines of the cluster that are alike, spread over the zones."""

    instance: str = Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$", examples=["g6.xlarge"])
    """EC2 instance type."""
    count: int = Field(default=2, ge=1, le=1000)
    """How many there are, and are paid; two by default, so that one can be replaced."""


SYSTEM_MACHINE: Final = MachineGroup(instance="m7i.large", count=2)
"""What the cluster's own services run on: names, metrics, certificates. They need little; two, so that one can go."""


class Joining(Spec):
    """Machines of sites that join the cluster over a private link (EKS Hybrid Nodes), known by their certificates."""

    nodes: Ranges = Field(min_length=1, examples=[["10.60.0.0/24"]])
    """Addresses of the machines, at their sites."""
    pods: Ranges = Field(default=(), examples=[["10.61.0.0/20"]])
    """Addresses of the pods on them, where the sites' routers know these; none: the API calls no webhook there."""
    authority: FileBeside
    """PEM file of the certificate authority that signs the machines' certificates, beside the declaration."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        every = (*self.nodes, *self.pods)
        for index, one in enumerate(every):
            for other in every[index + 1 :]:
                if one.overlaps(other):
                    raise ValueError(f"{one} and {other} overlap: an address is of one place")
        return self

    @field_serializer("nodes", "pods")
    def _texts(self, value: tuple[IPv4Network, ...]) -> list[str]:
        return [str(item) for item in value]


class Serving(Spec):
    """An EKS cluster for sites ``on: eks``, and for machines of sites ``on: hybrid``."""

    cidr: IPv4Network | None = Field(default=None, examples=["10.40.0.0/18"])
    """Addresses of its network; none: ``network.cidr``, where nothing trains."""
    kubernetes: str = Field(default="", pattern=r"^(1\.\d+)?$", examples=["1.35"])
    """Kubernetes version of the cluster; empty: the newest of the version matrix. Write it, so that an update of this
    package does not take the cluster with it."""
    machines: tuple[MachineGroup, ...] = ()
    """What the sites' servers run on; two small machines for the cluster's own services come on top. ``validate`` says
    which instance suits a site that has none."""
    issuer: Name | None = None
    """``ClusterIssuer`` to make with cert-manager: an authority of the cluster's own, whose key stays in it. None:
    issuers that sites name are there already."""
    hybrid: Joining | None = None
    """Machines of sites that join; none by default."""
    api_access: ApiAccess = ApiAccess()
    """Who reaches the API."""
    administrators: tuple[RoleArn, ...] = Field(min_length=1)
    """Roles that administer the cluster; without one nobody gets in."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        unique(tuple(group.instance for group in self.machines), "instance")
        if self.hybrid is not None and self.api_access.public_cidrs:
            raise ValueError(
                "hybrid and api_access.public_cidrs: machines that join find the API by one address, so it is private"
                " or public and not both (EKS); leave public_cidrs out"
            )
        return self

    @field_serializer("cidr")
    def _text(self, value: IPv4Network | None) -> str | None:
        return None if value is None else str(value)
