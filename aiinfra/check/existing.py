"""The checks of what is there already: whether it fits, and what of it nobody here can promise."""

from collections.abc import Iterator
from typing import Final

from aiinfra.catalogue.operators import operators
from aiinfra.errors import did_you_mean
from aiinfra.findings import Finding, Severity
from aiinfra.spec.cloud import Cloud
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.existing import ENDPOINTS, GATEWAY, ExistingNetwork, ExistingSubnet, ExistingZone
from aiinfra.spec.storage import Existing
from aiinfra.spec.training import Training

PAGE: Final = "docs/existing.md"

_LARGEST: Final = 16
"""Shortest prefix of a subnet (VPC user guide, "Subnet CIDR blocks")."""
_SYSTEM: Final = 3
"""Machines of the cluster's own services, one of them while another is replaced."""
_CONTROL_PLANE: Final = 6
"""Addresses that EKS asks for in each of its subnets (EKS user guide, "VPC and subnet requirements")."""
_A_MACHINE: Final = 128
"""Addresses of pods that a machine takes: 110 pods, sixteen addresses at a time, and those of its interfaces."""


def fits_what_is_there(declaration: Declaration) -> Iterator[Finding]:
    """Subnets have room for what goes into them; operators that are there are those of the table."""
    deployment = declaration.deployment
    cloud, training, network = deployment.cloud, deployment.training, deployment.network.existing
    if cloud is None or training is None:
        return
    if network is not None:
        for index, zone in enumerate(network.zones):
            yield from _rooms(f"network.existing.zones[{index}]", zone, cloud, network, training)
    for index, name in enumerate(training.existing.operators if training.existing else ()):
        if name not in operators():
            yield Finding(
                "operator-unknown",
                Severity.ERROR,
                f"no operator of the table is called {name!r}{did_you_mean(name, tuple(operators()))}",
                f"training.existing.operators[{index}]",
                remedy=f"name those of {', '.join(operators())}",
            )


def _rooms(
    place: str, zone: ExistingZone, cloud: Cloud, network: ExistingNetwork, training: Training
) -> Iterator[Finding]:
    made = [service for service in ENDPOINTS if service not in (*network.endpoints, GATEWAY)]
    ours = training.existing is None
    train = training.nodes if zone.zone == cloud.zones[0] else 0
    machines = train + (_SYSTEM if ours else 0)
    if ours:
        endpoints = len(made) if zone.zone in cloud.zones else 0
        what = f"{_CONTROL_PLANE} for the control plane and {endpoints} for endpoints at most"
        yield from _room(f"{place}.services", zone.services, _CONTROL_PLANE + endpoints, what, Severity.ERROR)
    if zone.nodes is not None:
        yield from _room(f"{place}.nodes", zone.nodes, machines, f"{machines} machines", Severity.ERROR)
    if zone.pods is not None:
        what = f"the pods of {machines} machines, {_A_MACHINE} each"
        yield from _room(f"{place}.pods", zone.pods, machines * _A_MACHINE, what, Severity.WARNING)


def _room(place: str, subnet: ExistingSubnet, need: int, what: str, severity: Severity) -> Iterator[Finding]:
    if subnet.room < need:
        length = next((n for n in range(28, _LARGEST - 1, -1) if 2 ** (32 - n) - 5 >= need), None)
        remedy = (
            f"name a subnet of /{length}" if length else f"the largest subnet is a /{_LARGEST}: take fewer machines"
        )
        message = f"{subnet.id} ({subnet.cidr}) has {max(subnet.room, 0)} addresses to give, and needs {need}: {what}"
        yield Finding("subnet-too-small", severity, message, f"{place}.cidr", remedy=remedy)


def not_checked(declaration: Declaration) -> Iterator[Finding]:
    """What is used by id is not seen: neither checks nor reviews say anything of how it is set."""
    deployment = declaration.deployment
    cloud, training, network = deployment.cloud, deployment.training, deployment.network.existing
    if cloud is None or training is None:
        return
    if network is not None:
        theirs = f", and what its endpoints of {', '.join(sorted(network.endpoints))} let through" * bool(
            network.endpoints
        )
        message = f"what routes, network ACLs and DNS settings {network.vpc} has{theirs}, was not checked"
        yield _note("network-unchecked", message, "network.existing")
    if training.existing is not None:
        name = training.existing.cluster
        message = (
            f"who reaches the API of cluster {name} and who gets in, how it encrypts and logs, and which add-ons it"
            " has, was not checked"
        )
        yield _note("cluster-unchecked", message, "training.existing")
    for noun, arn in cloud.keys.named.items():
        whose = "" if arn.split(":")[4] == cloud.account else f" of account {arn.split(':')[4]}"
        key = f"{arn.rpartition('/')[2]}{whose}"
        message = f"whether the policy of key {key} lets {_USERS[noun]} use it was not checked"
        yield _note("key-unchecked", message, f"cloud.keys.{noun}")
    yield from _buckets(deployment.storage.existing)


def _buckets(existing: Existing) -> Iterator[Finding]:
    for noun in ("datasets", "checkpoints"):
        found = getattr(existing, noun)
        if found is not None:
            message = (
                f"whether bucket {found.bucket} is private, encrypted, versioned and recorded, and lets training in, "
                "was not checked"
            )
            yield _note("bucket-unchecked", message, f"storage.existing.{noun}")


_USERS: Final = {
    "cluster": "the control plane",
    "data": "S3 and FSx",
    "logs": "CloudWatch Logs",
    "volumes": "EC2 and Auto Scaling",
}


def _note(code: str, message: str, path: str) -> Finding:
    return Finding(code, Severity.NOTE, message, path, remedy=f"{PAGE} lists what to look at")
