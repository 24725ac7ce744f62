"""Pods that train, as plain Kubernetes objects: restricted, each on a machine of its own. Pure."""

from typing import Any, Final

from aiinfra.components.aws.accelerators import accelerated
from aiinfra.components.kubernetes.labels import labels
from aiinfra.components.kubernetes.machine_facts import is_nvidia, offered, quantities
from aiinfra.components.kubernetes.platform_specs import TrainingJobsSpec
from aiinfra.components.kubernetes.restricted import confined, restricted
from aiinfra.spec.tags import Tags

SERVICE_ACCOUNT: Final = "trainer"
"""Bound by the training project to the role that reads datasets and writes checkpoints."""
USER: Final = 65532
CLAIM: Final = "files"
"""Name of the claim of the file system, and of the pods' volume."""
RUNTIME: Final = "torch"
_NEURON: Final = {"CCOM_SOCKET_IFNAME": "eth0", "NEURON_COMPILE_CACHE_URL": "/tmp/neuron-compile-cache"}  # noqa: S108 - in a pod


def pod(
    instance: str, image: str, command: list[str], env: list[dict[str, Any]], *, files: bool = False
) -> dict[str, Any]:
    """A pod that takes one machine whole. ``/tmp`` and ``/dev/shm`` can be written to, the image cannot.

    The machine's label and toleration are the queue's to hand out, as it lets the pod in.
    """
    amounts = quantities(offered(instance))
    mounts = [{"name": "tmp", "mountPath": "/tmp"}, {"name": "shared", "mountPath": "/dev/shm"}]  # noqa: S108 - in a pod
    volumes: list[dict[str, Any]] = [
        {"name": "tmp", "emptyDir": {"sizeLimit": "20Gi"}},
        {"name": "shared", "emptyDir": {"medium": "Memory", "sizeLimit": "64Gi"}},
    ]
    if files:
        mounts.append({"name": CLAIM, "mountPath": "/data"})
        volumes.append({"name": CLAIM, "persistentVolumeClaim": {"claimName": CLAIM}})
    return {
        **restricted(SERVICE_ACCOUNT, USER),
        "restartPolicy": "Never",
        "containers": [
            {
                "name": "node",
                "image": image,
                **({"command": command} if command else {}),
                "env": [*_communication(instance), {"name": "HOME", "value": "/tmp"}, *env],  # noqa: S108 - in a pod
                "resources": {"requests": amounts, "limits": amounts},
                "volumeMounts": mounts,
                "securityContext": confined(),
            }
        ],
        "volumes": volumes,
    }


def _communication(instance: str) -> list[dict[str, Any]]:
    """What collectives are told: EFA where there is one; the first contact is over the pod's own interface. Neuron
    compiles what it runs, and keeps it where the pod may write."""
    facts = accelerated(instance)
    told = {"NCCL_SOCKET_IFNAME": "eth0"} if is_nvidia(facts) else _NEURON.copy()
    if facts.efa:
        told |= {"FI_PROVIDER": "efa", "FI_EFA_USE_DEVICE_RDMA": "1"}
    return [{"name": name, "value": value} for name, value in sorted(told.items())]


def runtime(spec: TrainingJobsSpec) -> dict[str, Any]:
    """What a ``TrainJob`` names to run PyTorch on all machines."""
    node = pod(spec.instance, spec.image, [], [], files=spec.files)
    step = {"labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}}
    job = {"metadata": step, "spec": {"template": {"metadata": {"labels": pod_labels(spec.tags)}, "spec": node}}}
    return {
        "api_version": "trainer.kubeflow.org/v1alpha1",
        "kind": "ClusterTrainingRuntime",
        "spec": {
            "mlPolicy": {"numNodes": spec.nodes, "torch": {}},
            "template": {"spec": {"replicatedJobs": [{"name": "node", "template": job}]}},
        },
    }


def pod_labels(tags: Tags) -> dict[str, str]:
    """Labels of pods that train."""
    return labels(tags, "training")
