"""Kueue's objects for one queue, as plain Kubernetes objects. Pure."""

from typing import Any, Final

from aiinfra.components.aws.accelerators import accelerated
from aiinfra.components.kubernetes.machine_facts import (
    ACCELERATORS,
    NODES_LABEL,
    levels,
    offered,
    quantities,
    resource,
)
from aiinfra.components.kubernetes.platform_specs import QueueingSpec

API: Final = "kueue.x-k8s.io/v1beta2"
LOCAL: Final = "default"
"""Name of the queue in the namespace: jobs that name none wait in it."""
PRIORITIES: Final = {"training-routine": 0, "training-urgent": 1000}
"""A job with a higher one ends those with a lower one, where it would not fit beside them. Kueue alone goes by them:
pods that are let in do not push one another away."""


def topology(spec: QueueingSpec) -> dict[str, Any]:
    """Where machines stand, the widest level first."""
    return _object("Topology", {"levels": [{"nodeLabel": label} for label in levels(spec.instance)]})


def flavor(spec: QueueingSpec, topology_name: str) -> dict[str, Any]:
    """The machines that train. Kueue hands pods the label and the toleration as it lets them in."""
    tolerated = {"key": resource(accelerated(spec.instance)), "operator": "Exists", "effect": "NoSchedule"}
    placed = {"topologyName": topology_name} if topology_name else {}
    labels = {NODES_LABEL: ACCELERATORS, "node.kubernetes.io/instance-type": spec.instance}
    return _object("ResourceFlavor", {"nodeLabels": labels, "tolerations": [tolerated], **placed})


def cluster_queue(spec: QueueingSpec, flavor_name: str) -> dict[str, Any]:
    """All the machines have, and no more; a job that does not fit lets smaller ones pass."""
    amounts = quantities({key: amount * spec.nodes for key, amount in offered(spec.instance).items()})
    quota = [{"name": key, "nominalQuota": amount} for key, amount in amounts.items()]
    return _object(
        "ClusterQueue",
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": spec.namespace}},
            "queueingStrategy": "BestEffortFIFO",
            "preemption": {"withinClusterQueue": "LowerPriority"},
            "resourceGroups": [
                {
                    "coveredResources": list(amounts),
                    "flavors": [{"name": flavor_name, "resources": quota}],
                }
            ],
        },
    )


def local_queue(cluster_queue_name: str) -> dict[str, Any]:
    """The queue as the namespace sees it."""
    return _object("LocalQueue", {"clusterQueue": cluster_queue_name})


def priority(name: str) -> dict[str, Any]:
    """One priority of jobs."""
    about = "Ends routine jobs that are in its way" if PRIORITIES[name] else "Waits its turn"
    return {"value": PRIORITIES[name], "description": about, "preemption_policy": "Never", "global_default": False}


def _object(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"api_version": API, "kind": kind, "spec": spec}
