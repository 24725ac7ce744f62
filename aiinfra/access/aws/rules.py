"""Rules of security groups: whom each lets in or out, and on which ports."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from aiinfra.access.aws.references import References
from aiinfra.access.aws.routes import ENDPOINT, VPCS, Places, networks, service_of
from aiinfra.access.blocks import Network
from aiinfra.access.ports import LAST, PROTOCOLS, Ports, union
from aiinfra.graph.node import Graph, Node

GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
CLUSTER: Final = "aws:eks/cluster:Cluster"
_PREFIX_LIST: Final = "aws:ec2/managedPrefixList:ManagedPrefixList"
RULES: Final = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ingress",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "egress",
    "aws:ec2/securityGroupRule:SecurityGroupRule": "",
}
INGRESS, EGRESS = "ingress", "egress"

_NUMBERED: Final = {"1": "ICMP", "6": "TCP", "17": "UDP", "58": "ICMPV6", "132": "SCTP"}
_EVERY: Final = ("", "-1", "all", "none")
EVERYTHING: Final[Ports] = union((protocol, 1, LAST) for protocol in (*PROTOCOLS, "ICMP", "ICMPV6", "other protocols"))
"""What a rule for all protocols lets through. Types of ICMP are not told apart."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a group lets through. The other end is one of: a group, addresses, or a named service."""

    group: str
    direction: str
    ports: Ports
    why: str
    urn: str
    other: str = ""
    """Key of a group."""
    block: Network | None = None
    named: str = ""
    """A service, a prefix list or addresses that nobody knows before apply."""


@dataclass(frozen=True, slots=True)
class Group:
    """One security group. ``known``: the graph makes it, so that all its rules may be there."""

    key: str
    name: str
    vpc: str
    known: bool = True


