"""Which resources have network interfaces: their security groups, their subnets, whether they are public."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aiinfra.access.aws.references import References
from aiinfra.access.aws.routes import Places, Subnet
from aiinfra.access.aws.rules import CLUSTER, Groups
from aiinfra.graph import path as paths
from aiinfra.graph.node import Graph, Node

TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_SCALING_GROUP: Final = "aws:autoscaling/group:Group"


@dataclass(frozen=True, slots=True)
class Kind:
    """Where one type says it. ``public``: the property that makes it so; ``!`` before it: that keeps it private."""

    groups: str
    subnets: str
    public: str = ""
    subnet_group: str = ""
    """Type of the subnet group that ``subnets`` names, where it names one."""
    unlimited: bool = False
    """Without groups nothing limits it; other types get the VPC's default group."""


_LB: Final = Kind("securityGroups", "subnets", "!internal", unlimited=True)
_CACHE: Final = "aws:elasticache/subnetGroup:SubnetGroup"
_DATABASE: Final = "aws:rds/subnetGroup:SubnetGroup"
KINDS: Final[dict[str, Kind]] = {
    "aws:ec2/instance:Instance": Kind("vpcSecurityGroupIds", "subnetId", "associatePublicIpAddress"),
    "aws:ec2/networkInterface:NetworkInterface": Kind("securityGroups", "subnetId", "-"),
    "aws:lb/loadBalancer:LoadBalancer": _LB,
    "aws:alb/loadBalancer:LoadBalancer": _LB,
    "aws:elb/loadBalancer:LoadBalancer": _LB,
    "aws:rds/instance:Instance": Kind("vpcSecurityGroupIds", "dbSubnetGroupName", "publiclyAccessible", _DATABASE),
    "aws:rds/cluster:Cluster": Kind("vpcSecurityGroupIds", "dbSubnetGroupName", "-", _DATABASE),
    "aws:docdb/cluster:Cluster": Kind(
        "vpcSecurityGroupIds", "dbSubnetGroupName", "-", "aws:docdb/subnetGroup:SubnetGroup"
    ),
    "aws:elasticache/cluster:Cluster": Kind("securityGroupIds", "subnetGroupName", "-", _CACHE),
    "aws:elasticache/replicationGroup:ReplicationGroup": Kind("securityGroupIds", "subnetGroupName", "-", _CACHE),
    "aws:redshift/cluster:Cluster": Kind(
        "vpcSecurityGroupIds", "clusterSubnetGroupName", "publiclyAccessible", "aws:redshift/subnetGroup:SubnetGroup"
    ),
    "aws:lambda/function:Function": Kind("vpcConfig.securityGroupIds", "vpcConfig.subnetIds", "-"),
    "aws:ecs/service:Service": Kind(
        "networkConfiguration.securityGroups", "networkConfiguration.subnets", "networkConfiguration.assignPublicIp"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Kind("securityGroupIds", "subnetIds", "-"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": Kind("securityGroupIds", "subnetIds", "-"),
    "aws:efs/mountTarget:MountTarget": Kind("securityGroups", "subnetId", "-"),
    "aws:msk/cluster:Cluster": Kind("brokerNodeGroupInfo.securityGroups", "brokerNodeGroupInfo.clientSubnets", "-"),
    "aws:opensearch/domain:Domain": Kind("vpcOptions.securityGroupIds", "vpcOptions.subnetIds", "-"),
    "aws:codebuild/project:Project": Kind("vpcConfig.securityGroupIds", "vpcConfig.subnets", "-"),
    "aws:route53/resolverEndpoint:ResolverEndpoint": Kind("securityGroupIds", "ipAddresses[*].subnetId", "-"),
    CLUSTER: Kind("vpcConfig.securityGroupIds", "vpcConfig.subnetIds", "-"),
}
"""Types with interfaces of their own. ``-``: never public."""


@dataclass(frozen=True, slots=True)
class Interface:
    """The interfaces of one resource that have the same groups."""

    urn: str
    groups: frozenset[str]
    """Keys; empty: nothing limits it."""
    places: tuple[Subnet, ...]
    public: bool | None
    """None: as the subnet has it."""

    def is_public(self, place: Subnet) -> bool:
        """Whether it may have a public address there."""
        return place.public if self.public is None else self.public


def interfaces(graph: Graph, references: References, places: Places, groups: Groups) -> Iterator[Interface]:
    """Those of every resource that has some, and that the graph makes or reads."""
    addressed = _addressed(graph, references)
    for type_, kind in KINDS.items():
        for node in graph.of_type(type_):
            if type_ == "aws:ec2/vpcEndpoint:VpcEndpoint" and node.inputs.get("vpcEndpointType") != "Interface":
                continue
            if type_ == "aws:lambda/function:Function" and not node.inputs.get("vpcConfig"):
                continue
            if type_ == "aws:codebuild/project:Project" and not node.inputs.get("vpcConfig"):
                continue
            if type_ == "aws:opensearch/domain:Domain" and not node.inputs.get("vpcOptions"):
                continue
            if type_ == "aws:ecs/service:Service" and not node.inputs.get("networkConfiguration"):
                continue
            found = _places(node, kind, references, places)
            own = _groups(node, kind.groups, groups)
            if type_ == CLUSTER:
                own |= {f"{node.urn}#own"}
            elif not own and not kind.unlimited:
                own = {groups.default_of(found[0].vpc)}
            public = True if node.urn in addressed else _public(node, kind.public)
            yield Interface(node.urn, frozenset(own), tuple(found), public)
    for node in (*graph.of_type(_NODE_GROUP), *graph.of_type(_SCALING_GROUP)):
        yield from _machines(node, graph, references, places, groups)


def _machines(node: Node, graph: Graph, references: References, places: Places, groups: Groups) -> Iterator[Interface]:
    """Machines that a launch template describes; those of EKS get the cluster's own group where it names none."""
    key = "subnetIds" if node.type == _NODE_GROUP else "vpcZoneIdentifiers"
    found = places.subnets_of(node, key, node.inputs.get(key)) or [places.anywhere(places.outside(None))]
    named = node.inputs.get("launchTemplate") or {}
    template = references.node(
        node, "launchTemplate", named.get("id") or named.get("name"), (TEMPLATE,), properties=("name",)
    )
    sets: list[tuple[set[str], bool | None]] = []
    if template is not None:
        whole = _groups(template, "vpcSecurityGroupIds", groups)
        for item in template.inputs.get("networkInterfaces") or ():
            own = {groups.key_of(template, "networkInterfaces", value) for value in item.get("securityGroups") or ()}
            asked = item.get("associatePublicIpAddress")
            efa = item.get("interfaceType") == "efa-only" or item.get("deviceIndex") not in (None, 0)
            sets.append((own or whole, False if efa else asked if isinstance(asked, bool) else None))
        sets = sets or [(whole, None)]
    for own, public in sets or [(set[str](), None)]:
        yield Interface(
            node.urn, frozenset(own or _without_groups(node, found, graph, references, groups)), tuple(found), public
        )


def _without_groups(node: Node, found: list[Subnet], graph: Graph, references: References, groups: Groups) -> set[str]:
    if node.type == _NODE_GROUP:
        wanted = node.inputs.get("clusterName")
        cluster = references.node(node, "clusterName", wanted, (CLUSTER,), properties=("name",))
        named = [one for one in graph.of_type(CLUSTER) if one.inputs.get("name") == wanted and wanted]
        if cluster is not None or named:
            return {f"{(cluster or named[0]).urn}#own"}
    return {groups.default_of(found[0].vpc)}


def _places(node: Node, kind: Kind, references: References, places: Places) -> list[Subnet]:
    key = kind.subnets.partition(".")[0].partition("[")[0]
    values: Any = [
        value for found in paths.values_at(node.inputs, paths.parse(kind.subnets)) for value in _listed(found)
    ]
    if kind.subnet_group and values:
        group = references.node(node, key, values[0], (kind.subnet_group,), properties=("name",))
        if group is not None:
            return places.subnets_of(group, "subnetIds", group.inputs.get("subnetIds")) or _somewhere(node, places)
        return _somewhere(node, places)
    return places.subnets_of(node, key, values) or _somewhere(node, places)


def _somewhere(node: Node, places: Places) -> list[Subnet]:
    return places.all_in(places.vpc_of(node)) if "vpcId" in node.inputs else [places.anywhere(places.outside(None))]


def _groups(node: Node, path: str, groups: Groups) -> set[str]:
    found = paths.values_at(node.inputs, paths.parse(path))
    return {groups.key_of(node, path.partition(".")[0], value) for item in found for value in _listed(item)}


def _public(node: Node, path: str) -> bool | None:
    if path == "-":
        return False
    value = next(iter(paths.values_at(node.inputs, paths.parse(path.lstrip("!")))), None)
    if path.startswith("!"):
        return value is not True
    if isinstance(value, bool):
        return value
    return None if node.type == "aws:ec2/instance:Instance" else node.type == "aws:redshift/cluster:Cluster"


def _addressed(graph: Graph, references: References) -> frozenset[str]:
    """Machines and interfaces that an elastic address is bound to."""
    targets = {"instance": "aws:ec2/instance:Instance", "networkInterface": "aws:ec2/networkInterface:NetworkInterface"}
    more = {"instanceId": targets["instance"], "networkInterfaceId": targets["networkInterface"]}
    found = set()
    for type_, keys in (("aws:ec2/eip:Eip", targets), ("aws:ec2/eipAssociation:EipAssociation", more)):
        for node in graph.of_type(type_):
            for key, target in keys.items():
                bound = references.node(node, key, node.inputs.get(key), (target,))
                if bound is not None:
                    found.add(bound.urn)
    return frozenset(found)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
