"""What is used by id and stands in no program here: a review cannot say what it lets through."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import get, inputs, managed, opening
from aiinfra.tokens import JOINED_NETWORK, KEYS, TRAINING

_IS: Final = "is in no program here"
_ARE: Final = "are in no program here"

Told = dict[str, tuple[str, str]]
"""Path of an input -> its value, and what it means."""


def _network(node: Node) -> Told:
    vpc = str(get(node, "existing.vpc") or "")
    told = {"existing.vpc": (vpc, f"stands in the network {vpc}, whose routes, network ACLs and DNS {_ARE}")}
    for service, endpoint in sorted((get(node, "existing.endpoints") or {}).items()):
        words = f"calls {service} through the endpoint {endpoint}, whose policy {_IS}"
        told[f"existing.endpoints.{service}"] = (str(endpoint), words)
    return told


def _training(node: Node) -> Told:
    told: Told = {}
    cluster = get(node, "existingCluster.cluster")
    if cluster:
        words = f"machines join the cluster {cluster}: who reaches its API, and who gets in, {_IS}"
        told["existingCluster.cluster"] = (str(cluster), words)
    for noun, found in sorted((inputs(node).get("existingBuckets") or {}).items()):
        words = f"keeps {noun} in the bucket {found['bucket']}, whose policy and encryption {_ARE}"
        told[f"existingBuckets.{noun}.bucket"] = (str(found["bucket"]), words)
    return told


def _keys(node: Node) -> Told:
    found: dict[str, Any] = inputs(node).get("existing") or {}
    return {
        f"existing.{noun}": (str(key), f"encrypts {noun} with the key {key}, whose policy {_IS}")
        for noun, key in sorted(found.items())
    }


_KINDS: Final[dict[str, Callable[[Node], Told]]] = {JOINED_NETWORK: _network, TRAINING: _training, KEYS: _keys}


def unseen(change: ResourceChange) -> Iterator[Finding]:
    """An id of something that is there already, new or changed on a component of aiinfra."""
    told = _KINDS.get(change.node.type)
    if told is None or not managed(change) or change.after is None:
        return
    before = told(change.before) if change.before is not None else {}
    for path, (value, words) in told(change.after).items():
        earlier = before.get(path, ("", ""))[0]
        if value and value != earlier:
            yield opening("opening-unseen", change, words, path=path, before=earlier or None, after=value)
