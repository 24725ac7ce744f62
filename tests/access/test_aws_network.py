"""The exact set of connections on AWS, against packets judged one by one."""

import ipaddress
import json
from collections import Counter, defaultdict
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.access.aws.network import edges
from aiinfra.access.edge import Edge
from aiinfra.graph.node import Graph, Mode
from tests.access.wires import ADDRESSES, GROUPS, OUTSIDE, PACKETS, SUBNETS, Spot, World
from tests.graphs import graph, node
from tests.programs import ROOT, programs

BLOCKS = [
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.0.128/25",
    "10.1.0.0/24",
    "192.168.0.0/16",
    "203.0.113.0/24",
    "::/0",
    "2001:db8:a:1::/64",
]
KINDS = st.sampled_from(
    [("-1", None), ("tcp", (443, 443)), ("tcp", (1, 442)), ("tcp", (0, 65535)), ("udp", (53, 53)), ("icmp", None)]
)
RULES = st.builds(
    lambda group, way, kind, peer: (group, way, *kind, peer),
    st.sampled_from(sorted(GROUPS)),
    st.sampled_from(["ingress", "egress"]),
    KINDS,
    st.sampled_from([*GROUPS, *BLOCKS]),
)
ROUTES = st.lists(
    st.sampled_from(
        [
            ("0.0.0.0/0", "igw"),
            ("0.0.0.0/0", "nat"),
            ("::/0", "igw"),
            ("::/0", "eigw"),
            ("192.168.0.0/16", "tgw"),
            ("203.0.113.0/24", "tgw"),
            ("10.1.0.0/16", "pcx"),
            ("10.0.0.0/16", "pcx"),
            ("10.0.0.0/25", "pcx"),
        ]
    ),
    max_size=4,
    unique_by=lambda route: route[0],
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    machines = {}
    for name, subnet, groups in (("m1", "a1", ["g1", "g2"]), ("m2", "a2", ["g1", "g2"]), ("m3", "b1", ["h1"])):
        own = draw(st.sets(st.sampled_from(groups), min_size=1))
        machines[name] = (subnet, frozenset(own), draw(st.booleans()))
    routes = {}
    for subnet, (vpc, _) in SUBNETS.items():
        listed = [one for one in draw(ROUTES) if not (vpc == "a" and one[0].startswith("10.0."))]
        listed = [one for one in listed if not (vpc == "b" and one[0].startswith("10.1."))]
        # A NAT gateway in the subnet that it serves sends to itself; nobody does that.
        routes[subnet] = [one for one in listed if not (one[1] == "nat" and subnet != "a2")]
    storage = draw(st.sets(st.sampled_from(["a1", "a2"])))
    return World(draw(st.lists(RULES, max_size=6)), machines, routes, frozenset(storage))


def spots(world: World) -> dict[str, list[Spot]]:
    """End as edges name it -> every interface it may be, at every address it may have."""
    found: dict[str, list[Spot]] = defaultdict(list)
    for subnet, groups, public in world.machines.values():
        end = f"{SUBNETS[subnet][0]}/{'+'.join(sorted(groups))}"
        found[end] += [Spot(end, address, subnet, groups, public) for address in ADDRESSES[subnet]]
    for group, vpc in GROUPS.items():
        if not any(group in groups for _, groups, _ in world.machines.values()):
            for subnet in (name for name, (owner, _) in SUBNETS.items() if owner == vpc):
                own = frozenset([group])
                end = f"{vpc}/{group}"
                found[end] += [Spot(end, address, subnet, own) for address in ADDRESSES[subnet]]
    for subnet, (vpc, _) in SUBNETS.items():
        end = f"{vpc}/*"
        found[end] += [Spot(end, address, subnet, stranger=True) for address in ADDRESSES[subnet]]
    found.update({address: [Spot(address, address)] for address in OUTSIDE})
    return found


def packets(port: str) -> set[tuple[str, int]]:
    if port == "any":
        return set(PACKETS)
    kind, _, span = port.partition(" ")
    low, _, high = span.partition("-")
    return {(k, n) for k, n in PACKETS if k == kind and (span == "any" or int(low) <= n <= int(high or low))}


def is_at(end: str, told: str) -> bool:
    if end == told or end not in OUTSIDE:
        return end == told
    try:
        return ipaddress.ip_address(end) in ipaddress.ip_network(told)
    except ValueError:
        return False


@settings(max_examples=30, deadline=None)
@given(worlds())
def test_the_edges_are_the_packets_that_arrive(world: World) -> None:
    recorded = world.graph()
    found = edges(recorded)
    ends = spots(world)
    for src, dst in product(ends, repeat=2):
        if all(end in OUTSIDE or end.endswith("/*") for end in (src, dst)):
            continue
        carried = Counter(
            packet for edge in found if is_at(src, edge.src) and is_at(dst, edge.dst) for packet in packets(edge.port)
        )
        pairs = list(product(ends[src], ends[dst]))
        wanted = [p for p in PACKETS if any(world.passes(one, other, *p) for one, other in pairs)]
        assert carried == Counter(wanted), (src, dst)


def test_a_nat_gateway_lets_out_and_not_in_and_only_as_far_as_its_own_subnet_sends() -> None:
    anywhere = [("g1", way, "-1", None, "0.0.0.0/0") for way in ("egress", "ingress")]
    machine = {"m": ("a2", frozenset(["g1"]), True)}
    through = {"a2": [("0.0.0.0/0", "nat")]}
    sent = World(anywhere, machine, {**through, "a1": [("0.0.0.0/0", "igw")]})
    assert {(e.src, e.dst) for e in edges(sent.graph()) if "0.0.0.0/0" in (e.src, e.dst)} == {("a/g1", "0.0.0.0/0")}
    dropped = World(anywhere, machine, {**through, "a1": [("192.168.0.0/16", "tgw")]})
    outside = {(e.src, e.dst) for e in edges(dropped.graph()) if (e.src + e.dst).count("a/") != 2}
    assert outside == {("a/g1", "192.168.0.0/16")}


@settings(max_examples=10, deadline=None)
@given(worlds())
def test_a_gateway_endpoint_is_reached_by_route_and_rule(world: World) -> None:
    found = {edge.src for edge in edges(world.graph()) if edge.dst == "aws/s3"}
    wide = {group for group, way, _, _, peer in world.rules if way == "egress" and peer in ("0.0.0.0/0", "::/0")}
    ends = spots(world)
    wanted = {
        end
        for end, listed in ends.items()
        if any(spot.subnet in world.storage and spot.groups & wide for spot in listed)
    }
    assert found == wanted


def training() -> Graph:
    return Graph.from_json(json.loads((ROOT / "tests/golden/graphs/declarations/whole/training.json").read_text()))


def test_nothing_leaves_the_training_network_but_what_is_named_and_nothing_enters() -> None:
    found = edges(training())
    network = "line-vibration-training-network-vpc/"
    assert {edge.src.startswith(network) for edge in found} == {True}
    assert {edge.dst for edge in found if not edge.dst.startswith(network)} == {"aws/s3", "10.30.0.0/24"}
    control = "line-vibration-training-cluster-cluster-own+line-vibration-training-network-control"
    nodes = "line-vibration-training-network-nodes"
    into = {(edge.src, edge.port) for edge in found if edge.dst == f"{network}{nodes}"}
    assert {src for src, _ in into} == {f"{network}{nodes}", f"{network}{control}"}
    assert {(f"{network}{control}", "TCP 9443"), (f"{network}{control}", "TCP 10250-10251")} < into
    assert all(port != "any" for src, port in into if src.endswith(control))


def test_in_a_network_that_is_there_the_same_reach_the_same_and_existing_endpoints_are_named() -> None:
    program = next(one for one in programs() if one.name == "declarations/joined/training")
    network, name = "vpc-0a1b2c3d4e5f60718/", "weld-scan-training-"
    found = {
        (edge.src.removeprefix(network).replace(name, ""), edge.dst.removeprefix(network).replace(name, ""), edge.port)
        for edge in edges(program.graph())
        if "files" not in edge.dst
    }
    control = "cluster-cluster-own+network-control"
    assert {(src, dst, port) for src, dst, port in found if src != control} == {
        ("network-nodes", "network-nodes", "any"),
        ("network-nodes", control, "TCP 443"),
        ("network-nodes", "network-endpoints", "TCP 443"),
        ("network-nodes", "sg-0a00000000000002f", "TCP 443"),
        ("network-nodes", "aws/s3", "TCP 443"),
        ("network-runner", control, "TCP 443"),
        ("network-runner", "network-endpoints", "TCP 443"),
        ("network-runner", "sg-0a00000000000002f", "TCP 443"),
        ("network-runner", "aws/s3", "TCP 443"),
    }
    assert {(dst, port) for src, dst, port in found if src == control and dst == "network-nodes"} == {
        ("network-nodes", "TCP 8082"),
        ("network-nodes", "TCP 9443"),
        ("network-nodes", "TCP 10250-10251"),
    }


@pytest.mark.parametrize(
    "program", [one for one in programs() if one.name.endswith(("/training", "/serving"))], ids=lambda p: p.name
)
def test_a_first_preview_has_the_same_edges(program) -> None:
    assert edges(program.graph(Mode.PREVIEW)) == edges(program.graph())


def test_a_network_that_is_not_in_the_program_counts_as_open_and_it_is_said() -> None:
    rule = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["0.0.0.0/0"]}
    group = node("aws:ec2/securityGroup:SecurityGroup", "web", {"ingress": [rule]})
    machine = node("aws:ec2/instance:Instance", "server", {"vpcSecurityGroupIds": ["web_id"]})
    told = {edge for edge in edges(graph(group, machine)) if edge.src == "0.0.0.0/0"}
    why = "group web (its network is not in the program)"
    assert told == {Edge("0.0.0.0/0", "vpc/web", "TCP 80", why, group.urn)}


