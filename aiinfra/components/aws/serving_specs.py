"""What the components of a cluster that serves are declared with. Needs no Pulumi."""

from ipaddress import IPv4Network
from typing import Self

from pydantic import Field, field_serializer, model_validator

from aiinfra.catalogue.eks import find_cluster_version, newest
from aiinfra.components.aws.accelerators import to_serve
from aiinfra.components.aws.closed_cluster_specs import ClosedClusterSpec
from aiinfra.components.aws.layout import layout, place
from aiinfra.components.aws.network_specs import outside_china
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.errors import BadInput
from aiinfra.images import RUNNER, reference
from aiinfra.spec.cloud import Account, Region
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import SERVING_PODS
from aiinfra.spec.monitoring import Collector
from aiinfra.spec.serving import MachineGroup, Ranges
from aiinfra.spec.site import Site
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import RoleArn, Runner


def _keeps(site: Site) -> bool:
    """Whether its pods keep something: metrics, or releases that they pull."""
    return site.runtime.updates is not None or (site.monitoring is not None and site.monitoring.by is Collector.LOCAL)


class InferenceNodesSpec(ComponentSpec):
    """Machines that serve, all of one type, spread over the zones."""

    version: str = Field(default_factory=newest)
    """Kubernetes version of the cluster."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    role: RoleArn
    """ARN of the machines' role."""
    subnets: tuple[Given, ...] = Field(min_length=1)
    """Ids of the machines' subnets."""
    group: Given
    """Id of the machines' security group."""
    key: Given
    """ARN of the key that encrypts their disks."""
    tags: Tags
    """Become tags of machines and disks, which the provider's default tags do not reach."""
    instance: str = Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")
    """EC2 instance type."""
    count: int = Field(ge=1, le=1000)
    """How many there are."""
    disk: int = Field(default=100, ge=20)
    """GiB of each machine's root disk; its own disks come on top."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        try:
            find_cluster_version(self.version)
            to_serve(self.instance)
        except BadInput as error:
            raise ValueError(f"{error.message}: {error.remedy}") from None
        return self


class HybridNodesSpec(ComponentSpec):
    """What machines of sites need in AWS to join a cluster: an authority, a role, an entry in the cluster."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    authority: str = Field(pattern=r"^-----BEGIN CERTIFICATE-----")
    """PEM text of the authority that signs the machines' certificates."""


class ServingSpec(ClosedClusterSpec):
    """The AWS side of a cluster that serves."""

    cidr: IPv4Network
    """Addresses of machines; /16 to /22."""
    pods: IPv4Network = SERVING_PODS
    """Addresses of pods."""
    machines: tuple[MachineGroup, ...] = ()
    """What servers run on."""
    disks: bool = False
    """Whether pods get disks, which a site's own metrics need. They do not by default."""
    remote_nodes: Ranges = ()
    """Addresses of machines that join from outside; none by default."""
    remote_pods: Ranges = ()
    """Addresses of pods on these; none by default."""
    authority: str = ""
    """PEM text of the authority that signs certificates of machines that join; empty: none join."""
    projects: tuple[str, ...] = ()
    """Folders of the compiled projects that a runner may run."""

    @classmethod
    def of(cls, declaration: Declaration) -> "ServingSpec":
        """The serving cluster of a declaration.

        Raises:
            BadInput: ``no-serving``: the declaration's stack declares none.
        """
        deployment = declaration.deployment
        serving, cloud = deployment.serving, deployment.cloud
        if serving is None or cloud is None or deployment.serving_cidr is None:
            raise BadInput(
                "no-serving",
                f"stack {declaration.stack!r} of {declaration.file} declares no serving",
                "add 'serving', or choose a stack that has it",
            )
        inside = serving.api_access.runner is Runner.IN_VPC and cloud.state is not None
        here = [site for site in deployment.sites if deployment.is_served(site)]
        return cls(
            account=cloud.account,
            region=cloud.region,
            zones=cloud.zones,
            control_zone=cloud.control_zone,
            name=deployment.name,
            tags=deployment.tags,
            cidr=deployment.serving_cidr,
            egress=deployment.network.egress,
            transit_gateway=deployment.network.transit_gateway,
            administrators=serving.administrators,
            public_cidrs=serving.api_access.public_cidrs,
            version=serving.kubernetes or newest(),
            machines=serving.machines,
            disks=any(_keeps(site) for site in here),
            remote_nodes=serving.hybrid.nodes if serving.hybrid else (),
            remote_pods=serving.hybrid.pods if serving.hybrid else (),
            authority=declaration.authority,
            state=cloud.state if inside else None,
            runner_image=reference(declaration.images, RUNNER) if inside else "",
            projects=("serving-platform", *(f"site-{site.class_name}" for site in here if site.delivery is None)),
            stack=declaration.stack,
        )

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if len(self.zones) + bool(self.control_zone) < 2:
            raise ValueError("EKS puts its control plane into two zones: give another, or 'control_zone'")
        layout(self.cidr, self.pods, self.zones)
        outside_china(self.region)
        if bool(self.authority) != bool(self.remote_nodes):
            raise ValueError("machines that join have addresses and an authority: give remote_nodes and authority")
        return self

    @property
    def in_order(self) -> tuple[str, ...]:
        """The zones in the order of their ids, which is that of all subnets."""
        return tuple(sorted(self.zones, key=place))

    @field_serializer("cidr", "pods")
    def _text(self, value: IPv4Network) -> str:
        return str(value)

    @field_serializer("public_cidrs", "remote_nodes", "remote_pods")
    def _texts(self, value: tuple[object, ...]) -> list[str]:
        return [str(item) for item in value]
