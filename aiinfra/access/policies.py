"""Network policies as objects: whom each limits, and what its rules let through."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiinfra.access.ports import ALL, LAST, NONE, Ports, union
from aiinfra.access.selectors import Labels, matches
from aiinfra.graph.node import Node

INGRESS: Final = "Ingress"
EGRESS: Final = "Egress"
_SIDE: Final = {INGRESS: ("ingress", "from"), EGRESS: ("egress", "to")}
WHY: Final = "aiinfra.dev/why"


@dataclass(frozen=True, slots=True)
class Pods:
    """One kind of pod: what policies can tell of it."""

    name: str
    namespace: str
    labels: Labels
    namespace_labels: Labels
    inside: bool
    """Whether its namespace is one that the graph holds."""
    ports: Mapping[str, tuple[str, int]]
    """Named container ports: name -> protocol and number."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses outside the cluster, as disjoint from all others that policies tell apart."""

    name: str


End = Pods | Addresses


@dataclass(frozen=True, slots=True)
class Policy:
    """One recorded network policy."""

    node: Node
    blocks: Mapping[str, frozenset[str]]
    """Key of an address block (:func:`block_key`) -> names of the :class:`Addresses` in it."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its ``spec``."""
        found: Mapping[str, Any] = self.node.inputs.get("spec") or {}
        return found

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return namespace_of(self.node.inputs)

    @property
    def why(self) -> str:
        """The reason it states, or its own name."""
        meta = self.node.inputs.get("metadata") or {}
        return str((meta.get("annotations") or {}).get(WHY) or f"policy {meta.get('name', self.node.name)}")

    def limits(self, direction: str, pods: Pods) -> bool:
        """Whether it limits what enters or leaves such pods."""
        types = self.spec.get("policyTypes")
        if types is None:  # the API server's default
            types = [INGRESS, EGRESS] if "egress" in self.spec else [INGRESS]
        here = pods.namespace == self.namespace and matches(self.spec.get("podSelector"), pods.labels)
        return direction in types and here

    def opens(self, direction: str, pods: Pods, other: End) -> Ports:
        """Ports that its rules open between pods it limits and the other end."""
        key, side = _SIDE[direction]
        listener = pods if direction == INGRESS else other
        found: list[tuple[str, int, int]] = []
        for rule in self.spec.get(key) or ():
            peers = rule.get(side)
            if not peers or any(self._is(peer, other) for peer in peers):
                found += _ports(rule.get("ports"), listener)
        return union(found)

    def _is(self, peer: Mapping[str, Any], end: End) -> bool:
        if peer.get("ipBlock") is not None:
            return isinstance(end, Addresses) and end.name in self.blocks[block_key(peer["ipBlock"])]
        if isinstance(end, Addresses):
            return False
        spaces = peer.get("namespaceSelector")
        there = end.namespace == self.namespace if spaces is None else matches(spaces, end.namespace_labels)
        return there and matches(peer.get("podSelector"), end.labels)


def _ports(listed: Any, listener: End) -> Ports:
    if not listed:
        return ALL
    found: Ports = NONE
    for port in listed:
        protocol, number = str(port.get("protocol") or "TCP"), port.get("port")
        if number is None:
            found += ((protocol, 1, LAST),)
        elif isinstance(number, str):  # the name of a container's port
            named = listener.ports.get(number) if isinstance(listener, Pods) else None
            found += ((protocol, named[1], named[1]),) if named and named[0] == protocol else NONE
        else:
            found += ((protocol, int(number), int(port.get("endPort") or number)),)
    return union(found)


def block_key(block: Mapping[str, Any]) -> str:
    """The same for the same block."""
    return " ".join([str(block["cidr"]), *sorted(map(str, block.get("except") or ()))])


def namespace_of(inputs: Mapping[str, Any]) -> str:
    """An object's namespace; ``default`` where it names none."""
    return str((inputs.get("metadata") or {}).get("namespace") or "default")
