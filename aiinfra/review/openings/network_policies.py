"""Kubernetes network policies: which traffic is newly let through."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import Operation, ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import get, items, managed, opening
from aiinfra.review.openings.traffic import ANYWHERE, Way, covered

_NETWORK_POLICY: Final = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def network_policy(change: ResourceChange) -> Iterator[Finding]:
    """A policy that goes, covers fewer pods or directions, or lets new traffic through.

    A policy that is new closes more than it opens, so only its address ranges are told.
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
    before, after = set(_policy_ways(change.before)), sorted(_policy_ways(change.after), key=Way.words)
    closed = _directions(change.before) if change.before else ()
    for direction in closed:
        if direction not in _directions(change.after):
            words = f"{direction} of {_pods(change.after)} {where} is no longer limited by this policy"
            yield opening("opening-network-policy-widened", change, words, path="spec.policyTypes")
    if change.before and _pods(change.before) != _pods(change.after):
        words = f"it now limits {_pods(change.after)} {where}, no longer {_pods(change.before)}"
        yield opening("opening-network-policy-widened", change, words, path="spec.podSelector")
    for way in after:
        fresh = way.direction in closed if change.before else way.addresses
        if fresh and not covered(way, before):
            verb = "may be reached" if way.direction == "ingress" else "may connect"
            words = f"{_pods(change.after)} {where} {verb} {way.words()}"
            yield opening("opening-network", change, words, path=f"spec.{way.direction}")


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
