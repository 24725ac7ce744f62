"""What the components of a training cluster are declared with. Needs no Pulumi."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, field_serializer, model_validator

from aiinfra.catalogue.eks import newest
from aiinfra.catalogue.find import find_region
from aiinfra.components.aws.endpoints import ALWAYS, SERVICES
from aiinfra.components.aws.layout import ZoneRanges, layout, place
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.errors import BadInput
from aiinfra.images import RUNNER, reference
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account, Mail, Region, State, Zones
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import PODS
from aiinfra.spec.network import Egress
from aiinfra.spec.storage import Files
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import Capacity, Metrics, RoleArn, Runner
from aiinfra.units import DataSize, Spend

RETENTION: Final = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Days that CloudWatch Logs can keep records, of a year and more (its API reference, PutRetentionPolicy)."""


def _kept(days: int) -> int:
    if days not in RETENTION:
        raise ValueError(f"{days} days cannot be kept: use one of {', '.join(map(str, RETENTION))}")
    return days


Retention = Annotated[int, AfterValidator(_kept)]
"""Days that records are kept."""


class KeysSpec(ComponentSpec):
    """Keys of a cluster: one for each kind of data, each used in one way."""

    account: Account
    """Account they belong to."""
    region: Region
    """Region they are in."""
    log_groups: tuple[str, ...] = Field(min_length=1)
    """Names of the log groups that are encrypted; ``*`` at the end is allowed."""
    cluster_role: RoleArn
    """ARN of the control plane's role, which may use the cluster's key."""
    data: bool = True
    """Whether buckets, a file system or a runner keep something. A key for these is made by default."""


