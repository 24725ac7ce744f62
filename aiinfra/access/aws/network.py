"""The exact set of connections that security groups, routes and endpoints of a graph leave open.

An edge stands where some interface at one end, at some address it may have, may open a connection to the other end:
a rule of its groups lets it out, one of the destination's lets it in (groups are stateful, so answers pass), and the
route tables of both ends lead there and back. Interfaces are told apart by their groups, addresses by what rules and
routes tell apart. Where the graph does not hold a network (its id is given, or the account's default one is used), its
routes and subnets count as the most open there are.

Not read, so that less may be open than told: network ACLs, the route tables behind transit gateways, AWS Network
Firewall. An edge whose ``why`` says so depends on a network that is not in the program.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from aiinfra.access import blocks
from aiinfra.access.aws.interfaces import interfaces
from aiinfra.access.aws.public import public_edges
from aiinfra.access.aws.references import References
from aiinfra.access.aws.routes import EGRESS_ONLY, INTERNET, NAT, PEERING, Places, Subnet
from aiinfra.access.aws.rules import EGRESS, EVERYTHING, INGRESS, Groups, Rule
from aiinfra.access.blocks import Network
from aiinfra.access.edge import Edge
from aiinfra.access.ports import NONE, Ports, intersection, texts, union, without
from aiinfra.graph import urn
from aiinfra.graph.node import Graph

UNLIMITED: Final = "no security group limits it"
OUTSIDE: Final = " (its network is not in the program)"
"""The end of a reason that rests on what is not known."""

Way = tuple[Ports, str, str]
"""Open ports, the reason, and the URN of what opens them."""


@dataclass(frozen=True, slots=True)
class Members:
    """Interfaces with the same groups in one VPC. Without groups: any other interface there."""

    name: str
    vpc: str
    groups: frozenset[str]
    places: tuple[tuple[Subnet, bool], ...]
    """Subnets, and whether an interface there may be public."""
    held: bool = True
    """Whether the graph has such interfaces, or a group for them."""


def edges(graph: Graph) -> frozenset[Edge]:
    """Every connection that begins or ends at an interface whose groups the graph holds, and its public services."""
    return Reach(graph).edges()


class Reach:
    """Who reaches whom, of one graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        references = References(graph)
        self.places = Places(graph, references)
        self.groups = Groups(graph, references, self.places)
        self._rules: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in sorted(self.groups.rules, key=lambda one: (one.urn, one.why)):
            self._rules[rule.group, rule.direction].append(rule)
        self.members = tuple(self._members(references))

    def edges(self) -> frozenset[Edge]:
        """All of them."""
        found: set[Edge] = set(self.outside())
        for src in self.members:
            for dst in self.members:
                if src.held or dst.held:
                    found.update(self._told(src.name, dst.name, self.between(src, dst), dst.vpc))
        return frozenset(found)

    def outside(self) -> frozenset[Edge]:
        """Those that begin or end at addresses; their number does not grow with pairs of groups."""
        found: set[Edge] = set(public_edges(self._graph))
        for each in self.members:
            if each.held:
                found.update(self._outward(each))
                found.update(self._inward(each))
        return frozenset(found)

    def between(self, src: Members, dst: Members) -> list[Way]:
        """What is open from some interface of ``src`` to some other of ``dst``."""
        spots = [(tuple(_blocks(src)), tuple(_blocks(dst)))] if src.vpc == dst.vpc else list(self._across(src, dst))
        ways: list[Way] = []
        for sources, targets in spots:
            for version in (4, 6):
                mine, theirs = _of(sources, version), _of(targets, version)
                if mine is None or theirs is None:
                    continue
                leaves = self._consents(src, EGRESS, dst.groups, theirs, version)
                enters = self._consents(dst, INGRESS, src.groups, mine, version)
                ways += _both(leaves, enters)
        return _once(ways)

    def _members(self, references: References) -> Iterator[Members]:
        found: dict[tuple[str, frozenset[str], str], set[tuple[str, bool]]] = defaultdict(set)
        subnets: dict[str, Subnet] = {}
        for one in interfaces(self._graph, references, self.places, self.groups):
            vpcs = sorted({self.groups.groups[key].vpc for key in one.groups if self.groups.groups[key].vpc})
            vpc = vpcs[0] if vpcs else one.places[0].vpc
            places = [place for place in one.places if place.vpc == vpc] or self.places.all_in(vpc)
            name = "" if one.groups else urn.name(one.urn)
            for place in places:
                subnets[place.key or f"{vpc}#any"] = place
                found[vpc, one.groups, name].add((place.key or f"{vpc}#any", one.is_public(place)))
        held = {group for _, groups, _ in found for group in groups}
        for (vpc, groups, name), spots in found.items():
            called = "+".join(sorted(self.groups.groups[key].name for key in groups)) or name
            places = tuple((subnets[key], public) for key, public in sorted(spots))
            yield Members(f"{self.places.vpcs[vpc].name}/{called}", vpc, groups, places)
        for group in self.groups.groups.values():
            if group.vpc and group.key not in held and not group.key.endswith("#default"):
                places = tuple((place, place.public) for place in self.places.all_in(group.vpc))
                name = f"{self.places.vpcs[group.vpc].name}/{group.name}"
                # Of a group that is only named here, nobody knows what else it lets through.
                yield Members(name, group.vpc, frozenset((group.key,)), places, held=group.known)
        for key, vpc in self.places.vpcs.items():
            places = tuple((place, place.public) for place in self.places.all_in(key))
            yield Members(f"{vpc.name}/*", key, frozenset(), places, held=False)

    def _across(self, src: Members, dst: Members) -> Iterator[tuple[tuple[Network, ...], tuple[Network, ...]]]:
        """Addresses that reach each other between two VPCs, one pair of subnets at a time."""
        for source, _ in src.places:
            for target, _ in dst.places:
                if source.routes is None or target.routes is None:
                    continue  # whether the two are joined is not known: not told
                there = tuple(self._reached(source, target.blocks, dst.vpc))
                back = tuple(self._reached(target, source.blocks, src.vpc))
                if there and back:
                    yield back, there

    def _reached(self, place: Subnet, addresses: Iterable[Network], vpc: str) -> Iterator[Network]:
        cuts = [{"cidr": str(route.block)} for route in place.routes or ()]
        for block in addresses:
            for piece in blocks.pieces([*cuts, {"cidr": str(block)}]):
                if blocks.within(piece, block):
                    route = place.way(piece)
                    if route is None:
                        continue
                    peer = self.places.vpcs[place.vpc].peers.get(route.to)
                    if (route.leads == PEERING and peer == vpc) or route.leads not in (
                        PEERING,
                        INTERNET,
                        NAT,
                        EGRESS_ONLY,
                    ):
                        yield piece

    def _consents(
        self, end: Members, direction: str, groups: frozenset[str], addresses: tuple[Network, ...], version: int
    ) -> list[Way] | None:
        """What each rule opens on one side; None where nothing that is known limits it."""
        if not end.groups or any(not self.groups.groups[key].known for key in end.groups):
            return None
        found = []
        for key in sorted(end.groups):
            for rule in self._rules[key, direction]:
                if rule.block is not None:
                    if rule.block.version != version or (
                        addresses and not any(rule.block.overlaps(a) for a in addresses)
                    ):
                        continue
                elif rule.other not in groups:
                    continue
                found.append((rule.ports, rule.why, rule.urn))
        return found

    def _outside(self, end: Members) -> list[Network]:
        """Addresses outside the networks the end is in, as its rules and routes tell them apart."""
        rules = [rule for key in end.groups for way in (INGRESS, EGRESS) for rule in self._rules[key, way]]
        cuts = [rule.block for rule in rules if rule.block is not None]
        cuts += [route.block for place, _ in end.places for route in self.places.onward(place)]
        inside = self._inside(end)
        pieces = blocks.pieces({"cidr": str(cut)} for cut in {*cuts, *inside})
        return [piece for piece in pieces if not any(blocks.within(piece, block) for block in inside)]

    def _inside(self, end: Members) -> list[Network]:
        """Addresses whose interfaces are ends of their own."""
        vpc = self.places.vpcs[end.vpc]
        return [block for key in (end.vpc, *vpc.peers.values()) for block in self.places.vpcs[key].blocks]

    def _outward(self, end: Members) -> Iterator[Edge]:
        found: dict[Way, list[str]] = defaultdict(list)
        for piece in self._outside(end):
            if any(self.sends(place, public, piece) for place, public in end.places):
                for way in self._alone(end, EGRESS, piece):
                    found[way].append(str(piece))
        for way, names in found.items():
            for block in collapse(names, self._inside(end)):
                yield from self._told(end.name, block, [way], end.vpc)
        for service, ways in self._services(end, EGRESS):
            yield from self._told(end.name, service, ways, end.vpc)

    def _inward(self, end: Members) -> Iterator[Edge]:
        found: dict[Way, list[str]] = defaultdict(list)
        for piece in self._outside(end):
            if any(self.receives(place, public, piece) for place, public in end.places):
                for way in self._alone(end, INGRESS, piece):
                    found[way].append(str(piece))
        for way, names in found.items():
            for block in collapse(names, self._inside(end)):
                yield from self._told(block, end.name, [way], end.vpc)
        for service, ways in self._services(end, INGRESS):
            yield from self._told(service, end.name, ways, end.vpc)

    def _alone(self, end: Members, direction: str, piece: Network) -> list[Way]:
        ways = self._consents(end, direction, frozenset(), (piece,), piece.version)
        return [(EVERYTHING, UNLIMITED, "")] if ways is None else _once(ways)

    def _services(self, end: Members, direction: str) -> Iterator[tuple[str, list[Way]]]:
        """Services and lists of addresses that rules name, and what a gateway endpoint leads to."""
        rules = [rule for key in sorted(end.groups) for rule in self._rules[key, direction]]
        known = [place for place, _ in end.places]
        near = {service for place in known for service in place.services} if direction == EGRESS else set[str]()
        for service in sorted(near | {rule.named for rule in rules if rule.named}):
            wide = [r for r in rules if r.named == service or (service in near and r.block and r.block.prefixlen == 0)]
            leads = (INTERNET, NAT) if direction == EGRESS else (INTERNET,)
            far = any(p.routes is None or any(route.leads in leads for route in p.routes) for p in known)
            if service in near or (far and not service.startswith("aws/")) or any(p.routes is None for p in known):
                yield service, _once([(rule.ports, rule.why, rule.urn) for rule in wide])

    def sends(self, place: Subnet, public: bool, piece: Network) -> bool:  # noqa: FBT001 - a fact of the interface
        """Whether an interface there may open a connection to such an address outside."""
        if place.routes is None:
            return True
        route = place.way(piece)
        if route is None:
            return False
        if route.leads == NAT:
            return piece.version == 4 and self.places.nat_leads_out(route.to, piece)
        if route.leads == EGRESS_ONLY:
            return piece.version == 6 and _has_six(place)
        return self.receives(place, public, piece)

    def receives(self, place: Subnet, public: bool, piece: Network) -> bool:  # noqa: FBT001 - a fact of the interface
        """Whether such an address outside may open a connection to an interface there."""
        if place.routes is None:
            return public
        route = place.way(piece)
        if route is None or route.leads in (NAT, EGRESS_ONLY):
            return False
        if route.leads == INTERNET:
            return public if piece.version == 4 else _has_six(place)
        peer = self.places.vpcs[place.vpc].peers.get(route.to) if route.leads == PEERING else None
        return peer is None or not self.places.vpcs[peer].known

    def _told(self, src: str, dst: str, ways: Iterable[Way], vpc: str) -> Iterator[Edge]:
        note = "" if self.places.vpcs[vpc].known else OUTSIDE
        for ports, why, opener in ways:
            listed = ("any",) if ports == EVERYTHING else texts(ports)
            yield from (Edge(src, dst, port, f"{why}{note}", opener) for port in listed)