class Groups:
    """The security groups of a graph and their rules."""

    def __init__(self, graph: Graph, references: References, places: Places) -> None:
        self._graph, self._references, self._places = graph, references, places
        self.groups: dict[str, Group] = {}
        self.rules: list[Rule] = []
        for node in graph.of_type(GROUP):
            self.groups[node.urn] = Group(node.urn, node.name, places.vpc_of(node), known=not node.read)
        for key in list(places.vpcs):
            self.default_of(key)
        for node in graph.of_type(CLUSTER):
            self._own(node)
        for node in graph.of_type(GROUP):
            self._inline(node, node.urn)
        for type_, direction in RULES.items():
            for node in graph.of_type(type_):
                key = self.key_of(node, "securityGroupId", node.inputs.get("securityGroupId"))
                way = direction or str(node.inputs.get("type", INGRESS))
                self.rules += self._rules(node, "", key, way, node.inputs)
        self._place_named()

    def key_of(self, owner: Node, property_: str, value: Any) -> str:
        """Key of the group that a value names; one that the graph does not make is made known by its id."""
        found = self._references.node(owner, property_, value, (GROUP, DEFAULT_GROUP), properties=("name",))
        if found is not None:
            return self.default_of(self._places.vpc_of(found)) if found.type == DEFAULT_GROUP else str(found.urn)
        vpc = self._references.property_of(value, VPCS, "defaultSecurityGroupId")
        if vpc is not None:
            return self.default_of(vpc.urn)
        cluster = self._references.property_of(value, (CLUSTER,), "vpcConfig.clusterSecurityGroupId")
        if cluster is not None:
            return f"{cluster.urn}#own"
        name = value if isinstance(value, str) and value else "a group not known yet"
        self.groups.setdefault(name, Group(name, name, "", known=False))
        return name

    def _place_named(self) -> None:
        """A group that is named by its id is in the network of the group whose rule names it."""
        for rule in self.rules:
            for one, other in ((rule.group, rule.other), (rule.other, rule.group)):
                there = self.groups.get(one)
                if there is not None and not there.known and not there.vpc and other in self.groups:
                    self.groups[one] = replace(there, vpc=self.groups[other].vpc)

    def default_of(self, vpc: str) -> str:
        """Key of the group that interfaces of a VPC get where none is named."""
        key = f"{vpc}#default"
        if key in self.groups:
            return key
        node = next((one for one in self._graph.of_type(DEFAULT_GROUP) if self._places.vpc_of(one) == vpc), None)
        own = self._places.vpcs[vpc]
        known = node is not None or own.known
        self.groups[key] = Group(key, node.name if node is not None else f"{own.name}-default", vpc, known)
        if node is not None:
            self._inline(node, key)
        elif known:
            self.rules += _open_inside(key, "the default group, as AWS makes it", "")
        return key

    def _own(self, cluster: Node) -> None:
        """The group that EKS makes and gives to its control plane, and to nodes that bring none."""
        config = cluster.inputs.get("vpcConfig") or {}
        found = self._places.subnets_of(cluster, "vpcConfig", config.get("subnetIds"))
        key = f"{cluster.urn}#own"
        vpc = found[0].vpc if found else self._places.outside(None)
        if not self._places.vpcs[vpc].known:  # subnets by id: its groups may say more
            named = [self.groups[one].vpc for one in self._named(cluster, config.get("securityGroupIds"))]
            vpc = next(filter(None, named), vpc)
        self.groups[key] = Group(key, f"{cluster.name}-own", vpc)
        self.rules += _open_inside(key, "the cluster's own group, as EKS makes it", cluster.urn)

    def _named(self, cluster: Node, values: Any) -> list[str]:
        return [self.key_of(cluster, "vpcConfig", value) for value in _listed(values)]

    def _inline(self, node: Node, key: str) -> None:
        for direction in (INGRESS, EGRESS):
            for item in node.inputs.get(direction) or ():
                if isinstance(item, Mapping):
                    self.rules += self._rules(node, direction, key, direction, item)

    def _rules(self, owner: Node, property_: str, key: str, direction: str, item: Mapping[str, Any]) -> Iterator[Rule]:
        why = str(
            item.get("description") or f"rule {owner.name}"
            if property_ == ""
            else item.get("description") or f"group {owner.name}"
        )
        ports = _ports(item)
        shared = (key, direction, ports, why, owner.urn)
        for name in ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks"):
            for value in _listed(item.get(name)):
                blocks = networks([value])
                yield Rule(*shared, block=blocks[0]) if blocks else Rule(*shared, named=_unknown(value))
        for name in ("referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups"):
            for value in _listed(item.get(name)):
                yield Rule(*shared, other=self.key_of(owner, property_ or name, value))
        for name in ("prefixListId", "prefixListIds"):
            for value in _listed(item.get(name)):
                yield from self._listed_prefixes(owner, property_ or name, value, shared)
        if item.get("self"):
            yield Rule(*shared, other=key)

    def _listed_prefixes(self, owner: Node, property_: str, value: Any, shared: tuple[Any, ...]) -> Iterator[Rule]:
        made = self._references.node(owner, property_, value, (_PREFIX_LIST,))
        if made is not None:
            entries = networks(
                entry.get("cidr") for entry in made.inputs.get("entries") or () if isinstance(entry, Mapping)
            )
            yield from (Rule(*shared, block=block) for block in entries)
            return
        endpoint = self._references.property_of(value, (ENDPOINT,), "prefixListId") or self._references.node(
            owner, property_, value, (ENDPOINT,)
        )
        yield Rule(*shared, named=service_of(endpoint) if endpoint is not None else f"prefix list {_unknown(value)}")


def _open_inside(key: str, why: str, urn: str) -> Iterator[Rule]:
    yield Rule(key, INGRESS, EVERYTHING, why, urn, other=key)
    yield from (Rule(key, EGRESS, EVERYTHING, why, urn, block=block) for block in networks(["0.0.0.0/0", "::/0"]))


def _ports(item: Mapping[str, Any]) -> Ports:
    protocol = str(item.get("ipProtocol", item.get("protocol", "-1"))).lower()
    if protocol in _EVERY:
        return EVERYTHING
    name = _NUMBERED.get(protocol, protocol.upper())
    if name not in PROTOCOLS:
        return ((name if name.startswith("ICMP") else "other protocols", 1, LAST),)
    low, high = item.get("fromPort"), item.get("toPort")
    first = low if isinstance(low, int) and low >= 0 else 1
    last = high if isinstance(high, int) and high >= 0 else first if isinstance(low, int) and low >= 0 else LAST
    return ((name, max(first, 1), last),) if last >= max(first, 1) else ()


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _unknown(value: Any) -> str:
    return value if isinstance(value, str) else "not known until apply"
