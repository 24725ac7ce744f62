"""vLLM in a Deployment, for language models: OpenAI's API behind the same certificates, closed off the hub. Pure.

Names of arguments and variables are vLLM's own (docs.vllm.ai, "Engine arguments", "Environment variables"). What it
cannot do is said where it is chosen: it takes any certificate of the authority, so callers are told apart by the
network policy alone, and it checks no signature, so weights are what their image's digest says.
"""

from typing import Any, Final

from aiinfra.components.kubernetes import runtime_objects as objects
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.components.site_config import HTTP_PORT, IN_POD
from aiinfra.images import VLLM, reference, release_image

_TMP: Final = "/tmp"  # noqa: S108 - the container's own
_OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HOME": _TMP,  # every cache is below it; the root file system is read-only
    "USER": "vllm",  # the image's user table does not hold the id it runs as, and PyTorch asks for a name
}
_HEALTH: Final = (
    "import ssl, urllib.request as r; "
    f"c = ssl.create_default_context(cafile='{IN_POD.tls}/ca.crt'); c.check_hostname = False; "
    f"c.load_cert_chain('{IN_POD.tls}/tls.crt', '{IN_POD.tls}/tls.key'); "
    f"r.urlopen('https://127.0.0.1:{HTTP_PORT}/health', context=c, timeout=4)"
)
"""vLLM has no port for probes without a certificate, so the probe shows the server's own."""


def deployment(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The Deployment's ``spec``: place, identity and rollout of every runtime; vLLM's container and volumes."""
    made = objects.deployment(spec)
    pod = {key: value for key, value in made["template"]["spec"].items() if key != "initContainers"}
    pod = {**pod, "terminationGracePeriodSeconds": 120, "containers": [container(spec)], "volumes": volumes(spec)}
    return {**made, "template": {**made["template"], "spec": pod}}


def arguments(spec: InferenceRuntimeSpec) -> list[str]:
    """What ``vllm serve`` is told. Weights are safetensors, which hold no code; no code comes with them either."""
    engine = spec.runtime.engine
    longest = [] if engine.context is None else [f"--max-model-len={engine.context}"]
    return [
        _weights(spec),
        f"--served-model-name={spec.model_name}",
        f"--port={HTTP_PORT}",
        f"--tensor-parallel-size={spec.tier.count}",
        "--load-format=safetensors",
        *longest,
        f"--ssl-certfile={IN_POD.tls}/tls.crt",
        f"--ssl-keyfile={IN_POD.tls}/tls.key",
        f"--ssl-ca-certs={IN_POD.tls}/ca.crt",
        "--ssl-cert-reqs=2",  # ssl.CERT_REQUIRED
        "--enable-ssl-refresh",
        "--disable-fastapi-docs",
    ]


def container(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The server. It listens when the weights are loaded, and answers health while its engine lives."""
    shared = objects.container(spec)
    probe = {"exec": {"command": ["python3", "-c", _HEALTH]}, "periodSeconds": 10, "timeoutSeconds": 5}
    return {
        "name": "server",
        "image": reference(spec.images, VLLM),
        "command": ["vllm", "serve"],
        "args": arguments(spec),
        "env": [{"name": name, "value": value} for name, value in _OFFLINE.items()],
        "ports": [{"name": "https", "containerPort": HTTP_PORT}],
        "resources": shared["resources"],
        "securityContext": shared["securityContext"],
        "startupProbe": {**probe, "failureThreshold": 120},  # 20 minutes for weights and compiled kernels
        "livenessProbe": {**probe, "failureThreshold": 6},
        "readinessProbe": {**probe, "failureThreshold": 2},
        "volumeMounts": [
            {"name": "tls", "mountPath": IN_POD.tls, "readOnly": True},
            {"name": "weights", "mountPath": _weights(spec), "readOnly": True},
            {"name": "tmp", "mountPath": _TMP},
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - between the processes of one server
        ],
    }


def volumes(spec: InferenceRuntimeSpec) -> list[dict[str, Any]]:
    """Certificate, weights (of the claim, or of the release image by digest), scratch, memory between processes."""
    claim = spec.runtime.engine.claim
    image = {"reference": reference(spec.images, release_image(spec.model_name)), "pullPolicy": "IfNotPresent"}
    weights = {"persistentVolumeClaim": {"claimName": claim, "readOnly": True}} if claim else {"image": image}
    return [
        {"name": "tls", "secret": {"secretName": objects.certificate_secret(spec), "defaultMode": 0o440}},
        {"name": "weights", **weights},
        {"name": "tmp", "emptyDir": {"sizeLimit": "8Gi"}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
    ]


def _weights(spec: InferenceRuntimeSpec) -> str:
    return f"{IN_POD.models}/{spec.model_name}/{spec.model.version}"
