"""Which operators a cluster gets and what their charts are told. Pure.

Values are the charts' own words; a chart's digest and its images' come from ``images.lock``.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiinfra.catalogue.operators import Operator, OperatorImage, operators_for
from aiinfra.components.aws.accelerators import accelerated
from aiinfra.components.aws.scaling import queue_name
from aiinfra.components.kubernetes.machine_facts import ACCELERATORS, NODES_LABEL
from aiinfra.components.kubernetes.platform_specs import OperatorsSpec
from aiinfra.images import parts, reference

SYSTEM: Final = {NODES_LABEL: "system"}
"""Where controllers run: never on a machine with accelerators."""


def wanted(spec: OperatorsSpec) -> tuple[Operator, ...]:
    """The operators of the cluster, in the order they are made."""
    rows = operators_for(accelerated(spec.instance), scale_to_zero=spec.scale_to_zero, watched=spec.watched)
    return tuple(row for row in rows if row.name not in spec.existing)


def locked_names(spec: OperatorsSpec) -> tuple[str, ...]:
    """What must be in ``images.lock``: each chart, and each image a chart starts."""
    return tuple(name for row in wanted(spec) for name in row.locks)


def release(row: Operator, spec: OperatorsSpec) -> dict[str, Any]:
    """One chart of a training cluster."""
    return installed(row, spec.images, values(row, spec))


def installed(row: Operator, images: Mapping[str, str], told: dict[str, Any]) -> dict[str, Any]:
    """One chart installed from the mirror, in the words of ``kubernetes.helm.v3.Release``."""
    name, _, _ = parts(reference(images, row.locked))
    return {
        "name": row.name,
        "chart": f"oci://{name}",
        "version": row.version,
        "namespace": row.namespace,
        "create_namespace": row.namespace != "kube-system",
        "atomic": True,
        "timeout": 600,
        "values": told,
    }


def values(row: Operator, spec: OperatorsSpec) -> dict[str, Any]:
    """What the chart is told: our settings, and every image by digest."""
    return by_digest(row, spec.images, _SETTINGS[row.name](spec))


def by_digest(row: Operator, images: Mapping[str, str], told: dict[str, Any]) -> dict[str, Any]:
    """``told``, and every image of the chart by digest."""
    for image in row.images:
        _put(told, image.values.split("."), image_values(image, images))
    return told


def image_values(image: OperatorImage, images: Mapping[str, str]) -> dict[str, str]:
    """An image in the form that its chart takes it in."""
    name, tag, digest = parts(reference(images, image.name))
    tag = tag or parts(image.upstream)[1]
    if image.form == "digest":
        return {"repository": name, "tag": tag, "digest": digest}
    tag = f"{tag}@{digest}" if digest else tag
    if image.form == "tag":
        return {"repository": name, "tag": tag}
    host, _, repository = name.partition("/")
    return {"registry": host, "repository": repository, "tag": tag}


def _put(target: dict[str, Any], path: list[str], value: dict[str, str]) -> None:
    for key in path[:-1]:
        target = target.setdefault(key, {})
    target[path[-1]] = {**target.get(path[-1], {}), **value}


def _karpenter(spec: OperatorsSpec) -> dict[str, Any]:
    """``isolatedVPC``: there is no endpoint for prices. Reservations and repair need their gates."""
    return {
        "replicas": 2,
        "nodeSelector": {"kubernetes.io/os": "linux", **SYSTEM},
        "serviceAccount": {"name": "karpenter"},
        "settings": {
            "clusterName": spec.cluster,
            "interruptionQueue": queue_name(spec.cluster),
            "isolatedVPC": True,
            "reservedENIs": "1",
            "featureGates": {"nodeRepair": True, "reservedCapacity": True},
        },
    }


def _kueue(spec: OperatorsSpec) -> dict[str, Any]:
    """Every job of the namespace waits in the queue, whether it says so or not, and its pods start together or not."""
    settings = {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": ":8081"},
        "metrics": {"bindAddress": ":8443"},
        "webhook": {"port": 9443},
        "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        "manageJobsWithoutQueueName": True,
        "managedJobsNamespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": spec.namespace}},
        "waitForPodsReady": {"timeout": "15m", "recoveryTimeout": "5m", "blockAdmission": False},
        "integrations": {"frameworks": ["batch/job", "jobset.x-k8s.io/jobset", "trainer.kubeflow.org/trainjob"]},
    }
    return {
        "controllerManager": {"replicas": 2, "nodeSelector": SYSTEM, "podDisruptionBudget": {"enabled": True}},
        # JSON is YAML; the chart takes the file as text.
        "managerConfig": {"controllerManagerConfigYaml": json.dumps(settings, indent=2, sort_keys=True)},
    }


def _jobset(_: OperatorsSpec) -> dict[str, Any]:
    return {"controller": {"replicas": 2, "nodeSelector": SYSTEM}, "prometheus": {"enable": False}}


def _trainer(_: OperatorsSpec) -> dict[str, Any]:
    """Its own job-set controller stays out: there is one already."""
    return {"jobset": {"install": False}, "manager": {"replicas": 2, "nodeSelector": SYSTEM}}


def _nvidia(_: OperatorsSpec) -> dict[str, Any]:
    return nvidia()


def nvidia() -> dict[str, Any]:
    """Found by our label, so that no feature discovery is needed; the driver is in EKS's image."""
    here = {"key": NODES_LABEL, "operator": "In", "values": [ACCELERATORS]}
    terms = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}}
    return {"affinity": {"nodeAffinity": terms}, "failOnInitError": True}


def _dcgm(_: OperatorsSpec) -> dict[str, Any]:
    """On the machines with GPUs, whatever keeps others off them. AWS's scraper reads it from outside."""
    return {
        "nodeSelector": {NODES_LABEL: ACCELERATORS},
        "tolerations": [{"operator": "Exists"}],
        "serviceMonitor": {"enabled": False},
    }


def _efa(spec: OperatorsSpec) -> dict[str, Any]:
    return {
        "supportedInstanceLabels": {"keys": ["node.kubernetes.io/instance-type"], "values": [spec.instance]},
        "tolerations": [{"operator": "Exists"}],
    }


def _neuron(spec: OperatorsSpec) -> dict[str, Any]:
    return neuron([spec.instance])


def neuron(instances: Sequence[str]) -> dict[str, Any]:
    """The device plugin alone: EKS's own agent watches the machines' health."""
    return {"npd": {"enabled": False}, "neuronInstances": list(instances)}


_SETTINGS: Final = {
    "karpenter": _karpenter,
    "kueue": _kueue,
    "jobset": _jobset,
    "trainer": _trainer,
    "nvidia": _nvidia,
    "dcgm": _dcgm,
    "efa": _efa,
    "neuron": _neuron,
}
