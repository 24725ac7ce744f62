"""What an EKS cluster and its add-ons are set to, in the provider's words. Pure; ids are handed through."""

from collections.abc import Sequence
from typing import Any, Final

from aiinfra.catalogue.eks import ClusterVersion
from aiinfra.components.aws.cluster_specs import ClusterSpec
from aiinfra.names import fit

LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Every log that a control plane writes."""


def cluster_name(name: str) -> str:
    """The cluster's name, where the component is called ``name``."""
    return fit(name, "aws:eks/cluster:Cluster")


def log_group(cluster: str) -> str:
    """The log group that EKS writes to; it would make one without key and retention if there were none."""
    return f"/aws/eks/{cluster}/cluster"


def cluster(spec: ClusterSpec, called: str, role: Any) -> dict[str, Any]:
    """Private, encrypted, logged; whoever makes it does not get in by that."""
    api = {
        "subnet_ids": list(spec.subnets),
        "security_group_ids": [spec.group],
        "endpoint_private_access": True,
        "endpoint_public_access": bool(spec.public_cidrs),
    }
    opened = {"public_access_cidrs": [str(cidr) for cidr in spec.public_cidrs]} if spec.public_cidrs else {}
    return {
        "name": called,
        "role_arn": role,
        "version": spec.version,
        "vpc_config": {**api, **opened},
        "access_config": {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
        "encryption_config": {"resources": ["secrets"], "provider": {"key_arn": spec.key}},
        "enabled_cluster_log_types": list(LOGS),
        "bootstrap_self_managed_addons": False,
        "deletion_protection": True,
        "upgrade_policy": {"support_type": "STANDARD"},
        **_joined(spec),
    }


def _joined(spec: ClusterSpec) -> dict[str, Any]:
    """Addresses that machines and pods from outside have. EKS Hybrid Nodes' own word for them."""
    if not spec.remote_nodes:
        return {}
    found = {"remote_node_networks": {"cidrs": [str(one) for one in spec.remote_nodes]}}
    if spec.remote_pods:
        found["remote_pod_networks"] = {"cidrs": [str(one) for one in spec.remote_pods]}
    return {"remote_network_config": found}


def addon(name: str, version: ClusterVersion) -> dict[str, Any]:
    """An add-on at the version that goes with the cluster's; what somebody changed in it by hand is put back."""
    return {
        "addon_name": name,
        "addon_version": version.addons[name],
        "resolve_conflicts_on_create": "OVERWRITE",
        "resolve_conflicts_on_update": "OVERWRITE",
    }


def network(region: str, zones: Sequence[str], subnets: Sequence[Any], group: Any) -> dict[str, Any]:
    """The VPC CNI: pods get addresses of their own range, sixteen at a time, and network policies are enforced.

    Machines find their pods' subnet by the id of their zone, which they carry as a label.
    """
    return {
        "enableNetworkPolicy": "true",
        "env": {
            "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
            "ENABLE_PREFIX_DELEGATION": "true",
            "ENI_CONFIG_LABEL_DEF": "topology.k8s.aws/zone-id",
        },
        "eniConfig": {
            "create": True,
            "region": region,
            "subnets": {
                zone: {"id": subnet, "securityGroups": [group]} for zone, subnet in zip(zones, subnets, strict=True)
            },
        },
    }
