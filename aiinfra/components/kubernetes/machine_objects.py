"""Karpenter's objects for machines that come and go, as plain Kubernetes objects. Pure.

Subnets and groups are found by the names that the training project gives them: their ids are not known before they are
made, and an unknown id would hide the whole object from a review.
"""

from typing import Any, Final

from aiinfra.catalogue.eks import find_cluster_version
from aiinfra.catalogue.find import find_region
from aiinfra.components.aws.accelerators import accelerated, is_placed
from aiinfra.components.aws.key_policy import alias_arn, key_alias
from aiinfra.components.aws.node_template import PODS
from aiinfra.components.aws.scaling import placement_name, profile_name
from aiinfra.components.kubernetes.machine_facts import ACCELERATORS, NODES_LABEL, resource
from aiinfra.components.kubernetes.platform_specs import MachinesSpec

_MONTH: Final = "720h"


def machine_image(version: str) -> str:
    """Karpenter's alias of the EKS image in the version matrix: ``al2023@v20260415`` from ``1.35.3-20260415``.

    Which of its variants, for NVIDIA or Neuron, Karpenter takes from the machine's type.
    """
    return f"al2023@v{find_cluster_version(version).image.rpartition('-')[2]}"


def node_class(spec: MachinesSpec) -> dict[str, Any]:
    """How a machine starts, as those of node groups do. Karpenter adds EFA's cards where a pod asks for them."""
    partition = find_region(spec.region).partition
    named = spec.key or key_alias(f"{spec.training}-keys", "volumes")
    key = alias_arn(named, spec.account, spec.region, partition)
    in_subnet = {"id": spec.subnet} if spec.subnet else {"tags": {"Name": f"{spec.training}-network-nodes-{spec.zone}"}}
    in_group = {"id": spec.group} if spec.group else {"tags": {"Name": f"{spec.training}-network-nodes"}}
    reserved = {"capacityReservationSelectorTerms": [{"id": spec.capacity.reservation}]}
    together = {"placementGroupSelector": {"name": placement_name(spec.training)}}
    placed = is_placed(spec.capacity, accelerated(spec.instance), spec.nodes)
    return {
        "api_version": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "spec": {
            "amiSelectorTerms": [{"alias": machine_image(spec.version)}],
            "instanceProfile": profile_name(spec.training, spec.region),
            "subnetSelectorTerms": [in_subnet],
            "securityGroupSelectorTerms": [in_group],
            "associatePublicIPAddress": False,
            "detailedMonitoring": True,
            "instanceStorePolicy": "RAID0",
            "kubelet": {"maxPods": PODS},
            "metadataOptions": {
                "httpEndpoint": "enabled",
                "httpProtocolIPv6": "disabled",
                "httpTokens": "required",
                "httpPutResponseHopLimit": 1,
            },
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "rootVolume": True,
                    "ebs": {
                        "encrypted": True,
                        "kmsKeyID": key,
                        "volumeType": "gp3",
                        "volumeSize": f"{spec.disk}Gi",
                        "deleteOnTermination": True,
                    },
                }
            ],
            "tags": spec.tags.as_labels(),
            **(reserved if spec.capacity.reservation else {}),
            **(together if placed else {}),
        },
    }


def node_pool(spec: MachinesSpec, node_class_name: str) -> dict[str, Any]:
    """At most so many machines of one type; one that is idle for ten minutes goes, none is moved while it works."""
    instance = accelerated(spec.instance)
    bought = "reserved" if spec.capacity.reservation else "spot" if spec.capacity.spot else "on-demand"
    requirements = {
        "node.kubernetes.io/instance-type": spec.instance,
        "karpenter.sh/capacity-type": bought,
        "kubernetes.io/arch": instance.architecture,
        "kubernetes.io/os": "linux",
        "topology.k8s.aws/zone-id": spec.zone,
    }
    labels = {NODES_LABEL: ACCELERATORS, "aiinfra.dev/accelerator": instance.accelerator or ""}
    node = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": node_class_name},
        "requirements": [{"key": key, "operator": "In", "values": [value]} for key, value in requirements.items()],
        "taints": [{"key": resource(instance), "value": "present", "effect": "NoSchedule"}],
        "expireAfter": _MONTH,
        "terminationGracePeriod": "24h",
    }
    return {
        "api_version": "karpenter.sh/v1",
        "kind": "NodePool",
        "spec": {
            "template": {"metadata": {"labels": labels}, "spec": node},
            "limits": {resource(instance): str(max(instance.accelerators, 1) * spec.nodes)},
            "disruption": {
                "consolidationPolicy": "WhenEmpty",
                "consolidateAfter": "10m",
                "budgets": [{"nodes": "10%"}],
            },
        },
    }
