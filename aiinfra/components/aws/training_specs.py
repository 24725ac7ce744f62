"""What the components of a training cluster are declared with. Needs no Pulumi."""

from ipaddress import IPv4Network
from typing import Self

from pydantic import Field, field_serializer, model_validator

from aiinfra.catalogue.eks import newest
from aiinfra.components.aws.closed_cluster_specs import ClosedClusterSpec
from aiinfra.components.aws.layout import layout, place
from aiinfra.components.aws.network_specs import outside_china
from aiinfra.components.spec import ComponentSpec
from aiinfra.errors import BadInput
from aiinfra.images import RUNNER, reference
from aiinfra.spec.cloud import Account, Mail
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import PODS
from aiinfra.spec.existing import ExistingBucket, ExistingCluster, ExistingKeys, ExistingNetwork
from aiinfra.spec.storage import Files
from aiinfra.spec.training import Capacity, Metrics, Runner
from aiinfra.spec.zone import Region
from aiinfra.units import DataSize, Spend


class KeysSpec(ComponentSpec):
    """Keys of a cluster: one for each kind of data, each used in one way."""

    account: Account
    """Account they belong to."""
    region: Region
    """Region they are in."""
    log_groups: tuple[str, ...] = ()
    """Names of the log groups that are encrypted; ``*`` at the end is allowed. None: there is no key for them."""
    cluster_role: str = Field(default="", pattern=r"^(arn:aws[a-z-]*:iam::\d{12}:role/.+)?$")
    """ARN of the control plane's role, which may use the cluster's key; empty: there is no such key."""
    data: bool = True
    """Whether buckets, a file system or a runner keep something. A key for these is made by default."""
    existing: ExistingKeys = ExistingKeys()
    """Keys that are there already, and not made; none by default."""


class TrainingSpec(ClosedClusterSpec):
    """The AWS side of a cluster that trains."""

    cidr: IPv4Network | None = None
    """Addresses of machines; /16 to /22. None where the network is there already."""
    existing_network: ExistingNetwork | None = None
    """The network, where it is there already; none: one is made."""
    existing_cluster: ExistingCluster | None = None
    """The cluster, where it is there already; none: one is made."""
    existing_keys: ExistingKeys = ExistingKeys()
    """Keys that are there already; all are made by default."""
    existing_buckets: dict[str, ExistingBucket] = Field(default_factory=dict)
    """``datasets`` or ``checkpoints`` -> a bucket that is there already; none by default."""
    replica: Region | None = None
    """Region that datasets and records are copied to; none: they are in one region."""
    datasets: DataSize | None = None
    """Training data; none: no bucket for it."""
    checkpoints: DataSize | None = None
    """Checkpoints; none: no bucket for them."""
    files: Files | None = None
    """File system that feeds the accelerators; none: they read the buckets."""
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

    @classmethod
    def of(cls, declaration: Declaration) -> "TrainingSpec":
        """The training cluster of a declaration.

        Raises:
            BadInput: ``no-training``: the declaration's stack declares none.
        """
        deployment = declaration.deployment
        cloud, cidr, stored = deployment.cloud, deployment.network.cidr, deployment.storage.existing
        if deployment.training is None or cloud is None:
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
            control_zone=cloud.control_zone,
            name=deployment.name,
            tags=deployment.tags,
            cidr=cidr if isinstance(cidr, IPv4Network) else None,
            existing_network=deployment.network.existing,
            existing_cluster=deployment.training.existing,
            existing_keys=cloud.keys,
            existing_buckets={
                noun: bucket for noun in ("checkpoints", "datasets") if (bucket := getattr(stored, noun)) is not None
            },
            egress=deployment.network.egress,
            replica=deployment.storage.replica,
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
        if self.existing_network is None and self.cidr is None:
            raise ValueError(
                "a network that is made needs 'cidr', one that is there already is named by 'existing_network'"
            )
        if self.existing_network is None and self.existing_cluster is not None:
            raise ValueError("a cluster that is there already is in a network that is: give 'existing_network' too")
        if self.existing_cluster is None and len(self.zones) + bool(self.control_zone) < 2:
            raise ValueError("EKS puts its control plane into two zones: give another, or 'control_zone'")
        for noun in self.existing_buckets:
            if noun not in ("checkpoints", "datasets"):
                raise ValueError(
                    f"existing_buckets: there is no use for {noun!r}: name one for checkpoints or datasets"
                )
        if self.cidr is not None:
            layout(self.cidr, PODS, self.zones)
        outside_china(self.region)
        return self

    @property
    def home(self) -> int:
        """Where the first zone stands among the zones in the order of their ids, which is that of all subnets."""
        return sorted(self.zones, key=place).index(self.zones[0])

    @property
    def cluster(self) -> str:
        """Name of the cluster, where it is there already; empty: it is made."""
        return self.existing_cluster.cluster if self.existing_cluster else ""

    @field_serializer("cidr")
    def _text(self, value: IPv4Network | None) -> str | None:
        return None if value is None else str(value)

    @field_serializer("public_cidrs")
    def _texts(self, value: tuple[object, ...]) -> list[str]:
        return [str(item) for item in value]