class NetworkSpec(ComponentSpec):
    """A network that nothing leaves, but to the AWS services that are named."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    zones: Zones = Field(min_length=1)
    """Availability zone ids. One that is added moves no subnet."""
    cidr: IPv4Network
    """Addresses of machines; /16 to /22."""
    pods: IPv4Network = PODS
    """Addresses of pods; /16 to /20, apart from the other."""
    services: tuple[str, ...] = ALWAYS
    """AWS services that are reached through endpoints of their own. S3 always is, through a gateway."""
    starts_machines: bool = False
    """Whether something inside starts machines through the endpoint of EC2. Nothing does by default."""
    runner: bool = False
    """Whether something inside runs projects, and so calls the cluster's API. Nothing does by default."""
    egress: tuple[Egress, ...] = ()
    """Ranges that machines may reach; none by default. A route there is made with a transit gateway alone."""
    queue: bool = True
    """Whether a queue of jobs is in the cluster, whose API asks it what waits. There is one by default."""
    transit_gateway: str = Field(default="", pattern=r"^(tgw-[0-9a-f]+)?$")
    """Transit gateway that ranges outside are reached through; empty: no route leads out."""
    remote_nodes: tuple[IPv4Network, ...] = ()
    """Addresses of machines that join from outside and call the API; none by default."""
    remote_pods: tuple[IPv4Network, ...] = ()
    """Addresses of pods on these; none by default."""
    logs_key: Given
    """ARN of the key that encrypts the records of traffic and of name lookups."""
    keep_logs: Retention = 365
    """Days that those records are kept."""

    @property
    def behind(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Ranges outside that are reached through the transit gateway, each once."""
        return tuple(dict.fromkeys((*(way.to for way in self.egress), *self.remote_nodes, *self.remote_pods)))

    @property
    def ranges(self) -> tuple[ZoneRanges, ...]:
        """Each zone's subnets."""
        return layout(self.cidr, self.pods, self.zones)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        layout(self.cidr, self.pods, self.zones)
        for service in self.services:
            if service not in SERVICES:
                raise ValueError(f"there is no endpoint policy for {service!r}: use {', '.join(SERVICES)}")
        outside_china(self.region)
        return self

    @field_serializer("cidr", "pods")
    def _text(self, value: IPv4Network) -> str:
        return str(value)

    @field_serializer("remote_nodes", "remote_pods")
    def _texts(self, value: tuple[object, ...]) -> list[str]:
        return [str(item) for item in value]


class TrainingSpec(ComponentSpec):
    """The AWS side of a cluster that trains."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    zones: Zones = Field(min_length=2)
    """Availability zone ids. Accelerators and the file system, which work in one zone, are in the first."""
    name: Name
    """Name of the deployment."""
    tags: Tags
    """Who owns it; recorded, and applied through the provider's default tags."""
    cidr: IPv4Network
    """Addresses of machines; /16 to /22."""
    egress: tuple[Egress, ...] = ()
    """Ranges that machines may reach; none by default."""
    transit_gateway: str = Field(default="", pattern=r"^(tgw-[0-9a-f]+)?$")
    """Transit gateway that ranges outside are reached through; empty: no route leads out."""
    datasets: DataSize | None = None
    """Training data; none: no bucket for it."""
    checkpoints: DataSize | None = None
    """Checkpoints; none: no bucket for them."""
    files: Files | None = None
    """File system that feeds the accelerators; none: they read the buckets."""
    administrators: tuple[RoleArn, ...] = Field(min_length=1)
    """Roles that administer the cluster and reach its objects from outside."""
    public_cidrs: tuple[IPvAnyNetwork, ...] = ()
    """Public ranges that reach the cluster's API: an opening. None by default."""
    version: str = Field(default_factory=newest)
    """Kubernetes version; the newest of the version matrix by default."""
    instance: str = Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")
    """EC2 instance type of the machines that train."""
    nodes: int = Field(ge=1, le=10_000)
    """How many of them."""
    capacity: Capacity = Capacity()
    """Where they come from; on demand by default."""
    scale_to_zero: bool = False
    """Machines that train come and go with the jobs, at most ``nodes`` of them. They stay by default."""
    budget: Spend | None = None
    """Alarm when a month costs more, and when it will; none: no alarm. In USD."""
    mails: tuple[Mail, ...] = ()
    """Addresses that get alarms."""
    observability: Metrics | None = None
    """Managed Prometheus for the cluster; none: no metrics are kept."""
    state: State | None = None
    """Where the state of stacks is, for a runner inside; none: there is no runner."""
    runner_image: str = ""
    """Reference of the runner's image by digest; empty: there is no runner."""
    stack: str = "production"
    """Stack that a runner runs."""

    @classmethod
    def of(cls, declaration: Declaration) -> "TrainingSpec":
        """The training cluster of a declaration.

        Raises:
            BadInput: ``no-training``: the declaration's stack declares none.
        """
        deployment = declaration.deployment
        cloud, cidr = deployment.cloud, deployment.network.cidr
        if deployment.training is None or cloud is None or not isinstance(cidr, IPv4Network):
            raise BadInput(
                "no-training",
                f"stack {declaration.stack!r} of {declaration.file} declares no training",
                "add 'training', or choose a stack that has it",
            )
        inside = deployment.training.api_access.runner is Runner.IN_VPC and cloud.state is not None
        return cls(
            account=cloud.account,
            region=cloud.region,
            zones=cloud.zones,
            name=deployment.name,
            tags=deployment.tags,
            cidr=cidr,
            egress=deployment.network.egress,
            transit_gateway=deployment.network.transit_gateway,
            datasets=deployment.storage.datasets,
            checkpoints=deployment.storage.checkpoints,
            files=deployment.storage.files,
            administrators=deployment.training.administrators,
            version=deployment.training.kubernetes or newest(),
            instance=deployment.training.instance,
            nodes=deployment.training.nodes,
            capacity=deployment.training.capacity,
            scale_to_zero=deployment.training.scale_to_zero,
            budget=deployment.training.budget,
            mails=cloud.notify,
            observability=deployment.training.observability,
            state=cloud.state,
            runner_image=reference(declaration.images, RUNNER) if inside else "",
            stack=declaration.stack,
            public_cidrs=deployment.training.api_access.public_cidrs,
        )

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        layout(self.cidr, PODS, self.zones)
        outside_china(self.region)
        return self

    @property
    def home(self) -> int:
        """Where the first zone stands among the zones in the order of their ids, which is that of all subnets."""
        return sorted(self.zones, key=place).index(self.zones[0])

    @field_serializer("cidr")
    def _text(self, value: IPv4Network) -> str:
        return str(value)

    @field_serializer("public_cidrs")
    def _texts(self, value: tuple[object, ...]) -> list[str]:
        return [str(item) for item in value]


def outside_china(region: str) -> None:
    """Refuse a region whose endpoint services the catalogue does not name.

    Raises:
        ValueError: it is in China.
    """
    if find_region(region).partition == "aws-cn":
        raise ValueError(
            f"{region}: the names of endpoint services in China are not in the catalogue; use another region"
        )
