"""What the cluster and its machines are declared with. Needs no Pulumi."""

from typing import Self

from pydantic import Field, IPvAnyNetwork, field_serializer, model_validator

from aiinfra.catalogue.eks import find_cluster_version, newest
from aiinfra.components.aws.accelerators import accelerated
from aiinfra.components.aws.key_policy import KeyName
from aiinfra.components.aws.network_specs import Retention
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.errors import BadInput
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account
from aiinfra.spec.existing import KeyArn
from aiinfra.spec.serving import Ranges
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import Capacity, RoleArn
from aiinfra.spec.zone import Region, Zones


def _known(version: str) -> None:
    try:
        find_cluster_version(version)
    except BadInput as error:
        raise ValueError(f"{error.message}: {error.remedy}") from None


class ClusterSpec(ComponentSpec):
    """An EKS cluster with a private API, and nothing in it yet."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    version: str = Field(default_factory=newest)
    """Kubernetes version; the newest of the version matrix by default. One step at a time, never back."""
    subnets: tuple[Given, ...] = Field(min_length=2)
    """Ids of the control plane's subnets, in two zones at least."""
    group: Given
    """Id of the control plane's security group."""
    zones: Zones = Field(min_length=1)
    """Ids of the zones that pods have subnets in."""
    pod_subnets: tuple[Given, ...] = Field(min_length=1)
    """Ids of the pods' subnets, one for each zone, in the order of ``zones``."""
    nodes_group: Given
    """Id of the security group of machines and pods."""
    key: Given
    """ARN of the key that encrypts what the cluster keeps."""
    key_alias: KeyName
    """Alias of that key, or its ARN; policies name it by this."""
    logs_key: Given
    """ARN of the key that encrypts its logs."""
    administrators: tuple[RoleArn, ...] = Field(min_length=1)
    """Roles that administer it. Nobody else gets in, whoever made it included."""
    public_cidrs: tuple[IPvAnyNetwork, ...] = ()
    """Public ranges that reach the API: an opening. None by default."""
    keep_logs: Retention = 365
    """Days that its logs are kept."""
    remote_nodes: Ranges = ()
    """Addresses of machines that join from outside (EKS Hybrid Nodes); none by default."""
    remote_pods: Ranges = ()
    """Addresses of pods on these; none by default."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _known(self.version)
        if len(self.zones) != len(self.pod_subnets):
            raise ValueError(f"{len(self.zones)} zones and {len(self.pod_subnets)} pod subnets: give one for each")
        return self

    @field_serializer("public_cidrs", "remote_nodes", "remote_pods")
    def _text(self, value: tuple[object, ...]) -> list[str]:
        return [str(item) for item in value]


class SystemNodesSpec(ComponentSpec):
    """The machines that a cluster's own services run on."""

    account: Account
    """Account they belong to."""
    region: Region
    """Region they are in."""
    version: str = Field(default_factory=newest)
    """Kubernetes version of the cluster."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    subnets: tuple[Given, ...] = Field(min_length=1)
    """Ids of the machines' subnets."""
    group: Given
    """Id of the machines' security group."""
    key: Given
    """ARN of the key that encrypts their disks."""
    tags: Tags
    """Become tags of machines and disks, which the provider's default tags do not reach."""
    instance: str = Field(default="m7i.xlarge", pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")
    """EC2 instance type, x86-64."""
    nodes: int = Field(default=2, ge=2)
    """How many: two at least, so that one can be replaced."""
    disk: int = Field(default=100, ge=20)
    """GiB of each machine's disk."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _known(self.version)
        return self


class AcceleratorNodesSpec(ComponentSpec):
    """Machines that train, all in one zone."""

    version: str = Field(default_factory=newest)
    """Kubernetes version of the cluster."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    role: RoleArn
    """ARN of the machines' role."""
    subnet: Given
    """Id of the machines' subnet."""
    group: Given
    """Id of the machines' security group; EFA needs everything open inside it."""
    key: Given
    """ARN of the key that encrypts their disks."""
    tags: Tags
    """Become tags of machines and disks, which the provider's default tags do not reach."""
    instance: str = Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")
    """EC2 instance type."""
    nodes: int = Field(ge=1, le=10_000)
    """How many. They are bought as the cluster is made."""
    capacity: Capacity = Capacity()
    """Where they come from; on demand by default."""
    disk: int = Field(default=200, ge=20)
    """GiB of each machine's root disk; its own disks come on top."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _known(self.version)
        try:
            accelerated(self.instance)
        except BadInput as error:
            raise ValueError(f"{error.message}: {error.remedy}") from None
        return self


class WorkloadRoleSpec(ComponentSpec):
    """What one workload may do in AWS: read some buckets, write others."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    namespace: Name
    """Namespace of the workload."""
    service_account: Name
    """Its service account."""
    key_alias: KeyName
    """Alias, or ARN, of the key that encrypts the buckets."""
    reads: tuple[str, ...] = ()
    """Buckets it reads; none by default."""
    writes: tuple[str, ...] = ()
    """Buckets it reads and writes; none by default."""
    keys: tuple[KeyArn, ...] = ()
    """ARNs of other keys that encrypt some of them; none by default."""


class ScalingSpec(ComponentSpec):
    """The AWS half of machines that come and go with jobs."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    training: Name
    """Name of the training component; the machines' profile is named after it."""
    role: str = Field(min_length=1, max_length=64)
    """Name of the machines' role."""
    key_alias: KeyName
    """Alias, or ARN, of the key that encrypts their disks."""
    placed: bool = False
    """Whether machines are put close together. They are not by default."""


class DisksSpec(ComponentSpec):
    """What makes encrypted disks for pods, and mounts the file system."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    version: str = Field(default_factory=newest)
    """Kubernetes version of the cluster."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    key_alias: KeyName
    """Alias, or ARN, of the key that encrypts disks."""
    files: bool = False
    """Whether there is a file system to mount. None by default."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _known(self.version)
        return self
