"""Training in the cloud: the instances, the capacity, the money, and who may reach the cluster."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, IPvAnyNetwork, field_serializer, model_validator

from aiinfra.spec.base import Spec
from aiinfra.spec.existing import ExistingCluster
from aiinfra.units import Spend

RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+$")]


class Capacity(Spec):
    """Where the instances come from; empty: on demand."""

    reservation: str = Field(default="", pattern=r"^(cr-[0-9a-f]+)?$")
    """Capacity reservation or Capacity Block by id."""
    spot: bool = False
    """Take spot capacity, which can be reclaimed with two minutes' notice."""
    block: bool = False
    """The reservation is a Capacity Block, which machines must ask for in another way."""
    purchase: bool = False
    """Allow ``up`` to buy the Capacity Block of ``offering``. That money is spent at once."""
    offering: str = Field(default="", pattern=r"^(cb-[0-9a-z]+)?$", examples=["cb-0123456789abcdef0"])
    """Capacity Block to buy, by the id of its offer, which AWS holds for a short time; empty: none is bought."""

    @model_validator(mode="after")
    def _one_source(self) -> "Capacity":
        if self.reservation and self.spot:
            raise ValueError("reservation and spot are two sources: keep one")
        if self.block and not self.reservation:
            raise ValueError("a Capacity Block is named by its reservation: add 'reservation', like cr-0123")
        if self.purchase != bool(self.offering):
            raise ValueError("a purchase names what it buys, and spends at once: give 'purchase: true' and 'offering'")
        if self.offering and (self.reservation or self.spot):
            raise ValueError("offering is bought, reservation and spot are other sources: keep one")
        return self

    @property
    def is_block(self) -> bool:
        """A Capacity Block, bought already or with this."""
        return self.block or bool(self.offering)

    @property
    def is_reserved(self) -> bool:
        """A reservation of either kind."""
        return bool(self.reservation or self.offering)


class Runner(StrEnum):
    """How the cluster's private API is reached."""

    IN_VPC = "in-vpc"
    """A runner inside the network."""
    VPN = "vpn"
    """Through a private link that is there already."""


class ApiAccess(Spec):
    """Who can reach the cluster's API; private only, unless ranges are named."""

    runner: Runner = Runner.IN_VPC
    """How it is reached."""
    public_cidrs: tuple[IPvAnyNetwork, ...] = ()
    """Public ranges that may reach it: an opening, first in every review. None by default."""

    @field_serializer("public_cidrs")
    def _text(self, value: tuple[object, ...]) -> list[str]:
        return [str(item) for item in value]


class Metrics(Spec):
    """Metrics of the cluster, kept and watched by AWS."""

    grafana: bool = False
    """Make a Grafana workspace; its users come from IAM Identity Center, and each is paid for. None by default."""


class Training(Spec):
    """A cluster that trains."""

    instance: str = Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$", examples=["p5.48xlarge"])
    """EC2 instance type of the accelerator nodes."""
    nodes: int = Field(ge=1, le=10_000)
    """How many of them."""
    kubernetes: str = Field(default="", pattern=r"^(1\.\d+)?$", examples=["1.35"])
    """Kubernetes version of the cluster; empty: the newest of the version matrix. Write it, so that an update of this
    package does not take the cluster with it."""
    existing: ExistingCluster | None = None
    """The cluster, where it is there already; none: one is made."""
    capacity: Capacity = Capacity()
    """Where they come from."""
    scale_to_zero: bool = False
    """Machines come and go with the jobs, at most ``nodes`` of them. They stay, and are paid, by default."""
    preflight: bool = True
    """Before anybody trains, a job shows that all accelerators are there and talk to one another fast enough."""
    budget: Spend | None = None
    """Alarm when spending passes this; none: no budget."""
    observability: Metrics | None = None
    """Managed Prometheus, a scraper and alarms; none: no metrics are kept."""
    api_access: ApiAccess = ApiAccess()
    """Who reaches the API."""
    administrators: tuple[RoleArn, ...] = Field(min_length=1)
    """Roles that administer the cluster; without one nobody gets in."""

    @model_validator(mode="after")
    def _bought_and_used(self) -> "Training":
        if self.budget is not None and self.budget.currency != "USD":
            raise ValueError(f"budget {self.budget}: AWS counts in USD; write it in USD")
        if self.scale_to_zero and self.capacity.offering:
            raise ValueError("what comes and goes needs capacity that is there: buy the block first, then name it")
        if self.existing is not None:
            _joins(self, self.existing)
        return self


def _joins(training: Training, cluster: ExistingCluster) -> None:
    if not training.kubernetes:
        raise ValueError(f"cluster {cluster.cluster} is there already: say the version it has, like kubernetes: '1.35'")
    if training.api_access.runner is not Runner.VPN or training.api_access.public_cidrs:
        raise ValueError(
            f"who reaches the API of cluster {cluster.cluster} is its own affair: say api_access: {{runner: vpn}}, and"
            " run the platform project where the API is reached"
        )
    if "karpenter" in cluster.operators:
        raise ValueError(
            f"the Karpenter of cluster {cluster.cluster} has a role and machines of its own: leave it out of operators,"
            " and scale_to_zero, too"
        )
