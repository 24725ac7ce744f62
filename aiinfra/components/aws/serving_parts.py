"""What the parts of a cluster that serves are declared with, each from the whole. Pure; ids are handed through."""

from dataclasses import dataclass

from aiinfra.catalogue.find import find_region
from aiinfra.components.aws import cluster_settings, endpoints
from aiinfra.components.aws.cluster_roles import cluster_arn
from aiinfra.components.aws.cluster_specs import ClusterSpec, DisksSpec, SystemNodesSpec
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.aws.network_specs import NetworkSpec
from aiinfra.components.aws.policy import role_arn
from aiinfra.components.aws.serving_specs import HybridNodesSpec, InferenceNodesSpec, ServingSpec
from aiinfra.components.aws.training_specs import KeysSpec
from aiinfra.components.spec import Given
from aiinfra.names import role_name
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.serving import SYSTEM_MACHINE, MachineGroup


@dataclass(frozen=True, slots=True)
class ServingCluster:
    """How what runs in the cluster finds it: known before it is made."""

    component: str
    """Name of the serving component, as its project has it."""
    name: str
    account: str
    region: str
    disks: bool
    """Whether its pods get disks."""

    @property
    def arn(self) -> str:
        """ARN of the cluster: by it a provider knows that the cluster is the same."""
        return cluster_arn(self.name, self.account, self.region, find_region(self.region).partition)


def serving_cluster(declaration: Declaration) -> ServingCluster:
    """The serving cluster of a declaration.

    Raises:
        BadInput: ``no-serving``: the declaration's stack declares none.
    """
    spec, component = ServingSpec.of(declaration), f"{declaration.prefix}-serving"
    return ServingCluster(component, cluster_called(component), spec.account, spec.region, spec.disks)


def cluster_called(name: str) -> str:
    """Name of the cluster of the component called ``name``."""
    return cluster_settings.cluster_name(f"{name}-cluster")


def keys_of(spec: ServingSpec, name: str) -> KeysSpec:
    """The keys of the cluster called ``name``; nothing but a runner keeps data."""
    partition = find_region(spec.region).partition
    return KeysSpec(
        account=spec.account,
        region=spec.region,
        log_groups=(f"/aiinfra/{name}-*", cluster_settings.log_group(cluster_called(name))),
        cluster_role=role_arn(role_name(f"{name}-cluster", spec.region), spec.account, partition),
        data=bool(spec.runner_image),
    )


def network_of(spec: ServingSpec, logs_key: Given) -> NetworkSpec:
    """The network of the cluster."""
    return NetworkSpec(
        account=spec.account,
        region=spec.region,
        zones=spec.zones,
        control_zone=spec.control_zone,
        cidr=spec.cidr,
        pods=spec.pods,
        egress=spec.egress,
        services=endpoints.to_serve(runner=bool(spec.runner_image)),
        queue=False,
        runner=bool(spec.runner_image),
        transit_gateway=spec.transit_gateway,
        remote_nodes=spec.remote_nodes,
        remote_pods=spec.remote_pods,
        logs_key=logs_key,
    )


def cluster_of(spec: ServingSpec, name: str, **given: Given) -> ClusterSpec:
    """The cluster of the serving component called ``name``; ``given`` are its ids."""
    return ClusterSpec(
        account=spec.account,
        region=spec.region,
        version=spec.version,
        zones=spec.in_order,
        key_alias=key_alias(f"{name}-keys", "cluster"),
        administrators=spec.administrators,
        public_cidrs=spec.public_cidrs,
        remote_nodes=spec.remote_nodes,
        remote_pods=spec.remote_pods,
        **given,
    )


def system_nodes_of(spec: ServingSpec, name: str, **given: Given) -> SystemNodesSpec:
    """The machines of the cluster's own services; ``given`` are their ids."""
    return SystemNodesSpec(
        account=spec.account,
        region=spec.region,
        version=spec.version,
        cluster=cluster_called(name),
        tags=spec.tags,
        instance=SYSTEM_MACHINE.instance,
        nodes=SYSTEM_MACHINE.count,
        **given,
    )


def inference_nodes_of(spec: ServingSpec, name: str, alike: MachineGroup, **given: Given) -> InferenceNodesSpec:
    """One group of machines that serve, under the role of the other machines; ``given`` are their ids."""
    partition = find_region(spec.region).partition
    return InferenceNodesSpec(
        version=spec.version,
        cluster=cluster_called(name),
        role=role_arn(role_name(f"{name}-system", spec.region), spec.account, partition),
        tags=spec.tags,
        instance=alike.instance,
        count=alike.count,
        **given,
    )


def disks_of(spec: ServingSpec, name: str) -> DisksSpec:
    """The driver of volumes."""
    return DisksSpec(
        account=spec.account,
        region=spec.region,
        version=spec.version,
        cluster=cluster_called(name),
        key_alias=key_alias(f"{name}-keys", "volumes"),
    )


def hybrid_nodes_of(spec: ServingSpec, name: str) -> HybridNodesSpec:
    """What machines of sites need to join."""
    return HybridNodesSpec(
        account=spec.account, region=spec.region, cluster=cluster_called(name), authority=spec.authority
    )
