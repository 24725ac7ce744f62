"""Pods: a Pod Security level that goes down, and containers that get more of their node than they need."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import get, items, managed, opening

_LABEL: Final = "pod-security.kubernetes.io/enforce"
_LEVELS: Final = ("privileged", "baseline", "restricted")
"""From open to closed; a namespace without the label is privileged unless the cluster says otherwise."""


def pod_security_level(change: ResourceChange) -> Iterator[Finding]:
    """A namespace that enforces less than before, or is made with ``privileged``."""
    if change.node.type != "kubernetes:core/v1:Namespace" or not managed(change):
        return
    before, after = _level(change.before), _level(change.after)
    path = f'metadata.labels["{_LABEL}"]'
    if change.before is None:
        if after == "privileged":
            yield opening(
                "opening-pod-security", change, "the namespace lets pods do anything on their node", path=path
            )
    elif _LEVELS.index(after or "privileged") < _LEVELS.index(before or "privileged"):
        words = f"the namespace enforces {after or 'no level'}, no longer {before}"
        yield opening("opening-pod-security", change, words, path=path, before=before, after=after)


def _level(node: Node | None) -> str:
    labels = get(node, "metadata.labels")
    level = labels.get(_LABEL) if isinstance(labels, Mapping) else None
    return level if level in _LEVELS else ""


_POD: Final = ("spec", "spec.template.spec", "spec.jobTemplate.spec.template.spec", "spec.predictor")
_SHARED: Final = {
    "hostNetwork": "pods use the node's network",
    "hostPID": "pods see the node's processes",
    "hostIPC": "pods share memory with the node",
}


def privileged_pod(change: ResourceChange) -> Iterator[Finding]:
    """Privileged containers, host namespaces, host folders, added capabilities."""
    if change.node.package != "kubernetes" or not managed(change):
        return
    before = set(_powers(change.before))
    for path, words in sorted(set(_powers(change.after)) - before):
        yield opening("opening-pod", change, words, path=path)


def _powers(node: Node | None) -> Iterator[tuple[str, str]]:
    for place in _POD:
        spec = get(node, place)
        if not isinstance(spec, Mapping):
            continue
        for key, words in _SHARED.items():
            if spec.get(key) is True:
                yield f"{place}.{key}", words
        for volume in items(spec.get("volumes")):
            folder = volume.get("hostPath") if isinstance(volume, Mapping) else None
            if isinstance(folder, Mapping):
                yield f"{place}.volumes", f"pods mount {folder.get('path')} of the node"
        for group in ("containers", "initContainers"):
            for container in items(spec.get(group)):
                if isinstance(container, Mapping):
                    yield from _container(f"{place}.{group}", container)


def _container(path: str, container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = container.get("name")
    context = container.get("securityContext")
    context = context if isinstance(context, Mapping) else {}
    if context.get("privileged") is True:
        yield path, f"container {name} is privileged"
    if context.get("allowPrivilegeEscalation") is True:
        yield path, f"container {name} may gain more rights than it starts with"
    added = (context.get("capabilities") or {}).get("add") or ()
    if added:
        yield path, f"container {name} gets the capabilities {', '.join(sorted(map(str, added)))}"
    for port in items(container.get("ports")):
        if isinstance(port, Mapping) and port.get("hostPort"):
            yield path, f"container {name} listens on port {port['hostPort']} of its node"
