"""Where the parts of a training cluster stand, and what they wait for, whether it is made or there already."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi

from aiinfra.catalogue.find import find_region
from aiinfra.components.aws.cluster_roles import cluster_arn
from aiinfra.components.aws.guarded import Guarded
from aiinfra.components.aws.layout import place
from aiinfra.components.aws.training_specs import TrainingSpec
from aiinfra.components.spec import Given
from aiinfra.spec.existing import ExistingCluster, ExistingNetwork


@dataclass(frozen=True, slots=True)
class Place:
    """Ids of a network; lists are in the order of the zones' ids."""

    vpc: Given
    nodes: tuple[Given, ...]
    services: Given
    """The subnet of the zone that has the machines that train."""
    pods: tuple[Given, ...]
    control: tuple[Given, ...]
    nodes_group: Given
    control_group: Given = ""
    runner_group: Given = ""
    made: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """A cluster, and what must be there before machines join it: it, then its own machines; nothing if it was there."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    ready: list[pulumi.Resource] = field(default_factory=list)


def place_of(spec: TrainingSpec, network: Guarded) -> Place:
    """Ids one by one: how many there are is known, one for each zone."""

    def each(ids: pulumi.Output[list[str]], count: int) -> tuple[Given, ...]:
        return tuple(ids[index] for index in range(count))

    zones = len(spec.zones)
    return Place(
        vpc=network.vpc,
        nodes=each(network.node_subnets, zones),
        services=network.service_subnets[spec.home],
        pods=each(network.pod_subnets, zones),
        control=each(network.control_subnets, zones + bool(spec.control_zone)),
        nodes_group=network.nodes_group,
        control_group=network.control_group,
        runner_group=network.runner_group,
        made=(network,),
    )


def place_in(spec: TrainingSpec, network: ExistingNetwork, cluster: ExistingCluster) -> Place:
    """Ids as they are declared: the network of a cluster that is there already."""
    zones = sorted(network.zones, key=lambda zone: place(zone.zone))
    home = next(zone for zone in zones if zone.zone == spec.zones[0])
    return Place(
        vpc=network.vpc,
        nodes=tuple(zone.nodes.id for zone in zones if zone.zone in spec.zones and zone.nodes is not None),
        services=home.services.id,
        pods=(),
        control=tuple(zone.services.id for zone in zones),
        nodes_group=cluster.nodes_group,
    )


def control_of(spec: TrainingSpec, cluster: ExistingCluster) -> Control:
    """A cluster that is there already, as it is declared."""
    partition = find_region(spec.region).partition
    arn = cluster_arn(cluster.cluster, spec.account, spec.region, partition)
    given = pulumi.Output.from_input
    return Control(given(cluster.cluster), given(arn), given(cluster.endpoint), given(cluster.certificate_authority))
