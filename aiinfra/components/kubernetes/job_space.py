"""The namespace of training jobs: what it may use, and who may talk to whom in it. Pure."""

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any, Final

from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.machine_facts import offered
from aiinfra.components.kubernetes.platform_specs import TrainingJobsSpec
from aiinfra.components.kubernetes.specs import TrustedNamespaceSpec
from aiinfra.spec.network import Egress
from aiinfra.units import DataSize

IDENTITY_AGENT: Final = "169.254.170.23/32"
"""Where Pod Identity's agent answers on every machine (EKS user guide, "EKS Pod Identity")."""

_BESIDE: Final = 8
"""Cores and pods that are left for what runs beside training: a notebook, a copy of data."""


def namespace_of(spec: TrainingJobsSpec) -> TrustedNamespaceSpec:
    """Room for a job on every machine, and a little beside. S3 has no range of its own that is known beforehand: the
    network has no other way out than S3's gateway and the endpoints, whose groups say the rest."""
    amounts = offered(spec.instance)
    memory = amounts["memory"] * spec.nodes + _BESIDE * 4096
    return TrustedNamespaceSpec(
        namespace=spec.namespace,
        tags=spec.tags,
        egress=(
            Egress(to=IPv4Network("0.0.0.0/0"), port=443, why="S3 through its gateway: the network has no way out"),
        ),
        cores=amounts["cpu"] * spec.nodes + _BESIDE,
        memory=DataSize.of(memory, "MiB"),
        pods=spec.nodes * 2 + _BESIDE,
    )


def between() -> dict[str, Any]:
    """Pods of the namespace talk to one another, both ways; collectives choose their ports as they start."""
    peers: list[dict[str, Any]] = [{"podSelector": {}}]
    both = ["Ingress", "Egress"]
    return {"podSelector": {}, "policyTypes": both, "ingress": [{"from": peers}], "egress": [{"to": peers}]}


def identity() -> dict[str, Any]:
    """Pods ask the agent on their machine for their role's credentials."""
    to = [{"ipBlock": {"cidr": IDENTITY_AGENT}}]
    ports = [{"port": 80, "protocol": "TCP"}]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": to, "ports": ports}]}


POLICIES: Final[dict[str, tuple[Callable[[], dict[str, Any]], str]]] = {
    "between": (between, "pods of a job find one another"),
    "identity": (identity, "pods get their role's credentials on their own machine"),
}
"""Noun -> the policy's spec, and why it is there."""


def runtime_metadata(called: str, spec: TrainingJobsSpec) -> dict[str, Any]:
    """Of a runtime: the trainer reads its framework from a label."""
    meta = metadata(called, spec.tags, workload="training")
    return {**meta, "labels": {**meta["labels"], "trainer.kubeflow.org/framework": "torch"}}
