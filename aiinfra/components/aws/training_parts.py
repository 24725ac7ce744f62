"""What the parts of a training cluster are declared with, each from the whole. Pure; ids are handed through."""

from typing import Any

from aiinfra.catalogue.find import find_region
from aiinfra.catalogue.operators import exporters_of
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
from aiinfra.components.aws.network_specs import JoinedNetworkSpec, NetworkSpec
from aiinfra.components.aws.policy import role_arn
from aiinfra.components.aws.storage_parts import called, every_noun
from aiinfra.components.aws.storage_specs import FileSystemSpec, StorageSpec
from aiinfra.components.aws.training_specs import KeysSpec, TrainingSpec
from aiinfra.components.aws.watch_specs import ObservabilitySpec
from aiinfra.components.spec import Given
from aiinfra.names import role_name
from aiinfra.spec.existing import ExistingNetwork
from aiinfra.spec.storage import Files


def cluster_called(spec: TrainingSpec, name: str) -> str:
    """Name of the cluster of the training called ``name``."""
    return spec.cluster or cluster_settings.cluster_name(f"{name}-cluster")


def key_name(spec: TrainingSpec, name: str, noun: str) -> str:
    """How policies name a key: by its ARN where it was there already, else by its alias."""
    return spec.existing_keys.named.get(noun) or key_alias(f"{name}-keys", noun)


def machines_role(spec: TrainingSpec, name: str) -> str:
    """ARN of the machines' role."""
    if spec.existing_cluster is not None:
        return spec.existing_cluster.node_role
    return role_arn(role_name(f"{name}-system", spec.region), spec.account, find_region(spec.region).partition)


def keys_of(spec: TrainingSpec, name: str) -> KeysSpec:
    """The keys of the training called ``name``. A cluster that is there has its own, and keeps its own logs."""
    watched = (f"/aws/vendedlogs/aiinfra/{name}-*",) if spec.observability else ()
    place = {"account": spec.account, "region": spec.region, "existing": spec.existing_keys}
    if spec.existing_cluster is not None:
        return KeysSpec(**place, log_groups=watched)
    role = role_arn(role_name(f"{name}-cluster", spec.region), spec.account, find_region(spec.region).partition)
    groups = (f"/aiinfra/{name}-*", cluster_settings.log_group(cluster_called(spec, name)))
    return KeysSpec(**place, log_groups=(*groups, *watched), cluster_role=role)


def guarded_by(spec: TrainingSpec, logs_key: Given) -> dict[str, Any]:
    """What a network of ours and one that is there already are both declared with."""
    return {
        "account": spec.account,
        "region": spec.region,
        "zones": spec.zones,
        "control_zone": spec.control_zone,
        "egress": spec.egress,
        "services": endpoints.services(scale_to_zero=spec.scale_to_zero, runner=bool(spec.runner_image)),
        "starts_machines": spec.scale_to_zero,
        "runner": bool(spec.runner_image),
        "logs_key": logs_key,
    }


def network_of(spec: TrainingSpec, logs_key: Given) -> NetworkSpec:
    """The network of the cluster, which is made."""
    return NetworkSpec(**guarded_by(spec, logs_key), cidr=spec.cidr, transit_gateway=spec.transit_gateway)


def joined_network_of(spec: TrainingSpec, existing: ExistingNetwork, logs_key: Given) -> JoinedNetworkSpec:
    """The network of the cluster, which is there already."""
    return JoinedNetworkSpec(**guarded_by(spec, logs_key), existing=existing)


def storage_of(spec: TrainingSpec, name: str, key: Given) -> StorageSpec:
    """The buckets of the training called ``name``."""
    return StorageSpec(
        account=spec.account,
        region=spec.region,
        key=key,
        administrators=spec.administrators,
        datasets=spec.datasets is not None or "datasets" in spec.existing_buckets,
        checkpoints=spec.checkpoints is not None or "checkpoints" in spec.existing_buckets,
        replica=spec.replica,
        key_name=key_name(spec, name, "data") if spec.replica else None,
        existing={noun: each.bucket for noun, each in spec.existing_buckets.items()},
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
        key_alias=key_name(spec, name, "cluster"),
        administrators=spec.administrators,
        public_cidrs=spec.public_cidrs,
        **given,
    )


def system_nodes_of(spec: TrainingSpec, name: str, **given: Given) -> SystemNodesSpec:
    """The machines of the cluster's own services; ``given`` are their ids."""
    cluster = cluster_called(spec, name)
    return SystemNodesSpec(
        account=spec.account, region=spec.region, version=spec.version, cluster=cluster, tags=spec.tags, **given
    )


def trainer_of(spec: TrainingSpec, storage: StorageSpec, name: str) -> WorkloadRoleSpec:
    """What the training jobs may do: read datasets, write checkpoints and records."""
    bucket = {noun: called(storage, f"{name}-storage", noun) for noun in every_noun(storage)}
    return WorkloadRoleSpec(
        account=spec.account,
        region=spec.region,
        cluster=cluster_called(spec, name),
        namespace=spec.name,
        service_account="trainer",
        key_alias=key_name(spec, name, "data"),
        keys=tuple(sorted({each.key for each in spec.existing_buckets.values() if each.key})),
        reads=tuple(bucket[noun] for noun in ("datasets",) if noun in bucket),
        writes=tuple(bucket[noun] for noun in ("audit", "checkpoints") if noun in bucket),
    )


def accelerators_of(spec: TrainingSpec, name: str, **given: Given) -> AcceleratorNodesSpec:
    """The machines that train, under the role of the other machines; ``given`` are their ids."""
    return AcceleratorNodesSpec(
        version=spec.version,
        cluster=cluster_called(spec, name),
        role=machines_role(spec, name),
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
        cluster=cluster_called(spec, name),
        key_alias=key_name(spec, name, "volumes"),
        files=spec.files is not None,
    )


def scaling_of(spec: TrainingSpec, name: str) -> ScalingSpec:
    """The AWS half of machines that come and go; they have the role of the other machines."""
    return ScalingSpec(
        account=spec.account,
        region=spec.region,
        cluster=cluster_called(spec, name),
        training=name,
        role=machines_role(spec, name).rpartition("/")[2],
        key_alias=key_name(spec, name, "volumes"),
        placed=is_placed(spec.capacity, accelerated(spec.instance), spec.nodes),
    )


def alarms_of(spec: TrainingSpec) -> AlarmsSpec:
    """Where alarms go."""
    return AlarmsSpec(account=spec.account, region=spec.region, mails=spec.mails)


def spending_of(spec: TrainingSpec, topic: Given) -> SpendingSpec:
    """The alarm of training's budget: it counts what carries the deployment's cost center."""
    return SpendingSpec(topic=topic, budget=spec.budget, tag=f"cost-center={spec.tags.cost_center}")


def observability_of(spec: TrainingSpec, name: str, **given: Given) -> ObservabilitySpec | None:
    """What watches the cluster; None where nothing does."""
    if spec.observability is None:
        return None
    return ObservabilitySpec(
        account=spec.account,
        region=spec.region,
        cluster=cluster_called(spec, name),
        exporters=exporters_of(accelerated(spec.instance)),
        grafana=spec.observability.grafana,
        **given,
    )
