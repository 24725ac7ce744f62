"""The exact set of edges that a graph's Kubernetes network policies leave open.

The semantics are those of ``networking.k8s.io/v1``: policies add up; a pod that policies limit in a direction gets what
the rules of all of them open, a pod that none limits gets everything; a connection needs both ends' consent.
Not in it, as no NetworkPolicy governs it: a node's kubelet reaching its own pods (probes), a pod reaching itself, pods
on the host's network, and policies of other kinds (Cilium's, the cluster-wide ones of SIG Network).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from aiinfra.access import blocks, selectors
from aiinfra.access.edge import Edge
from aiinfra.access.policies import EGRESS, INGRESS, Addresses, End, Pods, Policy, block_key, namespace_of
from aiinfra.access.ports import ALL, Ports, intersection, texts, union, without
from aiinfra.graph import urn
from aiinfra.graph.node import Graph, Node

POLICY: Final = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_METADATA_NAME: Final = "kubernetes.io/metadata.name"
KSERVE: Final = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
_TEMPLATES: Final = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


def edges(graph: Graph) -> frozenset[Edge]:
    """Every way that begins or ends at a pod of a namespace the graph holds.

    A namespace is held where the graph makes it, a workload in it or a network policy for it. Ends are the workloads of
    the graph, the pods that a selector names and no workload is, any other pod of each namespace, and addresses; ranges
    are told with the fewest CIDR blocks that hold the same addresses.
    """
    by_cluster: dict[str, list[Node]] = defaultdict(list)
    for node in graph:
        if node.package == "kubernetes" and node.custom and not node.read:
            by_cluster[node.provider].append(node)
    return frozenset(
        edge
        for provider, nodes in by_cluster.items()
        for edge in _cluster_edges(nodes, urn.name(provider) if provider else "")
    )


def _cluster_edges(nodes: list[Node], cluster: str) -> Iterator[Edge]:
    policies, ends = world(nodes)
    ranges: dict[tuple[str, str, bool, Ports, str, str], list[str]] = defaultdict(list)
    for src in ends:
        for dst in ends:
            if not any(isinstance(end, Pods) and end.inside for end in (src, dst)):
                continue
            for ports, why, opener in _ways(policies, src, dst):
                if isinstance(src, Addresses):
                    ranges[dst.name, "", True, ports, why, opener].append(src.name)
                elif isinstance(dst, Addresses):
                    ranges[src.name, "", False, ports, why, opener].append(dst.name)
                else:
                    yield from (Edge(src.name, dst.name, port, why, opener, cluster) for port in texts(ports))
    for (pods, _, enters, ports, why, opener), names in ranges.items():
        for block in blocks.collapse(names):
            src_name, dst_name = (block, pods) if enters else (pods, block)
            yield from (Edge(src_name, dst_name, port, why, opener, cluster) for port in texts(ports))


def _ways(policies: Iterable[Policy], src: End, dst: End) -> Iterator[tuple[Ports, str, str]]:
    """Open ports, the reason and the policy; each port once, under the first policy (by URN) that opens it.

    The policy of the side that is limited is named; of both, the destination's.
    """
    leaves, enters = _consents(policies, EGRESS, src, dst), _consents(policies, INGRESS, dst, src)
    if leaves is None and enters is None:
        yield ALL, "no network policy limits it", ""
        return
    first, second = (enters, leaves) if enters is not None else (leaves or [], None)
    allowed = ALL if second is None else union(span for _, ports in second for span in ports)
    for policy, ports in first:
        both = intersection(ports, allowed)
        if both:
            yield both, policy.why, policy.node.urn
            allowed = without(allowed, both)


def _consents(policies: Iterable[Policy], direction: str, end: End, other: End) -> list[tuple[Policy, Ports]] | None:
    """What each policy opens on one side; None where nothing limits it."""
    if isinstance(end, Addresses):
        return None
    limiting = [policy for policy in policies if policy.limits(direction, end)]
    return [(policy, policy.opens(direction, end, other)) for policy in limiting] if limiting else None


def world(nodes: Iterable[Node]) -> tuple[list[Policy], list[End]]:
    """The policies of one cluster, by URN, and the ends they tell apart."""
    listed = sorted(nodes, key=lambda node: node.urn)
    found = [node for node in listed if node.type == POLICY]
    all_peers = [(node, peer) for node in found for peer in _peers(node)]
    ip_blocks = [peer["ipBlock"] for _, peer in all_peers if peer.get("ipBlock") is not None]
    pieces = blocks.pieces(ip_blocks)
    members = {
        block_key(block): frozenset(str(piece) for piece in pieces if blocks.inside(block, piece))
        for block in ip_blocks
    }
    spaces = _namespaces(listed)
    pods = [_pods(node, template, spaces) for node in listed if (template := _template(node)) is not None]
    for node, peer in all_peers:
        if peer.get("ipBlock") is None:
            pods += _named(namespace_of(node.inputs), peer, spaces, pods)
    pods += [Pods(f"{name}/*", name, {}, labels, True, {}) for name, labels in spaces.items()]
    pods.append(Pods("*/*", "*", {}, {_METADATA_NAME: "*"}, False, {}))
    ends: list[End] = [*{pod.name: pod for pod in pods}.values(), *(Addresses(str(piece)) for piece in pieces)]
    return [Policy(node, members) for node in found], ends


def _peers(node: Node) -> Iterator[Mapping[str, Any]]:
    spec = node.inputs.get("spec") or {}
    for key, side in (("ingress", "from"), ("egress", "to")):
        for rule in spec.get(key) or ():
            yield from rule.get(side) or ()


def _namespaces(nodes: Iterable[Node]) -> dict[str, dict[str, str]]:
    """The namespaces the graph holds, with their labels."""
    found: dict[str, dict[str, str]] = {}
    for node in nodes:
        if node.type == NAMESPACE:
            meta = node.inputs.get("metadata") or {}
            name = str(meta.get("name") or node.name)
            found.setdefault(name, {}).update(meta.get("labels") or {})
        elif node.type == POLICY or _template(node) is not None:
            found.setdefault(namespace_of(node.inputs), {})
    return {name: {**labels, _METADATA_NAME: name} for name, labels in sorted(found.items())}


def _template(node: Node) -> Mapping[str, Any] | None:
    """The pod a workload makes: ``metadata`` and ``spec``."""
    kind = node.type.rpartition(":")[2]
    if kind == "Pod":
        return node.inputs
    spec = node.inputs.get("spec") or {}
    if node.type == KSERVE:  # its pods carry the labels of its predictor
        predictor = spec.get("predictor") or {}
        return {"metadata": {"labels": predictor.get("labels") or {}}, "spec": predictor}
    if kind == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return (spec.get("template") or {}) if kind in (*_TEMPLATES, "CronJob") else None


def _pods(node: Node, template: Mapping[str, Any], spaces: Mapping[str, Mapping[str, str]]) -> Pods:
    namespace = namespace_of(node.inputs)
    named = {
        str(port["name"]): (str(port.get("protocol") or "TCP"), int(port["containerPort"]))
        for container in (template.get("spec") or {}).get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("name")
    }
    name = (node.inputs.get("metadata") or {}).get("name") or node.name
    labels = (template.get("metadata") or {}).get("labels") or {}
    return Pods(f"{namespace}/{name}", namespace, labels, spaces[namespace], True, named)


def _named(
    home: str, peer: Mapping[str, Any], spaces: Mapping[str, Mapping[str, str]], known: Iterable[Pods]
) -> Iterator[Pods]:
    """Pods that a peer names and that are none of the workloads: one in each namespace it reaches."""
    wanted = peer.get("namespaceSelector")
    labels = selectors.witness(peer.get("podSelector"))
    reached: dict[str, Mapping[str, str]] = {home: spaces[home]}
    if wanted is not None:
        outside = selectors.witness(wanted)
        name = outside.get(_METADATA_NAME, selectors.text(outside))
        reached = {space: found for space, found in spaces.items() if selectors.matches(wanted, found)}
        if name not in spaces and selectors.matches(wanted, outside):
            reached[name] = {_METADATA_NAME: name, **outside}
    taken = [pod for pod in known if selectors.matches(peer.get("podSelector"), pod.labels)]
    for namespace, found in reached.items():
        if labels and not any(pod.namespace == namespace for pod in taken):
            name = f"{namespace}/{selectors.text(labels)}"
            yield Pods(name, namespace, labels, found, namespace in spaces, {})
        elif not labels and namespace not in spaces:
            yield Pods(f"{namespace}/*", namespace, {}, found, False, {})
