"""The preflight job, as plain Kubernetes objects. Pure but for reading its program, which ships with this package."""

from pathlib import Path
from typing import Any, Final

from aiinfra.catalogue.find import find_accelerator
from aiinfra.components.aws.accelerators import accelerated
from aiinfra.components.kubernetes import training_pods
from aiinfra.components.kubernetes.machine_facts import is_nvidia
from aiinfra.components.kubernetes.platform_specs import PreflightSpec
from aiinfra.names import digest

PROGRAM: Final = "check_accelerators.py"
_TIMEOUT: Final = 3600
"""Seconds that ``up`` waits for it: machines may have to start first."""
_SHARE: Final = 0.5
"""Part of the network's figure that collectives must reach: where something is broken rather than slow. A guess of
ours, not measured on these machines."""


def program() -> str:
    """The program's text."""
    return (Path(__file__).parent / PROGRAM).read_text(encoding="utf-8")


def at_least(spec: PreflightSpec) -> float:
    """GB/s of bus bandwidth asked for; 0 on one machine, where no network is in it.

    Also 0 on Neuron: its collectives take other ways than NCCL's, and no share of the network's figure is known to us
    that a healthy machine is sure to reach. What it reaches is printed.
    """
    instance = accelerated(spec.instance)
    gigabits = instance.network.value or 0
    return round(gigabits / 8 * _SHARE, 1) if spec.nodes > 1 and is_nvidia(instance) else 0.0


def name(spec: PreflightSpec) -> str:
    """Carries a hash of all it checks: what is changed is checked again, as a new job."""
    text = "\n".join([program(), spec.instance, str(spec.nodes), spec.image])
    return f"preflight-{digest(text)}"


def job(spec: PreflightSpec) -> dict[str, Any]:
    """A job set of one pod a machine; it waits in the queue like every job."""
    called, instance = name(spec), accelerated(spec.instance)
    devices = max(instance.accelerators, 1)
    workers = devices * find_accelerator(instance.accelerator or "").workers
    command = [
        "torchrun",
        f"--nnodes={spec.nodes}",
        f"--nproc-per-node={workers}",
        "--node-rank=$(JOB_COMPLETION_INDEX)",
        f"--master-addr={called}-node-0-0.{called}",
        "--master-port=29500",
        f"/preflight/{PROGRAM}",
    ]
    told = {
        "KIND": "nvidia" if is_nvidia(instance) else "neuron",
        "ACCELERATORS": str(devices),
        "WORKERS": str(workers),
        "AT_LEAST": str(at_least(spec)),
    }
    env = [{"name": key, "value": value} for key, value in sorted(told.items())]
    pod = training_pods.pod(spec.instance, spec.image, command, env)
    pod["containers"][0]["volumeMounts"].append({"name": "program", "mountPath": "/preflight", "readOnly": True})
    pod["volumes"].append({"name": "program", "configMap": {"name": called}})
    batch = {
        "parallelism": spec.nodes,
        "completions": spec.nodes,
        "completionMode": "Indexed",
        "backoffLimit": 0,
        "template": {"metadata": {"labels": training_pods.pod_labels(spec.tags)}, "spec": pod},
    }
    return {
        "api_version": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "spec": {
            "failurePolicy": {"maxRestarts": 1},
            "network": {"enableDNSHostnames": True, "publishNotReadyAddresses": True},
            "replicatedJobs": [{"name": "node", "replicas": 1, "template": {"spec": batch}}],
        },
    }


def awaited() -> dict[str, str]:
    """Annotations by which ``up`` waits until it is done, and fails where it is not."""
    return {"pulumi.com/waitFor": "condition=Completed", "pulumi.com/timeoutSeconds": str(_TIMEOUT)}
