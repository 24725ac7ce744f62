"""What the parts of a training cluster are declared with, each from the whole. Pure; ids are handed through."""

from aiinfra.catalogue.find import find_region
from aiinfra.components.aws import cluster_settings, endpoints
from aiinfra.components.aws.accelerators import accelerated, is_placed
from aiinfra.components.aws.account_specs import AlarmsSpec, SpendingSpec
from aiinfra.components.aws.cluster_specs import (
    AcceleratorNodesSpec,
    ClusterSpec,
    DisksSpec,
    ScalingSpec,
    SystemNodesSpec,
    WorkloadRoleSpec,
)
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.aws.layout import place
from aiinfra.components.aws.policy import role_arn
from aiinfra.components.aws.runner_specs import RunnerSpec
from aiinfra.components.aws.storage_parts import called, nouns
from aiinfra.components.aws.storage_specs import FileSystemSpec, StorageSpec
from aiinfra.components.aws.training_specs import KeysSpec, NetworkSpec, TrainingSpec
from aiinfra.components.aws.watch_specs import ObservabilitySpec
from aiinfra.components.spec import Given
from aiinfra.names import role_name
from aiinfra.spec.storage import Files


def keys_of(spec: TrainingSpec, name: str) -> KeysSpec:
    """The keys of the cluster called ``name``."""
    cluster = f"{name}-cluster"
    watched = (f"/aws/vendedlogs/aiinfra/{name}-*",) if spec.observability else ()
    partition = find_region(spec.region).partition
    return KeysSpec(
        account=spec.account,
        region=spec.region,
        log_groups=(f"/aiinfra/{name}-*", cluster_settings.log_group(cluster_settings.cluster_name(cluster)), *watched),
        cluster_role=role_arn(role_name(cluster, spec.region), spec.account, partition),
    )


def network_of(spec: TrainingSpec, logs_key: Given) -> NetworkSpec:
    """The network of the cluster."""
    return NetworkSpec(
        account=spec.account,
        region=spec.region,
        zones=spec.zones,
        cidr=spec.cidr,
        egress=spec.egress,
        transit_gateway=spec.transit_gateway,
        services=endpoints.services(scale_to_zero=spec.scale_to_zero, runner=bool(spec.runner_image)),
        starts_machines=spec.scale_to_zero,
        runner=bool(spec.runner_image),
        logs_key=logs_key,
    )


def storage_of(spec: TrainingSpec, key: Given) -> StorageSpec:
    """The buckets of the cluster."""
    return StorageSpec(
        account=spec.account,
        region=spec.region,
        key=key,
        administrators=spec.administrators,
        datasets=spec.datasets is not None,
        checkpoints=spec.checkpoints is not None,
    )


def files_of(files: Files, storage: StorageSpec, name: str, **given: Given) -> FileSystemSpec:
    """The file system of the cluster whose storage is called ``name``; ``given`` are its ids."""
    datasets = called(storage, name, "datasets") if storage.datasets else ""
    return FileSystemSpec(size=files.size, throughput=files.throughput, datasets=datasets, **given)


def cluster_of(spec: TrainingSpec, name: str, **given: Given) -> ClusterSpec:
    """The cluster of the training called ``name``; ``given`` are its ids."""
    return ClusterSpec(
        account=spec.account,
        region=spec.region,
        version=spec.version,
        zones=tuple(sorted(spec.zones, key=place)),
        key_alias=key_alias(f"{name}-keys", "cluster"),
        administrators=spec.administrators,
        public_cidrs=spec.public_cidrs,
        **given,
    )


def system_nodes_of(spec: TrainingSpec, name: str, **given: Given) -> SystemNodesSpec:
    """The machines of the cluster's own services; ``given`` are their ids."""
    cluster = cluster_settings.cluster_name(f"{name}-cluster")
    return SystemNodesSpec(
        account=spec.account, region=spec.region, version=spec.version, cluster=cluster, tags=spec.tags, **given
    )


def trainer_of(spec: TrainingSpec, storage: StorageSpec, name: str) -> WorkloadRoleSpec:
    """What the training jobs may do: read datasets, write checkpoints and records."""
    bucket = {noun: called(storage, f"{name}-storage", noun) for noun in nouns(storage)}
    return WorkloadRoleSpec(
        account=spec.account,
        region=spec.region,
        cluster=cluster_settings.cluster_name(f"{name}-cluster"),
        namespace=spec.name,
        service_account="trainer",
        key_alias=key_alias(f"{name}-keys", "data"),
        reads=tuple(bucket[noun] for noun in ("datasets",) if noun in bucket),
        writes=tuple(bucket[noun] for noun in ("audit", "checkpoints") if noun in bucket),
    )


def accelerators_of(spec: TrainingSpec, name: str, **given: Given) -> AcceleratorNodesSpec:
    """The machines that train, under the role of the other machines; ``given`` are their ids."""
    partition = find_region(spec.region).partition
    return AcceleratorNodesSpec(
        version=spec.version,
        cluster=cluster_settings.cluster_name(f"{name}-cluster"),
        role=role_arn(role_name(f"{name}-system", spec.region), spec.account, partition),
        tags=spec.tags,
        instance=spec.instance,
        nodes=spec.nodes,
        capacity=spec.capacity,
        **given,
    )


def disks_of(spec: TrainingSpec, name: str) -> DisksSpec:
    """The drivers of volumes."""
    return DisksSpec(
        account=spec.account,
        region=spec.region,
        version=spec.version,
        cluster=cluster_settings.cluster_name(f"{name}-cluster"),
        key_alias=key_alias(f"{name}-keys", "volumes"),
        files=spec.files is not None,
    )


def scaling_of(spec: TrainingSpec, name: str) -> ScalingSpec:
    """The AWS half of machines that come and go; they have the role of the other machines."""
    return ScalingSpec(
        account=spec.account,
        region=spec.region,
        cluster=cluster_settings.cluster_name(f"{name}-cluster"),
        training=name,
        role=role_name(f"{name}-system", spec.region),
        key_alias=key_alias(f"{name}-keys", "volumes"),
        placed=is_placed(spec.capacity, accelerated(spec.instance), spec.nodes),
    )


def alarms_of(spec: TrainingSpec) -> AlarmsSpec:
    """Where alarms go."""
    return AlarmsSpec(account=spec.account, region=spec.region, mails=spec.mails)


def spending_of(spec: TrainingSpec, topic: Given) -> SpendingSpec:
    """The alarm of training's budget: it counts what carries the deployment's cost center."""
    return SpendingSpec(topic=topic, budget=spec.budget, tag=f"cost-center={spec.tags.cost_center}")


def runner_of(spec: TrainingSpec, name: str, **given: Given) -> RunnerSpec | None:
    """What runs projects from inside; None where the declaration says no place for the state, or another way in."""
    if spec.state is None or not spec.runner_image:
        return None
    return RunnerSpec(
        account=spec.account,
        region=spec.region,
        deployment=spec.name,
        cluster=cluster_settings.cluster_name(f"{name}-cluster"),
        state=spec.state,
        image=spec.runner_image,
        stack=spec.stack,
        **given,
    )


def observability_of(spec: TrainingSpec, name: str, **given: Given) -> ObservabilitySpec | None:
    """What watches the cluster; None where nothing does."""
    if spec.observability is None:
        return None
    return ObservabilitySpec(
        account=spec.account,
        region=spec.region,
        cluster=cluster_settings.cluster_name(f"{name}-cluster"),
        grafana=spec.observability.grafana,
        **given,
    )
