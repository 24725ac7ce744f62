"""The AWS side of a training cluster, composed."""

import pulumi

from aiinfra.components.args import TrainingArgs
from aiinfra.components.aws import training_parts as parts
from aiinfra.components.aws.accelerator_nodes import AcceleratorNodes
from aiinfra.components.aws.alarms import Alarms
from aiinfra.components.aws.cluster import Cluster
from aiinfra.components.aws.disks import Disks
from aiinfra.components.aws.file_system import FileSystem
from aiinfra.components.aws.joined_network import JoinedNetwork
from aiinfra.components.aws.keys import Keys
from aiinfra.components.aws.machine_scaling import Scaling
from aiinfra.components.aws.network import Network
from aiinfra.components.aws.observability import Observability
from aiinfra.components.aws.runner import Runner
from aiinfra.components.aws.spending import Spending
from aiinfra.components.aws.storage import Storage
from aiinfra.components.aws.system_nodes import SystemNodes
from aiinfra.components.aws.training_places import Control, Place, control_of, place_in, place_of
from aiinfra.components.aws.training_specs import TrainingSpec
from aiinfra.components.aws.workload_role import WorkloadRole
from aiinfra.components.component import Component, parse_args
from aiinfra.components.locked import require_locked
from aiinfra.components.spec import Given
from aiinfra.images import RUNNER, is_unlocked
from aiinfra.tokens import TRAINING


