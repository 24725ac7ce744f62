"""VPCs, their subnets, and where each subnet sends what leaves it."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiinfra.access.aws.references import References
from aiinfra.access.blocks import Network, within
from aiinfra.graph.node import Graph, Node

VPCS: Final = ("aws:ec2/vpc:Vpc", "aws:ec2/defaultVpc:DefaultVpc")
SUBNETS: Final = ("aws:ec2/subnet:Subnet", "aws:ec2/defaultSubnet:DefaultSubnet")
_MORE_BLOCKS: Final = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
_TABLE: Final = "aws:ec2/routeTable:RouteTable"
_DEFAULT_TABLE: Final = "aws:ec2/defaultRouteTable:DefaultRouteTable"
_JOINED: Final = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_MAIN: Final = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
_ROUTE: Final = "aws:ec2/route:Route"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
_ENDPOINT_TABLE: Final = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
_PEERING: Final = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
_NAT: Final = "aws:ec2/natGateway:NatGateway"

INTERNET, NAT, EGRESS_ONLY, PEERING, OTHER = "internet", "nat", "egress-only", "peering", "other"
"""What a route leads to. ``other``: a gateway, attachment or appliance behind which anything may be."""

_TARGETS: Final = {
    "gatewayId": INTERNET,
    "natGatewayId": NAT,
    "egressOnlyGatewayId": EGRESS_ONLY,
    "vpcPeeringConnectionId": PEERING,
    **dict.fromkeys(
        (
            "transitGatewayId",
            "networkInterfaceId",
            "vpcEndpointId",
            "localGatewayId",
            "carrierGatewayId",
            "coreNetworkArn",
        ),
        OTHER,
    ),
}


@dataclass(frozen=True, slots=True)
class Route:
    """One line of a route table."""

    block: Network
    leads: str
    """One of the words above; empty: nowhere."""
    to: str
    """The peering connection, NAT gateway or attachment, as the graph names it."""


@dataclass(slots=True)
class Vpc:
    """A network. ``known``: the graph makes it, so that its route tables are all there."""

    key: str
    name: str
    known: bool
    blocks: tuple[Network, ...] = ()
    peers: dict[str, str] = field(default_factory=dict)
    """Peering connection -> key of the VPC behind it."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """Where interfaces are."""

    key: str
    vpc: str
    """Key of its VPC."""
    blocks: tuple[Network, ...]
    """Its addresses; those of the VPC where the subnet's own are not known; empty: not known at all."""
    public: bool
    """Whether an interface gets a public address here if nothing else is said."""
    routes: tuple[Route, ...] | None
    """None: not known, so anything may be reached."""
    services: frozenset[str] = frozenset()
    """Services that its table reaches through a gateway endpoint."""

    def way(self, piece: Network) -> Route | None:
        """The route of the longest prefix; None: traffic is dropped. Local traffic is not asked about."""
        found = [route for route in self.routes or () if within(piece, route.block)]
        best = max(found, key=lambda route: route.block.prefixlen, default=None)
        return best if best is not None and best.leads else None


