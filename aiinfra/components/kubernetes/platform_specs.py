"""What runs inside a training cluster is declared with. Needs no Pulumi."""

from typing import Self

from pydantic import Field, model_validator

from aiinfra.catalogue.eks import newest
from aiinfra.catalogue.find import find_region
from aiinfra.components.aws.accelerators import accelerated
from aiinfra.components.aws.cluster_roles import cluster_arn
from aiinfra.components.aws.key_policy import KeyName, key_alias
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.errors import BadInput
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import Capacity
from aiinfra.spec.zone import Region
from aiinfra.units import DataSize

INSTANCE = r"^[a-z0-9-]+\.[a-z0-9-]+$"


class OperatorsSpec(ComponentSpec):
    """Operators of a training cluster, each a chart of the pinned table."""

    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    instance: str = Field(pattern=INSTANCE)
    """EC2 instance type of the machines that train: which device plugins there are follows from it."""
    namespace: Name
    """Namespace of training jobs; every job in it waits in its queue."""
    scale_to_zero: bool = False
    """Machines come and go with the jobs: Karpenter is among the operators. They stay by default."""
    watched: bool = False
    """Exporters of the accelerators are among the operators: metrics are kept. Not by default."""
    existing: tuple[Name, ...] = ()
    """Those that the cluster has already, which are not installed; none by default."""
    images: dict[str, str] = Field(default_factory=dict)
    """Name in ``images.lock`` -> reference by digest, charts included; a missing one is reported as ``unlocked``."""


class MachinesSpec(ComponentSpec):
    """Machines that Karpenter starts for jobs that wait, and ends when they are done."""

    account: Account
    """Account they belong to."""
    region: Region
    """Region they are in."""
    zone: str = Field(pattern=r"^[a-z]+\d-az[1-8]$")
    """Id of the availability zone they are all in."""
    training: Name
    """Name of the training component, as its project has it: subnets, groups and keys are found by it."""
    key: str = ""
    """ARN of the key that encrypts disks, where it was there already; empty: that of the training component."""
    subnet: str = ""
    """Id of the subnet they are in, where it was there already; empty: that of the training component."""
    group: str = ""
    """Id of their security group, where the cluster was there already; empty: that of the training component."""
    version: str = Field(default_factory=newest)
    """Kubernetes version of the cluster."""
    tags: Tags
    """Become tags of machines and disks."""
    instance: str = Field(pattern=INSTANCE)
    """EC2 instance type."""
    nodes: int = Field(ge=1, le=10_000)
    """The most there are at a time."""
    capacity: Capacity = Capacity()
    """Where they come from; on demand by default."""
    disk: int = Field(default=200, ge=20)
    """GiB of each machine's root disk; its own disks come on top."""


class QueueingSpec(ComponentSpec):
    """The queue of a training cluster: jobs wait in it until all their pods can start together."""

    namespace: Name
    """Namespace whose jobs wait in it."""
    tags: Tags
    """Become labels."""
    instance: str = Field(pattern=INSTANCE)
    """EC2 instance type of the machines that train."""
    nodes: int = Field(ge=1, le=10_000)
    """How many there are, or may be."""
    topology: bool = True
    """Place a job's pods close together. Needs machines that stay: what is not there yet has no place."""


class VolumesSpec(ComponentSpec):
    """Volumes: encrypted disks on demand, and the file system where there is one."""

    account: Account
    """Account they belong to."""
    region: Region
    """Region they are in."""
    key_alias: KeyName
    """Alias, or ARN, of the key that encrypts disks."""
    namespace: Name
    """Namespace that mounts the file system."""
    tags: Tags
    """Become labels."""
    size: DataSize | None = None
    """Size of the file system; none: there is none."""
    file_system: Given = ""
    """Id of the file system."""
    dns_name: Given = ""
    """Name that it is mounted by."""
    mount_name: Given = ""
    """Name of its root."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.size is not None and "" in (self.file_system, self.dns_name, self.mount_name):
            raise ValueError("a file system has an id, a dns_name and a mount_name: give all three")
        return self


class TrainingJobsSpec(ComponentSpec):
    """What training jobs are made of: their namespace, their identity, their runtime."""

    namespace: Name
    """Namespace they run in."""
    tags: Tags
    """Become labels."""
    instance: str = Field(pattern=INSTANCE)
    """EC2 instance type of the machines they run on; each pod takes one whole."""
    nodes: int = Field(ge=1, le=10_000)
    """Pods of a job, unless it says otherwise."""
    image: str = Field(min_length=1)
    """Reference of the image that jobs run, unless they name one."""
    files: bool = False
    """Whether the file system is mounted at ``/data``. Not by default."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _check(self.instance)
        return self


class PreflightSpec(ComponentSpec):
    """A job that shows that all accelerators are there and talk to one another as fast as they should."""

    namespace: Name
    """Namespace it runs in."""
    tags: Tags
    """Become labels."""
    instance: str = Field(pattern=INSTANCE)
    """EC2 instance type of the machines that train."""
    nodes: int = Field(ge=1, le=10_000)
    """Machines that it runs on, all together."""
    image: str = Field(min_length=1)
    """Reference of the image it runs: that of training jobs, with PyTorch in it."""


class PlatformSpec(ComponentSpec):
    """Everything inside a training cluster."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    zone: str = Field(pattern=r"^[a-z]+\d-az[1-8]$")
    """Id of the zone that accelerators are in."""
    name: Name
    """Name of the deployment; also the namespace of its training jobs."""
    training: Name
    """Name of the training component, as its project has it."""
    key: str = ""
    """ARN of the key that encrypts disks, where it was there already; empty: that of the training component."""
    subnet: str = ""
    """Id of the machines' subnet, where it was there already; empty: that of the training component."""
    group: str = ""
    """Id of the machines' security group, where the cluster was there already; empty: the training component's."""
    operators: tuple[Name, ...] = ()
    """Operators that the cluster has already; none by default."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    version: str = Field(default_factory=newest)
    """Kubernetes version of the cluster."""
    tags: Tags
    """Become labels."""
    instance: str = Field(pattern=INSTANCE)
    """EC2 instance type of the machines that train."""
    nodes: int = Field(ge=1, le=10_000)
    """How many there are, or may be."""
    capacity: Capacity = Capacity()
    """Where they come from."""
    scale_to_zero: bool = False
    """Machines come and go with the jobs. They stay by default."""
    watched: bool = False
    """Metrics of the cluster are kept, so its accelerators tell theirs. Not by default."""
    preflight: bool = True
    """Run the preflight job as the platform is made."""
    files: DataSize | None = None
    """Size of the file system; none: there is none."""
    file_system: Given = ""
    """Id of the file system."""
    dns_name: Given = ""
    """Name that it is mounted by."""
    mount_name: Given = ""
    """Name of its root."""
    images: dict[str, str] = Field(default_factory=dict)
    """Name in ``images.lock`` -> reference by digest, charts included."""

    @property
    def disks_key(self) -> str:
        """The key of disks, by its ARN or its alias."""
        return self.key or key_alias(f"{self.training}-keys", "volumes")

    @property
    def cluster_arn(self) -> str:
        """ARN of the cluster, known before it is made: by it a provider knows that the cluster is the same."""
        return cluster_arn(self.cluster, self.account, self.region, find_region(self.region).partition)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _check(self.instance)
        return self


def _check(instance: str) -> None:
    try:
        accelerated(instance)
    except BadInput as error:
        raise ValueError(f"{error.message}: {error.remedy}") from None
