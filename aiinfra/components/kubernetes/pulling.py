"""Releases that a server's pod fetches by itself: an init step, a sidecar, the disk they fill, the way out. Pure.

Both run ``aiinfra release pull``, in the server's own image. The server mounts the disk read-only and is told nothing:
it watches ``current``. The sidecar is a native one (``restartPolicy: Always`` on an init container, Kubernetes 1.29).
"""

from typing import Any, Final

from aiinfra.catalogue.find import find_accelerator
from aiinfra.components.kubernetes.namespace_objects import memory_quantity
from aiinfra.components.kubernetes.restricted import confined
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.components.site_config import IN_POD
from aiinfra.images import SERVER, reference
from aiinfra.spec.network import Egress
from aiinfra.spec.updates import Updates

FIRST: Final = "release-first"
"""The init step: sees to it that there is a release to serve."""
PULL: Final = "release-pull"
"""The sidecar: pulls in the window, watches, keeps or rolls back."""
MODELS: Final = "models"
AUTHORITY_FILE: Final = "registry.pem"

_REGISTRY: Final = "/run/aiinfra/registry"
_CPU: Final = "500m"
"""Of the sidecar, asked for and allowed: so the pod keeps its class of service, and a trial that starves nobody."""
_LOAD: Final = "5 min"
"""As long as the startup probe lets the server take."""


def steps(spec: InferenceRuntimeSpec, updates: Updates) -> list[dict[str, Any]]:
    """The pod's init containers, in order."""
    shared = ["release", "pull", updates.source, "--config", "/etc/aiinfra/server.toml", "--model", spec.model_name]
    if updates.authority:
        shared += ["--ca", f"/etc/aiinfra/{AUTHORITY_FILE}"]
    if find_accelerator(spec.tier.accelerator).resource:
        shared.append("--try-on-cpu")  # the server's container holds the devices; it tries the version on them itself
    watched = {"soak": updates.soak, "load": _LOAD, "max-failed": updates.max_failed, "max-p99": updates.max_p99}
    judged = [word for key, value in watched.items() if value is not None for word in (f"--{key}", str(value))]
    timed = ["--window", updates.window, "--jitter", str(updates.jitter)]
    return [
        _step(spec, updates, FIRST, [*shared, "--first", "--no-watch"]),
        {**_step(spec, updates, PULL, [*shared, *timed, *judged]), "restartPolicy": "Always"},
    ]


def _step(spec: InferenceRuntimeSpec, updates: Updates, name: str, arguments: list[str]) -> dict[str, Any]:
    size = {"cpu": _CPU, "memory": memory_quantity(spec.runtime.memory)}  # a trial runs the model as the server does
    env = [{"name": "DOCKER_CONFIG", "value": _REGISTRY}]
    registry = [{"name": "registry", "mountPath": _REGISTRY, "readOnly": True}]
    return {
        "name": name,
        "image": reference(spec.images, SERVER),
        "args": arguments,
        **({"env": env} if updates.credentials else {}),
        "resources": {"requests": size, "limits": size},
        "securityContext": confined(),
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/aiinfra", "readOnly": True},
            *(registry if updates.credentials else []),
            {"name": MODELS, "mountPath": IN_POD.models},
            {"name": f"{PULL}-tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own, in memory
        ],
    }


def volumes(updates: Updates) -> list[dict[str, Any]]:
    """What the steps mount beside the disk, which the claim template brings."""
    found: list[dict[str, Any]] = [{"name": f"{PULL}-tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}]
    if updates.credentials:
        key = updates.credentials.key or ".dockerconfigjson"
        secret = {"secretName": updates.credentials.name, "defaultMode": 0o440}
        found.append({"name": "registry", "secret": {**secret, "items": [{"key": key, "path": "config.json"}]}})
    return found


def stateful_set(spec: InferenceRuntimeSpec, updates: Updates, deployment: dict[str, Any]) -> dict[str, Any]:
    """The ``spec`` of a StatefulSet with a Deployment's pods, each with a disk of its own that outlives it.

    One pod writes to one disk: what a version did there is judged by that pod's own server. A disk of a pod that is
    scaled away goes with it, since a version that was served weeks ago is no place to begin from.
    """
    kept = {key: value for key, value in deployment.items() if key != "strategy"}
    claim: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": memory_quantity(updates.disk)}},
        **({"storageClassName": updates.storage_class} if updates.storage_class else {}),
    }
    return {
        **kept,
        "serviceName": f"{spec.model_name}-server",
        "podManagementPolicy": "Parallel",
        "updateStrategy": {"type": "RollingUpdate"},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Delete"},
        "volumeClaimTemplates": [{"metadata": {"name": MODELS}, "spec": claim}],
    }


def allow_out(way: Egress, selector: dict[str, str]) -> dict[str, Any]:
    """The server's pods may leave for the registry, and no other pod may."""
    return {
        "podSelector": {"matchLabels": selector},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"ipBlock": {"cidr": str(way.to)}}], "ports": [{"port": way.port, "protocol": "TCP"}]}],
    }
