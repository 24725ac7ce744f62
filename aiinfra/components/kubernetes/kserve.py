"""The same server under KServe (Standard mode): ServingRuntime and InferenceService. Pure.

KServe then makes the Deployment and its autoscaler. Our Service, certificates, policies and budget stand beside it
unchanged, since its pods carry the same labels; callers see no difference.
"""

from typing import Any, Final

from aiinfra.components.kubernetes import runtime_objects as objects
from aiinfra.components.kubernetes.operated import BUSY
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.components.site_config import most_replicas, replicas

_API: Final = "serving.kserve.io"
_MAIN: Final = "kserve-container"
"""Name that KServe knows the model server's container by."""


def serving_runtime(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The server as a runtime for ONNX models, of this namespace and for this model alone.

    KServe's own Service points at the first container, so the server stands there.
    """
    served, *beside = objects.pod(spec)["containers"]
    return {
        "api_version": f"{_API}/v1alpha1",
        "kind": "ServingRuntime",
        "spec": {
            "supportedModelFormats": [{"name": "onnx", "autoSelect": False}],
            "protocolVersions": ["v2", "grpc-v2"],
            "multiModel": False,
            "containers": [{**served, "name": _MAIN}, *beside],
        },
    }


def inference_service(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The model on that runtime. The release comes with the pod, so KServe fetches nothing."""
    template = objects.deployment(spec)["template"]
    pod = {key: value for key, value in template["spec"].items() if key != "containers"}
    most, least = most_replicas(spec.runtime), replicas(spec.runtime)
    return {
        "api_version": f"{_API}/v1beta1",
        "kind": "InferenceService",
        "spec": {
            "predictor": {
                **pod,
                "labels": template["metadata"]["labels"],
                "annotations": template["metadata"].get("annotations", {}),
                "deploymentStrategy": objects.deployment(spec)["strategy"],
                "minReplicas": least,
                "maxReplicas": most,
                **({"scaleMetric": "cpu", "scaleTarget": BUSY} if spec.runtime.max_replicas else {}),
                "model": {
                    "modelFormat": {"name": "onnx"},
                    "protocolVersion": "v2",
                    "runtime": objects.workload(spec),
                },
            }
        },
    }


def service_metadata(spec: InferenceRuntimeSpec, meta: dict[str, Any]) -> dict[str, Any]:
    """Metadata of the InferenceService: Standard mode, no way in from outside, and who decides how many run."""
    scaler = "external" if spec.runtime.demand else "hpa" if spec.runtime.max_replicas else "none"
    told = {f"{_API}/deploymentMode": "Standard", f"{_API}/autoscalerClass": scaler}
    closed = {"networking.kserve.io/visibility": "cluster-local"}
    return {**meta, "labels": {**meta["labels"], **closed}, "annotations": {**meta.get("annotations", {}), **told}}


def scale_target(spec: InferenceRuntimeSpec) -> str:
    """Name of the Deployment that KServe makes."""
    return f"{objects.workload(spec)}-predictor"