class Places:
    """The networks of a graph."""

    def __init__(self, graph: Graph, references: References) -> None:
        self._graph, self._references = graph, references
        self.vpcs = {node.urn: self._vpc(node) for type_ in VPCS for node in graph.of_type(type_)}
        for node in graph.of_type(_MORE_BLOCKS):
            owner = references.node(node, "vpcId", node.inputs.get("vpcId"), VPCS)
            if owner is not None:
                self.vpcs[owner.urn].blocks += networks([node.inputs.get("cidrBlock")])
        for node in graph.of_type(_PEERING):
            self._peer(node)
        self._nat = {node.urn: node for node in graph.of_type(_NAT)}
        self._tables = self._route_tables()
        self._services = self._gateway_endpoints()
        self._table_of_subnet, self._main = self._associations()
        self.subnets = {node.urn: self._subnet(node) for type_ in SUBNETS for node in graph.of_type(type_)}

    def vpc_of(self, node: Node, key: str = "vpcId") -> str:
        """Key of the VPC that a resource names; one that the graph does not hold is made known by its id."""
        value = node.inputs.get(key)
        found = self._references.node(node, key, value, VPCS)
        return found.urn if found is not None else self.outside(value)

    def outside(self, value: Any) -> str:
        """Key of a VPC that the graph does not hold; the account's default one where none is named."""
        name = value if isinstance(value, str) and value else "vpc"
        self.vpcs.setdefault(name, Vpc(name, name, known=False))
        return name

    def subnets_of(self, owner: Node, key: str, values: Any) -> list[Subnet]:
        """The subnets that a property names."""
        found = []
        for value in values if isinstance(values, list) else [values] if values is not None else []:
            node = self._references.node(owner, key, value, SUBNETS)
            found.append(self.subnets[node.urn] if node is not None else self.anywhere(self.outside(None)))
        return found

    def anywhere(self, vpc: str) -> Subnet:
        """Some place in a VPC: everything that holds of a subnet of it may hold."""
        return Subnet("", vpc, self.vpcs[vpc].blocks, public=True, routes=None)

    def all_in(self, vpc: str) -> list[Subnet]:
        """Every subnet of a VPC; some place where none is known."""
        found = [subnet for subnet in self.subnets.values() if subnet.vpc == vpc]
        return found if found and self.vpcs[vpc].known else [self.anywhere(vpc)]

    def onward(self, place: Subnet) -> Iterator[Route]:
        """The routes of a subnet, and those of the subnets that its NAT gateways are in."""
        for route in place.routes or ():
            yield route
            node = self._nat.get(route.to)
            for own in self.subnets_of(node, "subnetId", node.inputs.get("subnetId")) if node is not None else ():
                yield from own.routes or ()

    def nat_leads_out(self, key: str, piece: Network) -> bool:
        """Whether a NAT gateway's own subnet sends such traffic on."""
        node = self._nat.get(key)
        if node is None:
            return True
        own = self.subnets_of(node, "subnetId", node.inputs.get("subnetId"))
        return any(place.routes is None or place.way(piece) is not None for place in own)

    def _vpc(self, node: Node) -> Vpc:
        known = not node.read and node.type == VPCS[0]
        blocks = networks([node.inputs.get("cidrBlock"), node.inputs.get("ipv6CidrBlock")])
        return Vpc(node.urn, node.name, known, blocks)

    def _peer(self, node: Node) -> None:
        ends = [self.vpc_of(node), self.vpc_of(node, "peerVpcId")]
        for own, other in (ends, ends[::-1]):
            self.vpcs[own].peers[node.urn] = other

    def _subnet(self, node: Node) -> Subnet:
        vpc = self.vpc_of(node)
        own = networks([node.inputs.get("cidrBlock"), node.inputs.get("ipv6CidrBlock")])
        table = self._table_of_subnet.get(node.urn) or self._main.get(vpc)
        known = self.vpcs[vpc].known and not node.read
        routes = tuple(self._tables.get(table or "", ())) if known else None
        public = node.inputs.get("mapPublicIpOnLaunch") is True or not known
        return Subnet(
            node.urn, vpc, own or self.vpcs[vpc].blocks, public, routes, self._services.get(table or "", frozenset())
        )

    def _table(self, node: Node, key: str = "routeTableId", value: Any = None) -> str | None:
        given = node.inputs.get(key) if value is None else value
        found = self._references.node(node, key, given, (_TABLE, _DEFAULT_TABLE))
        if found is not None:
            return str(found.urn)
        for name in ("defaultRouteTableId", "mainRouteTableId"):
            vpc = self._references.property_of(given, VPCS, name)
            if vpc is not None:
                return f"{vpc.urn}#main"
        return None

    def _route_tables(self) -> dict[str, list[Route]]:
        tables: dict[str, list[Route]] = defaultdict(list)
        for node in (*self._graph.of_type(_TABLE), *self._graph.of_type(_DEFAULT_TABLE)):
            key = node.urn if node.type == _TABLE else self._table(node, "defaultRouteTableId") or node.urn
            tables[key] += [
                route for item in node.inputs.get("routes") or () for route in self._routes(node, "routes", item)
            ]
        for node in self._graph.of_type(_ROUTE):
            table = self._table(node)
            if table is not None:
                tables[table] += self._routes(node, "", node.inputs)
        return tables

    def _routes(self, owner: Node, key: str, item: Mapping[str, Any]) -> Iterator[Route]:
        blocks = networks(
            item.get(name)
            for name in ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")
        )
        for name, leads in _TARGETS.items():
            value = item.get(name)
            if not value:
                continue
            gateways = self._references.node(owner, key or name, value, ("aws:ec2/vpnGateway:VpnGateway",))
            kind = OTHER if gateways is not None or str(value).startswith("vgw-") else leads
            if value == "local":
                continue
            found = self._references.node(owner, key or name, value, (_PEERING, _NAT))
            for block in blocks:
                yield Route(block, kind, found.urn if found is not None else str(value))

    def _associations(self) -> tuple[dict[str, str], dict[str, str]]:
        subnets: dict[str, str] = {}
        for node in self._graph.of_type(_JOINED):
            subnet = self._references.node(node, "subnetId", node.inputs.get("subnetId"), SUBNETS)
            table = self._table(node)
            if subnet is not None and table is not None:
                subnets[subnet.urn] = table
        main = {key: f"{key}#main" for key in self.vpcs}
        for node in self._graph.of_type(_MAIN):
            main[self.vpc_of(node)] = self._table(node) or ""
        return subnets, main

    def _gateway_endpoints(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for node in self._graph.of_type(ENDPOINT):
            if node.inputs.get("vpcEndpointType", "Gateway") == "Gateway":
                for value in node.inputs.get("routeTableIds") or ():
                    found[self._table(node, "routeTableIds", value) or ""].add(service_of(node))
        for node in self._graph.of_type(_ENDPOINT_TABLE):
            endpoint = self._references.node(node, "vpcEndpointId", node.inputs.get("vpcEndpointId"), (ENDPOINT,))
            if endpoint is not None:
                found[self._table(node) or ""].add(service_of(endpoint))
        return {table: frozenset(services) for table, services in found.items()}


def service_of(endpoint: Node) -> str:
    """``aws/s3`` of an endpoint to ``com.amazonaws.REGION.s3``."""
    name = str(endpoint.inputs.get("serviceName") or endpoint.name)
    return f"aws/{name.split('.', 3)[3] if name.startswith('com.amazonaws.') and name.count('.') > 2 else name}"


def networks(values: Iterable[Any]) -> tuple[Network, ...]:
    """Those of the values that are address blocks."""
    found = []
    for value in values:
        try:
            found.append(ipaddress.ip_network(value, strict=False) if isinstance(value, str) else None)
        except ValueError:
            continue
    return tuple(network for network in found if network is not None)
