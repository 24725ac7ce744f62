"""A second reading of a network on AWS, packet by packet, from the same plain description that makes the graph."""

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from aiinfra.graph.node import Graph, Node
from tests.graphs import graph, node

VPCS = {"a": ["10.0.0.0/16", "2001:db8:a::/56"], "b": ["10.1.0.0/16"]}
SUBNETS = {
    "a1": ("a", ["10.0.0.0/24", "2001:db8:a:1::/64"]),
    "a2": ("a", ["10.0.1.0/24"]),
    "b1": ("b", ["10.1.0.0/24"]),
}
GROUPS = {"g1": "a", "g2": "a", "h1": "b"}
ADDRESSES = {
    "a1": ["10.0.0.5", "10.0.0.200", "2001:db8:a:1::5"],
    "a2": ["10.0.1.5"],
    "b1": ["10.1.0.5"],
}
OUTSIDE = ["8.8.8.8", "203.0.113.7", "192.168.1.1", "10.9.0.1", "100.64.0.1", "2001:db8:ffff::1"]
PACKETS = [("TCP", 22), ("TCP", 443), ("TCP", 8080), ("UDP", 53), ("SCTP", 9), ("ICMP", 1)]


@dataclass
class World:
    rules: list[tuple[str, str, str, tuple[int, int] | None, str]] = field(default_factory=list)
    """Group, direction, protocol, ports, peer (a group or a block)."""
    machines: dict[str, tuple[str, frozenset[str], bool]] = field(default_factory=dict)
    """Name -> subnet, groups, public address."""
    routes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Subnet -> destination and target: igw, nat (in a1), eigw, pcx, tgw."""
    storage: frozenset[str] = frozenset()
    """Subnets whose table has the gateway endpoint of S3."""

    def graph(self) -> Graph:
        nodes: list[Node] = []
        for name, found in VPCS.items():
            six = {"ipv6CidrBlock": found[1]} if len(found) > 1 else {}
            nodes.append(node("aws:ec2/vpc:Vpc", name, {"cidrBlock": found[0], **six}))
        for name, (vpc, found) in SUBNETS.items():
            six = {"ipv6CidrBlock": found[1]} if len(found) > 1 else {}
            nodes.append(node("aws:ec2/subnet:Subnet", name, {"vpcId": f"{vpc}_id", "cidrBlock": found[0], **six}))
            nodes.append(node("aws:ec2/routeTable:RouteTable", f"t-{name}", {"vpcId": f"{vpc}_id"}))
            joined = {"subnetId": f"{name}_id", "routeTableId": f"t-{name}_id"}
            nodes.append(node("aws:ec2/routeTableAssociation:RouteTableAssociation", f"j-{name}", joined))
        nodes += [node("aws:ec2/securityGroup:SecurityGroup", g, {"vpcId": f"{v}_id"}) for g, v in GROUPS.items()]
        pcx = {"vpcId": "a_id", "peerVpcId": "b_id"}
        nodes.append(node("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "pcx", pcx))
        nodes.append(node("aws:ec2/natGateway:NatGateway", "nat", {"subnetId": "a1_id"}))
        for subnet, listed in self.routes.items():
            for index, (block, target) in enumerate(listed):
                nodes.append(node("aws:ec2/route:Route", f"r-{subnet}-{index}", _route(subnet, block, target)))
        for index, rule in enumerate(self.rules):
            nodes.append(_rule(f"rule-{index}", rule))
        for name, (subnet, groups, public) in self.machines.items():
            inputs = {
                "subnetId": f"{subnet}_id",
                "vpcSecurityGroupIds": [f"{group}_id" for group in sorted(groups)],
                "associatePublicIpAddress": public,
            }
            nodes.append(node("aws:ec2/instance:Instance", name, inputs))
        endpoint = {"vpcId": "a_id", "serviceName": "com.amazonaws.us-east-1.s3"}
        tables = {"routeTableIds": [f"t-{subnet}_id" for subnet in sorted(self.storage)]}
        nodes.append(node("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", {**endpoint, **tables}))
        return graph(*nodes)

    def passes(self, src: "Spot", dst: "Spot", protocol: str, port: int) -> bool:
        """Whether one packet arrives and its answer does."""
        if (":" in src.address and ":" not in dst.address) or (":" in dst.address and ":" not in src.address):
            return False
        return (
            self._let("egress", src, dst, protocol, port)
            and self._let("ingress", dst, src, protocol, port)
            and self._routed(src, dst)
        )

    def _let(self, direction: str, here: "Spot", other: "Spot", protocol: str, port: int) -> bool:
        if not here.subnet or here.stranger:
            return True
        for group, way, kind, ports, peer in self.rules:
            if group not in here.groups or way != direction:
                continue
            if kind != "-1" and (kind.upper() != protocol or (ports and not ports[0] <= port <= ports[1])):
                continue
            if peer in GROUPS:
                if peer in other.groups:
                    return True
            elif _in(other.address, peer):
                return True
        return False

    def _routed(self, src: "Spot", dst: "Spot") -> bool:
        if src.vpc and src.vpc == dst.vpc:
            return True
        there = self._target(src, dst.address) if src.subnet else "-"
        back = self._target(dst, src.address) if dst.subnet else "-"
        if src.subnet and dst.subnet:
            return there in ("pcx", "tgw") and back in ("pcx", "tgw")
        if dst.subnet:  # from outside
            return back == "tgw" or (back == "igw" and (dst.public or ":" in dst.address))
        if there == "nat":
            own = Spot("nat", "10.0.0.9", "a1", frozenset(), True)
            return self._target(own, dst.address) not in ("", "pcx-nowhere")
        return there in ("tgw", "eigw") or (there == "igw" and (src.public or ":" in src.address))

    def _target(self, here: "Spot", address: str) -> str:
        best, found = -1, ""
        for block, target in self.routes.get(here.subnet, []):
            length = ipaddress.ip_network(block).prefixlen
            if _in(address, block) and length > best:
                best, found = length, target
        return found


@dataclass(frozen=True)
class Spot:
    """One interface at one address; without a subnet, a machine outside."""

    end: str
    address: str
    subnet: str = ""
    groups: frozenset[str] = frozenset()
    public: bool = False
    stranger: bool = False

    @property
    def vpc(self) -> str:
        return SUBNETS[self.subnet][0] if self.subnet else ""


def _in(address: str, block: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(block)


def _route(subnet: str, block: str, target: str) -> dict[str, Any]:
    keys = {
        "igw": ("gatewayId", "igw-1"),
        "nat": ("natGatewayId", "nat_id"),
        "eigw": ("egressOnlyGatewayId", "eigw-1"),
        "pcx": ("vpcPeeringConnectionId", "pcx_id"),
        "tgw": ("transitGatewayId", "tgw-1"),
    }
    key, value = keys[target]
    where = "destinationIpv6CidrBlock" if ":" in block else "destinationCidrBlock"
    return {"routeTableId": f"t-{subnet}_id", where: block, key: value}


def _rule(name: str, rule: tuple[str, str, str, tuple[int, int] | None, str]) -> Node:
    group, way, kind, ports, peer = rule
    span = {} if ports is None else {"fromPort": ports[0], "toPort": ports[1]}
    six = ":" in peer
    if _even(name):  # two of the three forms, turn by turn; tests of openings hold the third
        key = "referencedSecurityGroupId" if peer in GROUPS else "cidrIpv6" if six else "cidrIpv4"
        type_ = f"aws:vpc/securityGroup{way.capitalize()}Rule:SecurityGroup{way.capitalize()}Rule"
        value: Any = f"{peer}_id" if peer in GROUPS else peer
        return node(type_, name, {"securityGroupId": f"{group}_id", "ipProtocol": kind, key: value, **span})
    key = "sourceSecurityGroupId" if peer in GROUPS else "ipv6CidrBlocks" if six else "cidrBlocks"
    value = f"{peer}_id" if peer in GROUPS else [peer]
    inputs = {"securityGroupId": f"{group}_id", "type": way, "protocol": kind, key: value, **span}
    return node("aws:ec2/securityGroupRule:SecurityGroupRule", name, inputs)


def _even(name: str) -> bool:
    return int(name.rpartition("-")[2]) % 2 == 0
