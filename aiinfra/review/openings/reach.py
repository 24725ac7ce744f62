"""What only the whole graph shows: who newly reaches whom, and who may newly do what, by the difference of edges.

A rule of a security group that is new or wider is told at the rule itself. Here is told what an unchanged rule lets
through now because something else changed (a route, a gateway, a public address), and what an identity that was there
before may do now that no earlier grant of its own covered.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from aiinfra.access.aws import identity, network
from aiinfra.access.aws.patterns import covers
from aiinfra.access.edge import Edge
from aiinfra.findings import Finding
from aiinfra.graph.diff import GraphDiff, ResourceChange
from aiinfra.graph.node import Graph
from aiinfra.review.openings.rule import opening
from aiinfra.review.openings.traffic import WIDEST, Way, covered

_CARRIERS: Final = (
    "route",
    "gateway",
    "subnet",
    "peering",
    "transit",
    "eip",
    "instance",
    "loadbalancer",
    "networkinterface",
    "vpc",
    "launchtemplate",
    "nodegroup",
    "cluster",
    "service",
)
"""What the type of a resource that carries traffic has in its name, likeliest cause first."""


def reached(diff: GraphDiff, told: Mapping[str, Iterable[Finding]]) -> dict[str, list[Finding]]:
    """URN of a change -> what it opens; ``told`` is what the rules over single changes found."""
    found: dict[str, list[Finding]] = defaultdict(list)
    if any(change.node.package == "aws" for change in diff):
        for change, finding in (*_connections(diff), *_grants(diff, told)):
            found[change.urn].append(finding)
    return found


def _connections(diff: GraphDiff) -> Iterator[tuple[ResourceChange, Finding]]:
    earlier = [way for edge in network.Reach(diff.before).outside() for way in _ways(edge)]
    fresh: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for edge in network.Reach(diff.after).outside():
        if edge.urn in diff.changes or edge.why.endswith(network.OUTSIDE):
            continue  # told at the rule itself; or nobody knows
        for way in _ways(edge):
            if not covered(_placed(way), (_placed(one) for one in earlier if one[:2] == way[:2])):
                fresh[way[0], way[1], way[2].peer, edge.why].add(edge.port)
    cause = _carrier(diff)
    for (end, direction, peer, why), ports in sorted(fresh.items()):
        if cause is not None:
            where = f"{peer} (the whole internet)" if peer in WIDEST else peer
            on = ", ".join("any port" if port == "any" else port for port in sorted(ports))
            verb = "may now be reached from" if direction == "ingress" else "may now connect to"
            yield cause, opening("opening-network", cause, f"{end} {verb} {where} on {on}, as {why} let through before")


_Placed = tuple[str, str, Way]


def _ways(edge: Edge) -> Iterator[_Placed]:
    """The held end, the direction, and the way; of edges that begin or end at addresses."""
    protocol, _, span = edge.port.partition(" ")
    low, _, high = span.partition("-")
    ports = (int(low), int(high or low)) if low.isdigit() else None
    for end, direction, peer in ((edge.dst, "ingress", edge.src), (edge.src, "egress", edge.dst)):
        way = Way(direction, peer, "any" if edge.port == "any" else protocol, ports)
        if way.addresses and not end.startswith("public/"):
            yield end, direction, way


def _placed(placed: _Placed) -> Way:
    return placed[2]


def _carrier(diff: GraphDiff) -> ResourceChange | None:
    """The change that most likely carries what unchanged rules let through now."""
    changes = [change for change in diff if change.node.package == "aws" and change.after is not None]
    ranked = [
        (rank, change.urn)
        for change in changes
        for rank, word in enumerate(_CARRIERS)
        if word in change.node.type.rpartition(":")[2].lower()
    ]
    return diff.changes[min(ranked)[1]] if ranked else None


def _grants(diff: GraphDiff, told: Mapping[str, Iterable[Finding]]) -> Iterator[tuple[ResourceChange, Finding]]:
    there = _identities(diff.before)
    earlier: dict[str, list[Edge]] = defaultdict(list)
    for edge in identity.edges(diff.before):
        earlier[edge.src].append(edge)
    fresh: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for edge in identity.edges(diff.after):
        if edge.src in there and not any(_held(old, edge) for old in earlier[edge.src]):
            fresh[edge.urn, edge.src, edge.dst, edge.why].add(edge.port)
    silent = {urn for urn, findings in told.items() if any(one.id == "opening-iam" for one in findings)}
    for (urn, src, dst, why), actions in sorted(fresh.items()):
        cause = diff.changes.get(urn) or _limit(diff, src)
        if cause is not None and cause.urn not in silent and cause.after is not None:
            held = "" if why == "always" else f", {why}"
            words = f"{src} may now {', '.join(sorted(actions))} on {dst}{held}"
            yield cause, opening("opening-iam", cause, words)


def _identities(graph: Graph) -> frozenset[str]:
    return frozenset(one.name for one in identity.Identities(graph).found.values())


def _held(old: Edge, new: Edge) -> bool:
    """Whether an earlier grant let through all that a later one does."""
    if "!" in (old.port[:1], old.dst[:1], new.port[:1], new.dst[:1]):
        return (old.port, old.dst, old.why) == (new.port, new.dst, new.why)
    wide = covers(old.port.lower(), new.port.lower()) and covers(old.dst, new.dst)
    return wide and old.why in ("always", new.why)


def _limit(diff: GraphDiff, src: str) -> ResourceChange | None:
    """The change of a boundary, or of the identity itself, where its own policy did not change."""
    name = src.partition("/")[2]
    own = [change for change in diff if change.node.name == name and change.node.type.startswith("aws:iam/")]
    limits = [change for change in diff if change.node.type == identity.POLICY]
    return next(iter([*own, *limits]), None)