def collapse(names: Iterable[str], inside: Iterable[Network]) -> list[str]:
    """The fewest ranges that hold these addresses, and perhaps some ``inside``, whose interfaces are told by name."""
    own = blocks.networks(names)
    filled = blocks.networks(blocks.collapse([*names, *map(str, inside)]))
    found: list[str] = []
    for block in filled:
        parts = blocks.collapse(str(one) for one in own if blocks.within(one, block))
        found += parts if len(parts) < 2 else [str(block)]
    return found


def _blocks(end: Members) -> Iterator[Network]:
    for place, _ in end.places:
        yield from place.blocks


def _of(addresses: tuple[Network, ...], version: int) -> tuple[Network, ...] | None:
    """Addresses of one version; empty: not known, so any; None: there are none."""
    if not addresses:
        return ()
    found = tuple(block for block in addresses if block.version == version)
    return found or None


def _both(leaves: list[Way] | None, enters: list[Way] | None) -> list[Way]:
    """What both sides let through, under the reason of the destination where that is limited."""
    if leaves is None and enters is None:
        return [(EVERYTHING, UNLIMITED, "")]
    first, second = (enters, leaves) if enters is not None else (leaves or [], None)
    allowed = EVERYTHING if second is None else union(span for ports, _, _ in second for span in ports)
    return [(both, why, opener) for ports, why, opener in first if (both := intersection(ports, allowed))]


def _once(ways: Iterable[Way]) -> list[Way]:
    """Each port under one reason alone: that which opens most, the first of equals."""
    told: Ports = NONE
    found: list[Way] = []
    for ports, why, opener in sorted(ways, key=lambda way: -sum(last - low + 1 for _, low, last in way[0])):
        left = without(ports, told)
        if left:
            found.append((left, why, opener))
            told = union((*told, *left))
    return found


def _has_six(place: Subnet) -> bool:
    return any(block.version == 6 for block in place.blocks)
