"""What a trusted namespace is made of, as plain Kubernetes objects. Pure: tested without Pulumi.

Keys are Kubernetes' own (camelCase), so that what stands here is what a manifest says.
"""

import re
from typing import Any

from aiinfra.components.kubernetes.labels import POD_SECURITY_VERSION, metadata
from aiinfra.components.kubernetes.specs import TrustedNamespaceSpec
from aiinfra.names import fit
from aiinfra.spec.network import Egress
from aiinfra.units import DataSize


def namespace_metadata(spec: TrustedNamespaceSpec) -> dict[str, Any]:
    """Metadata with Pod Security ``restricted`` enforced, audited and warned about, at a pinned version."""
    data = metadata(spec.namespace, spec.tags)
    for mode in ("enforce", "audit", "warn"):
        data["labels"][f"pod-security.kubernetes.io/{mode}"] = "restricted"
        data["labels"][f"pod-security.kubernetes.io/{mode}-version"] = POD_SECURITY_VERSION
    return data


def deny_all() -> dict[str, Any]:
    """Nothing in, nothing out, for every pod. Both types are named: some engines read a missing one as open."""
    return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def allow_dns() -> dict[str, Any]:
    """Name lookups at the cluster's own DNS, and nowhere else."""
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [dns], "ports": ports}]}


def allow_egress(way: Egress) -> dict[str, Any]:
    """One declared way out."""
    to = [{"ipBlock": {"cidr": str(way.to)}}]
    ports = [{"port": way.port, "protocol": "TCP"}]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": to, "ports": ports}]}


def egress_noun(way: Egress) -> str:
    """The same name for the same way out, wherever it stands in the list: ``egress-10-8-0-0-16-443``."""
    return fit(f"egress-{address_noun(way)}")


def address_noun(way: Egress) -> str:
    """Range and port as part of a name: ``10-8-0-0-16-443``."""
    return f"{re.sub(r'[^0-9a-f]+', '-', str(way.to)).strip('-')}-{way.port}"


def quota(spec: TrustedNamespaceSpec) -> dict[str, Any]:
    """The most that all pods together may use; no load balancers and no node ports."""
    return {
        "hard": {
            "limits.cpu": str(spec.cores),
            "limits.memory": memory_quantity(spec.memory),
            "pods": str(spec.pods),
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    }


def limit_range() -> dict[str, Any]:
    """What a container gets that asks for nothing: little."""
    return {
        "limits": [
            {
                "type": "Container",
                "default": {"cpu": "500m", "memory": "256Mi"},
                "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
            }
        ]
    }


def default_account(spec: TrustedNamespaceSpec) -> dict[str, Any]:
    """The service account that every namespace has gives no token to pods that do not ask for one."""
    return {
        "metadata": {"name": "default", "namespace": spec.namespace},
        "automount_service_account_token": False,
    }


def memory_quantity(size: DataSize) -> str:
    """A size in Kubernetes' words: ``1Gi`` from ``1 GiB``, ``500M`` from ``500 MB``."""
    mebi = size.bytes / 1024**2
    if mebi.is_integer():
        return f"{int(mebi) // 1024}Gi" if mebi % 1024 == 0 else f"{int(mebi)}Mi"
    return f"{size.bytes}"
