"""A second reading of network policies, packet by packet: slow, and as near to the documentation's words as it gets."""

import ipaddress
from dataclasses import dataclass, field
from typing import Any

META = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Pod:
    """One pod, or with ``address`` one machine outside."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    space: tuple[tuple[str, str], ...] = ()
    named: tuple[tuple[str, str, int], ...] = ()
    address: str = ""


@dataclass
class Cluster:
    """What the API server would hold."""

    policies: list[dict[str, Any]] = field(default_factory=list)

    def connects(self, src: Pod, dst: Pod, protocol: str, port: int) -> bool:
        """Whether a connection is let through: the source's side and the destination's side both consent."""
        packet = (dst, protocol, port)
        leaves = bool(src.address) or self._consents(("Egress", "egress", "to"), src, dst, packet)
        enters = bool(dst.address) or self._consents(("Ingress", "ingress", "from"), dst, src, packet)
        return leaves and enters

    def _consents(self, words: tuple[str, str, str], pod: Pod, other: Pod, packet: tuple[Pod, str, int]) -> bool:
        kind, section, side = words
        isolated = False
        for policy in self.policies:
            spec, home = policy["spec"], policy["metadata"]["namespace"]
            if home != pod.namespace or not selects(spec["podSelector"], dict(pod.labels)):
                continue
            if kind not in (spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"])):
                continue
            isolated = True
            for rule in spec.get(section, []):
                peers, ports = rule.get(side), rule.get("ports")
                there = not peers or any(is_peer(peer, home, other) for peer in peers)
                if there and (not ports or any(is_port(wanted, packet) for wanted in ports)):
                    return True
        return not isolated


def is_peer(peer: dict[str, Any], home: str, other: Pod) -> bool:
    """Whether the other end is who a rule's peer means; ``home`` is the policy's namespace."""
    if "ipBlock" in peer:
        if not other.address:
            return False
        address = ipaddress.ip_address(other.address)
        spared = [ipaddress.ip_network(block) for block in peer["ipBlock"].get("except", [])]
        here = address in ipaddress.ip_network(peer["ipBlock"]["cidr"])
        return here and not any(address in block for block in spared)
    if other.address or not selects(peer.get("podSelector", {}), dict(other.labels)):
        return False
    if "namespaceSelector" in peer:
        return selects(peer["namespaceSelector"], dict(other.space))
    return other.namespace == home


def is_port(wanted: dict[str, Any], packet: tuple[Pod, str, int]) -> bool:
    """Whether a rule's port is the packet's; a name is one of the listening pod's."""
    listener, protocol, port = packet
    number = wanted.get("port")
    if wanted.get("protocol", "TCP") != protocol:
        return False
    if isinstance(number, str):
        return (number, protocol, port) in listener.named
    return number is None or number <= port <= wanted.get("endPort", number)


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Every requirement of the selector holds."""
    for key, value in selector.get("matchLabels", {}).items():
        if key not in labels or labels[key] != value:
            return False
    for test in selector.get("matchExpressions", []):
        there = test["key"] in labels
        if test["operator"] == "Exists" and not there:
            return False
        if test["operator"] == "DoesNotExist" and there:
            return False
        if test["operator"] == "In" and not (there and labels[test["key"]] in test["values"]):
            return False
        if test["operator"] == "NotIn" and there and labels[test["key"]] in test["values"]:
            return False
    return True