class Training(Component):
    """A closed cluster and what it needs around it.

    Children: ``keys`` (:class:`Keys`), ``network`` (:class:`Network`, or :class:`JoinedNetwork` in one that is there
    already), ``storage`` (:class:`Storage`), where it is
    declared ``files`` (:class:`FileSystem`), ``cluster`` (:class:`Cluster`), ``system`` (:class:`SystemNodes`),
    ``disks`` (:class:`Disks`), ``accelerators`` (:class:`AcceleratorNodes`) or, where machines come and go, ``scaling``
    (:class:`Scaling`), ``trainer`` (:class:`WorkloadRole`); where something runs inside ``runner`` (:class:`Runner`);
    where somebody is told of something ``alarms`` (:class:`Alarms`), with ``spending`` (:class:`Spending`) for a budget
    and ``observability`` (:class:`Observability`) for metrics. Where the cluster is there already: neither ``network``,
    ``cluster``, ``system`` nor ``disks``.
    """

    vpc: pulumi.Output[str]
    """Id of the network."""
    buckets: pulumi.Output[dict[str, str]]
    """What for -> the bucket's name."""
    cluster: pulumi.Output[str]
    """Name of the cluster."""
    cluster_arn: pulumi.Output[str]
    """ARN of the cluster."""
    endpoint: pulumi.Output[str]
    """Address of the cluster's API."""
    certificate_authority: pulumi.Output[str]
    """Certificate that the API is known by, PEM in base 64."""
    files: pulumi.Output[dict[str, str]]
    """``id``, ``dnsName`` and ``mountName`` of the file system; empty where there is none."""

    def __init__(self, name: str, args: TrainingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(TrainingSpec, name, args)
        require_locked([RUNNER] if is_unlocked(spec.runner_image) else [])  # before the first resource, not the last
        super().__init__(TRAINING, name, spec, opts)
        self.files = pulumi.Output.from_input({})
        keys = self.part(Keys, "keys", parts.keys_of(spec, name))
        network = self._network(spec, keys.logs)
        stored = parts.storage_of(spec, name, keys.data)
        storage = self.part(Storage, "storage", stored)
        if spec.files is not None:
            ids = {"vpc": network.vpc, "subnet": network.services, "clients": network.nodes_group}
            files = parts.files_of(spec.files, stored, f"{name}-storage", key=keys.data, **ids)
            made = self.part(FileSystem, "files", files, depends_on=[storage])
            self.files = pulumi.Output.all(id=made.id, dnsName=made.dns_name, mountName=made.mount_name)
        cluster = self._cluster(spec, network, keys)
        if spec.scale_to_zero:
            self.part(Scaling, "scaling", parts.scaling_of(spec, name), depends_on=cluster.ready)
        else:
            home = {"subnet": network.nodes[spec.home], "group": network.nodes_group, "key": keys.volumes}
            training = parts.accelerators_of(spec, name, **home)
            self.part(AcceleratorNodes, "accelerators", training, depends_on=cluster.ready)
        self._alarms(spec, network, keys.logs, cluster)
        place = {"vpc": network.vpc, "subnets": network.nodes, "group": network.runner_group}
        inside = spec.runner(parts.cluster_called(spec, name), **place, key=keys.data, logs_key=keys.logs)
        if inside is not None:
            self.part(Runner, "runner", inside, depends_on=cluster.ready[:1])
        trainer = parts.trainer_of(spec, stored, name)
        self.part(WorkloadRole, "trainer", trainer, depends_on=cluster.ready[:1])

        self.vpc = pulumi.Output.from_input(network.vpc)
        self.buckets = storage.buckets
        self.cluster, self.cluster_arn = cluster.name, cluster.arn
        self.endpoint, self.certificate_authority = cluster.endpoint, cluster.certificate_authority
        self.done(
            {
                "vpc": self.vpc,
                "buckets": self.buckets,
                "cluster": self.cluster,
                "clusterArn": self.cluster_arn,
                "endpoint": self.endpoint,
                "certificateAuthority": self.certificate_authority,
                "files": self.files,
            }
        )

    def _network(self, spec: TrainingSpec, logs_key: Given) -> Place:
        """The network: made, joined, or, under a cluster that is there already, left as it is."""
        if spec.existing_network is None:
            made = self.part(Network, "network", parts.network_of(spec, logs_key))
            return place_of(spec, made)
        if spec.existing_cluster is not None:
            return place_in(spec, spec.existing_network, spec.existing_cluster)
        joined = self.part(JoinedNetwork, "network", parts.joined_network_of(spec, spec.existing_network, logs_key))
        return place_of(spec, joined)

    def _cluster(self, spec: TrainingSpec, network: Place, keys: Keys) -> Control:
        """The cluster with its own machines and drivers, where it is not there already."""
        name = self._name
        if spec.existing_cluster is not None:
            return control_of(spec, spec.existing_cluster)
        ids = {"subnets": network.control, "group": network.control_group}
        pods = {"pod_subnets": network.pods, "nodes_group": network.nodes_group}
        wanted = parts.cluster_of(spec, name, **ids, **pods, key=keys.cluster, logs_key=keys.logs)
        cluster = self.part(Cluster, "cluster", wanted, depends_on=list(network.made))
        home = {"subnets": network.nodes, "group": network.nodes_group}
        system = parts.system_nodes_of(spec, name, **home, key=keys.volumes)
        machines = self.part(SystemNodes, "system", system, depends_on=[cluster])
        self.part(Disks, "disks", parts.disks_of(spec, name), depends_on=[machines])
        return Control(cluster.name, cluster.arn, cluster.endpoint, cluster.certificate_authority, [cluster, machines])

    def _alarms(self, spec: TrainingSpec, network: Place, logs_key: Given, cluster: Control) -> None:
        """What somebody is told of: money, and what the cluster's metrics say."""
        if spec.budget is None and spec.observability is None:
            return
        alarms = self.part(Alarms, "alarms", parts.alarms_of(spec))
        if spec.budget is not None:
            self.part(Spending, "spending", parts.spending_of(spec, alarms.topic), depends_on=[alarms])
        given = {"subnets": network.control, "group": network.nodes_group, "logs_key": logs_key}
        watch = parts.observability_of(spec, self._name, topic=alarms.topic, **given)
        if watch is not None:
            self.part(Observability, "observability", watch, depends_on=[alarms, *cluster.ready[:1]])
