"""What a cluster that serves has inside: operators, the runtime class of GPUs, an authority of its own. Pure."""

from typing import Any, Final

from aiinfra.catalogue.find import find_instance, vendor_of
from aiinfra.catalogue.instances import Instance
from aiinfra.catalogue.operators import Operator, operators, operators_to_serve
from aiinfra.components.kubernetes.operator_values import SYSTEM, by_digest, installed, neuron, nvidia
from aiinfra.components.kubernetes.serving_specs import ServingPlatformSpec

_ROOT_HOURS: Final = 10 * 365 * 24
"""Life of the authority's own certificate. Its key stays when it is renewed, so that what it signed stays good."""


def machines(spec: ServingPlatformSpec) -> tuple[Instance, ...]:
    """The types of the machines that serve."""
    return tuple(find_instance(name) for name in spec.instances)


def wanted(spec: ServingPlatformSpec) -> tuple[Operator, ...]:
    """The operators of the cluster."""
    return operators_to_serve(machines(spec), issues=spec.issuer is not None)


def locked_names(spec: ServingPlatformSpec) -> tuple[str, ...]:
    """What must be in ``images.lock``: each chart, and each image a chart starts."""
    return tuple(name for row in wanted(spec) for name in row.locks)


def release(row: Operator, spec: ServingPlatformSpec) -> dict[str, Any]:
    """One chart."""
    return installed(row, spec.images, by_digest(row, spec.images, _settings(row.name, spec)))


def _settings(name: str, spec: ServingPlatformSpec) -> dict[str, Any]:
    if name == "nvidia":
        return nvidia()
    if name == "neuron":
        return neuron([machine.name for machine in machines(spec) if vendor_of(machine) == "AWS"])
    return _cert_manager()


def _cert_manager() -> dict[str, Any]:
    """On the cluster's own machines; its definitions stay when it goes, and with them every certificate."""
    here = {"nodeSelector": {"kubernetes.io/os": "linux", **SYSTEM}}
    return {
        **here,
        "crds": {"enabled": True, "keep": True},
        "replicaCount": 2,
        "prometheus": {"enabled": False},
        # Its image would be one more to mirror, for a check that the wait for the release makes too.
        "startupapicheck": {"enabled": False},
        "webhook": {"replicaCount": 2, **here},
        "cainjector": {"replicaCount": 2, **here},
    }


def runtime_class(spec: ServingPlatformSpec) -> dict[str, Any] | None:
    """The class that pods on NVIDIA's GPUs name; EKS's image has its handler. None where no machine has one."""
    return {"handler": "nvidia"} if any(vendor_of(machine) == "NVIDIA" for machine in machines(spec)) else None


def namespace() -> str:
    """Where cert-manager is, and where it looks for the keys of ``ClusterIssuer``s."""
    return operators()["cert-manager"].namespace


def root_issuer() -> dict[str, Any]:
    """Signs the authority's own certificate, by itself."""
    return {"api_version": "cert-manager.io/v1", "kind": "ClusterIssuer", "spec": {"selfSigned": {}}}


def root_certificate(issuer: str, cluster: str) -> dict[str, Any]:
    """The authority's own certificate; its key is made in the cluster and stays in it."""
    return {
        "api_version": "cert-manager.io/v1",
        "kind": "Certificate",
        "spec": {
            "isCA": True,
            "commonName": f"{issuer} of {cluster}"[:64],
            "secretName": f"{issuer}-root",
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": f"{issuer}-root"},
            "duration": f"{_ROOT_HOURS}h",
            "renewBefore": f"{_ROOT_HOURS // 2}h",
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
            "usages": ["cert sign", "crl sign"],
        },
    }


def issuer_of(issuer: str) -> dict[str, Any]:
    """What sites ask for certificates."""
    spec = {"ca": {"secretName": f"{issuer}-root"}}
    return {"api_version": "cert-manager.io/v1", "kind": "ClusterIssuer", "spec": spec}