@pytest.mark.parametrize(
    ("config", "ranges"),
    [
        ({}, {"0.0.0.0/0"}),
        ({"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]}, {"198.51.100.0/24"}),
        ({"endpointPublicAccess": False}, set()),
    ],
)
def test_the_clusters_api(config, ranges) -> None:
    cluster = node("aws:eks/cluster:Cluster", "c", {"vpcConfig": config})
    found = {edge.src for edge in edges(graph(cluster)) if edge.dst == "public/c"}
    assert found == ranges


def test_prefix_lists_stand_for_their_entries_and_unknown_ones_for_themselves() -> None:
    vpc = node("aws:ec2/vpc:Vpc", "v", {"cidrBlock": "10.0.0.0/16"})
    subnet = node(
        "aws:ec2/subnet:Subnet", "s", {"vpcId": "v_id", "cidrBlock": "10.0.0.0/24", "mapPublicIpOnLaunch": True}
    )
    route = {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
    table = node(
        "aws:ec2/routeTable:RouteTable", "t", {"vpcId": "v_id", "routes": [{"cidrBlock": "0.0.0.0/0", **route}]}
    )
    joined = {"subnetId": "s_id", "routeTableId": "t_id"}
    join = node("aws:ec2/routeTableAssociation:RouteTableAssociation", "j", joined)
    entries = {"entries": [{"cidr": "198.51.100.0/24"}, {"cidr": "203.0.113.0/24"}]}
    listed = node("aws:ec2/managedPrefixList:ManagedPrefixList", "p", entries)
    rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443}
    ingress = [{**rule, "prefixListIds": ["p_id"]}, {**rule, "prefixListIds": ["pl-cloudfront"]}]
    group = node("aws:ec2/securityGroup:SecurityGroup", "web", {"vpcId": "v_id", "ingress": ingress})
    machine = node("aws:ec2/instance:Instance", "m", {"subnetId": "s_id", "vpcSecurityGroupIds": ["web_id"]})
    found = {edge.src for edge in edges(graph(vpc, subnet, table, join, listed, group, machine)) if edge.dst == "v/web"}
    assert found == {"198.51.100.0/24", "203.0.113.0/24", "prefix list pl-cloudfront"}
