"""What one machine that trains offers to pods, in Kubernetes' names. Pure."""

from typing import Final

from aiinfra.catalogue.find import find_accelerator
from aiinfra.catalogue.instances import Instance
from aiinfra.components.aws.accelerators import accelerated

EFA: Final = "vpc.amazonaws.com/efa"
HUGE_PAGES: Final = "hugepages-2Mi"
HUGE_PAGES_SIZE: Final = 5120
"""MiB that EFA's libraries use, and that EKS's images for accelerators keep (EKS user guide, "Run machine learning
training on Amazon EKS with Elastic Fabric Adapter")."""

NODES_LABEL: Final = "aiinfra.dev/nodes"
ACCELERATORS: Final = "accelerators"

_SYSTEM_CORES: Final = 2
"""vCPUs kept for the kubelet and what runs on every machine."""
_SYSTEM_SHARE: Final = 0.05
"""Part of the memory kept for what runs on every machine, beyond what the kubelet reserves."""

_NETWORK_LAYERS: Final = ("p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "trn1", "trn1n", "trn2")
"""Families whose place in the network EC2 tells (EC2 user guide, "Amazon EC2 topology", supported types)."""


def resource(instance: Instance) -> str:
    """The accelerator, as pods ask for it."""
    return find_accelerator(instance.accelerator or "").resource or ""


def is_nvidia(instance: Instance) -> bool:
    """Whether its accelerators are NVIDIA's; those that EKS has images for are NVIDIA's or AWS's own."""
    return find_accelerator(instance.accelerator or "").vendor == "NVIDIA"


def offered(name: str) -> dict[str, int]:
    """What one pod that takes a machine of that type whole asks for: cores, MiB of memory and huge pages, devices."""
    instance = accelerated(name)
    spare = HUGE_PAGES_SIZE if instance.efa else 0
    memory = int((instance.allocatable.value or 0) * (1 - _SYSTEM_SHARE)) - spare
    found = {
        "cpu": max(instance.vcpus - _SYSTEM_CORES, 1),
        "memory": memory,
        resource(instance): max(instance.accelerators, 1),
    }
    return {**found, EFA: instance.efa, HUGE_PAGES: HUGE_PAGES_SIZE} if instance.efa else found


def quantities(amounts: dict[str, int]) -> dict[str, str]:
    """``amounts`` as Kubernetes writes them."""
    return {key: f"{value}Mi" if key in ("memory", HUGE_PAGES) else str(value) for key, value in amounts.items()}


def levels(name: str) -> tuple[str, ...]:
    """Node labels that say where a machine stands, the widest first.

    EC2 tells the network's layers for large accelerated types only; a machine without the label would never be chosen.
    """
    instance = accelerated(name)
    layers = instance.family in _NETWORK_LAYERS and instance.accelerators > 1
    named = tuple(f"topology.k8s.aws/network-node-layer-{layer}" for layer in (1, 2, 3)) if layers else ()
    return ("topology.kubernetes.io/zone", *named, "kubernetes.io/hostname")
