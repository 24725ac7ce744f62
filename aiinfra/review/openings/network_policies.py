"""Kubernetes network policies: which traffic is newly let through."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import Operation, ResourceChange
from aiinfra.graph.node import Graph, Node
from aiinfra.review.openings.rule import get, items, managed, opening
from aiinfra.review.openings.traffic import ANYWHERE, Way, covered, told

_NETWORK_POLICY: Final = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def network_policy(change: ResourceChange, closed_before: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    """A policy that goes, covers fewer pods or directions, or lets new traffic through.

    The first policy of a namespace closes more than it opens, so only its address ranges are told; ``closed_before``
    holds the namespaces that had one.
    """
    if change.node.type != _NETWORK_POLICY:
        return
    where = f"in namespace {get(change.node, 'metadata.namespace') or 'default'}"
    if change.operation is Operation.DELETE:
        gone = _directions(change.before)
        limited = f"{' and '.join(gone)} of {_pods(change.before)} {where}"
        words = f"the network policy is removed: {limited} is no longer limited by it"
        yield opening("opening-network-policy-removed", change, words)
        return
    if not managed(change):
        return
    before = set(_policy_ways(change.before))
    closed = _directions(change.before) if change.before else ()
    for direction in closed:
        if direction not in _directions(change.after):
            words = f"{direction} of {_pods(change.after)} {where} is no longer limited by this policy"
            yield opening("opening-network-policy-widened", change, words, path="spec.policyTypes")
    if change.before and _pods(change.before) != _pods(change.after):
        words = f"it now limits {_pods(change.after)} {where}, no longer {_pods(change.before)}"
        yield opening("opening-network-policy-widened", change, words, path="spec.podSelector")
    limits = closed if change.before else ("egress", "ingress")
    fresh = [
        way
        for way in _policy_ways(change.after)
        if way.direction in limits and (change.before or namespace_of(change.node) in closed_before or way.addresses)
    ]
    for (direction, _), words in told(way for way in fresh if not covered(way, before)).items():
        verb = "may be reached" if direction == "ingress" else "may connect"
        told_of = f"{_pods(change.after)} {where} {verb} {words}"
        yield opening("opening-network", change, told_of, path=f"spec.{direction}")


def namespace_of(node: Node) -> tuple[str, str]:
    """Cluster (its provider) and namespace."""
    return node.provider, str(get(node, "metadata.namespace") or "default")


def closed_namespaces(graph: Graph) -> frozenset[tuple[str, str]]:
    """Those with a network policy: another policy there lets more through."""
    return frozenset(namespace_of(node) for node in graph.of_type(_NETWORK_POLICY))


def _pods(node: Node | None) -> str:
    selector = get(node, "spec.podSelector") or {}
    return _selected(selector, "all pods", "pods")


def _selected(selector: Any, everything: str, noun: str) -> str:
    if not isinstance(selector, Mapping) or not selector:
        return everything
    tests = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for test in selector.get("matchExpressions") or []:
        values = ", ".join(map(str, test.get("values") or ()))
        tests.append(f"{test.get('key')} {test.get('operator')} {values}".strip())
    return f"{noun} with {' and '.join(tests)}" if tests else everything


def _directions(node: Node | None) -> tuple[str, ...]:
    """What a policy limits: by its ``policyTypes``, or ingress always and egress where it has rules for it."""
    types = get(node, "spec.policyTypes")
    if isinstance(types, list):
        return tuple(sorted(str(item).lower() for item in types))
    return ("egress", "ingress") if get(node, "spec.egress") is not None else ("ingress",)


def _policy_ways(node: Node | None) -> Iterator[Way]:
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in items(get(node, f"spec.{direction}")):
            if not isinstance(rule, Mapping):
                continue
            peers = [name for peer in rule.get(side) or [] for name in _policy_peers(peer)] or [ANYWHERE]
            ports = [_policy_port(port) for port in rule.get("ports") or []] or [("any", None)]
            for peer in peers:
                for protocol, span in ports:
                    yield Way(direction, peer, protocol, span)


def _policy_peers(peer: Any) -> Iterator[str]:
    if not isinstance(peer, Mapping):
        return
    block = peer.get("ipBlock")
    if isinstance(block, Mapping):
        spared = [str(item) for item in block.get("except") or ()]
        yield f"{block.get('cidr')}" + (f" except {', '.join(spared)}" if spared else "")
        return
    pods, spaces = peer.get("podSelector"), peer.get("namespaceSelector")
    if spaces is None:
        yield f"{_selected(pods, 'all pods', 'pods')} of its own namespace"
    else:
        yield f"{_selected(pods, 'all pods', 'pods')} in {_selected(spaces, 'every namespace', 'namespaces')}"


def _policy_port(port: Mapping[str, Any]) -> tuple[str, tuple[int | str, int | str] | None]:
    protocol, low = str(port.get("protocol") or "TCP"), port.get("port")
    return protocol, None if low is None else (low, port.get("endPort") or low)
