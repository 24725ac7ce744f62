"""What an inference runtime is made of, as plain Kubernetes objects. Pure: tested without Pulumi."""

from typing import Any

from aiinfra.catalogue.find import find_accelerator
from aiinfra.components.kubernetes import pulling
from aiinfra.components.kubernetes.admission import SIGNED_BY, fingerprint
from aiinfra.components.kubernetes.labels import CALLER_LABEL, labels
from aiinfra.components.kubernetes.namespace_objects import memory_quantity
from aiinfra.components.kubernetes.restricted import confined, restricted, stays
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.components.site_config import (
    GRPC_PORT,
    HEALTH_PORT,
    HTTP_PORT,
    IN_POD,
    METRICS_PORT,
    SIGNER_FILE,
    most_replicas,
    replicas,
    server_config,
)
from aiinfra.images import SERVER, reference, release_image
from aiinfra.names import digest
from aiinfra.spec.engine import EngineKind, images_needed, served_by
from aiinfra.spec.site import Place


def unlocked(spec: InferenceRuntimeSpec) -> list[str]:
    """Names of the images it needs that nobody has locked."""
    pulled = spec.runtime.updates is not None
    needed = images_needed(spec.model_name, spec.model, spec.runtime.engine, pulled=pulled)
    return [name for name in needed if name not in spec.images]


def engine(spec: InferenceRuntimeSpec) -> EngineKind:
    """What serves the model."""
    return served_by(spec.model, spec.runtime.engine)


def data_ports(spec: InferenceRuntimeSpec) -> tuple[int, ...]:
    """Ports that callers reach: REST and gRPC, of which vLLM has the first alone."""
    return (HTTP_PORT,) if engine(spec) is EngineKind.VLLM else (HTTP_PORT, GRPC_PORT)


def workload(spec: InferenceRuntimeSpec) -> str:
    """Name of the Deployment, its Service and everything beside them."""
    return f"{spec.model_name}-server"


def certificate_secret(spec: InferenceRuntimeSpec) -> str:
    """Name of the Secret that holds the server's certificate."""
    return spec.runtime.certificate.name if spec.runtime.certificate else f"{workload(spec)}-tls"


def scraper_secret(model_name: str) -> str:
    """Name of the Secret that holds the certificate that metrics are read with; it is in the server's namespace."""
    return f"{model_name}-server-scraper-tls"


def config_data(spec: InferenceRuntimeSpec) -> dict[str, str]:
    """The files under ``/etc/aiinfra``."""
    toml = server_config(spec.model_name, spec.model, spec.tier, spec.runtime).to_toml()
    updates = spec.runtime.updates
    more = {pulling.AUTHORITY_FILE: updates.authority} if updates and updates.authority else {}
    return {"server.toml": toml, **({SIGNER_FILE: spec.signer} if spec.signer else {}), **more}


def config_name(spec: InferenceRuntimeSpec) -> str:
    """Carries a hash of its content: a changed configuration is a new object, and the pods roll to it."""
    text = "".join(f"{key}\n{value}" for key, value in sorted(config_data(spec).items()))
    return f"{workload(spec)}-config-{digest(text, 8)}"


def pod_labels(spec: InferenceRuntimeSpec) -> dict[str, str]:
    """Labels of the server's pods."""
    return labels(spec.tags, workload(spec))


def pod_metadata(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """Labels, and the key whose signature the server demands: the namespace admits no other."""
    signed = {"annotations": {SIGNED_BY: fingerprint(spec.signer)}} if spec.signer else {}
    return {"labels": pod_labels(spec), **signed}


def selector(spec: InferenceRuntimeSpec) -> dict[str, str]:
    """What a Deployment, its Service and its policies find the pods by. It cannot change once made."""
    return {CALLER_LABEL: workload(spec)}


def deployment(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The Deployment's ``spec``: one pod at a time is replaced by a new one."""
    # Where the autoscaler decides, a number here would set it back at every deployment.
    scaled = spec.runtime.max_replicas or spec.runtime.demand
    fixed = {} if scaled else {"replicas": replicas(spec.runtime)}
    return {
        **fixed,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": selector(spec)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling(spec)},
        "template": {"metadata": pod_metadata(spec), "spec": pod(spec)},
    }


def rolling(spec: InferenceRuntimeSpec) -> dict[str, int]:
    """The old pod goes when the new one is ready; but where it holds a device of a fixed machine, it goes first.

    A site's own machine, and one that is declared, has the devices it has, and a pod holds its devices alone: a new pod
    beside the old one would wait for ever. Such a server is away while its successor starts; with several replicas, one
    of them is.
    """
    tier = find_accelerator(spec.tier.accelerator)
    fixed = spec.runtime.on is not Place.EKS or bool(spec.machines)
    return {"maxSurge": 0, "maxUnavailable": 1} if tier.resource and fixed else {"maxSurge": 1, "maxUnavailable": 0}


def pod(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The pod: restricted, without a service-account token, on nodes of the tier's architecture."""
    tier = find_accelerator(spec.tier.accelerator)
    zone = {"topology.kubernetes.io/zone": spec.zone} if spec.zone else {}
    place: dict[str, Any] = {"nodeSelector": {"kubernetes.io/arch": tier.architecture, **zone}}
    if tier.runtime_class:
        place["runtimeClassName"] = tier.runtime_class
    if tier.resource:
        place["tolerations"] = [{"key": tier.resource, "operator": "Exists", "effect": "NoSchedule"}]
    if spec.offline.base:
        place["tolerations"] = [*place.get("tolerations", []), *stays()]
    return {
        **restricted(workload(spec)),
        "terminationGracePeriodSeconds": 30,
        **place,
        **_on_machines(spec),
        **_spread(spec),
        **({"initContainers": pulling.steps(spec, spec.runtime.updates)} if spec.runtime.updates else {}),
        "containers": [container(spec)],
        "volumes": volumes(spec),
    }


def _on_machines(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """On machines of the named types alone: two types of accelerator may be one resource to Kubernetes."""
    if not spec.machines:
        return {}
    types = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": list(spec.machines)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [types]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def container(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The server. Live never waits on a model; ready means loaded, verified and warm."""
    tier = find_accelerator(spec.tier.accelerator)
    size = {"cpu": str(spec.runtime.cores), "memory": memory_quantity(spec.runtime.memory)}
    extended = {tier.resource: str(spec.tier.count)} if tier.resource else {}
    probe = {"periodSeconds": 5, "timeoutSeconds": 2}
    where = f"{IN_POD.models}/{spec.model_name}/{spec.model.version}"
    release = {"name": "release", "mountPath": where, "readOnly": True}
    if spec.runtime.updates:
        release = {"name": pulling.MODELS, "mountPath": IN_POD.models, "readOnly": True}
    return {
        "name": "server",
        "image": reference(spec.images, SERVER),
        "args": ["serve", IN_POD.models, "--config", "/etc/aiinfra/server.toml"],
        "ports": [
            {"name": "https", "containerPort": HTTP_PORT},
            {"name": "grpc", "containerPort": GRPC_PORT},
            {"name": "health", "containerPort": HEALTH_PORT},
            *([{"name": "metrics", "containerPort": METRICS_PORT}] if spec.runtime.scraper else []),
        ],
        "resources": {"requests": {**size, **extended}, "limits": {**size, **extended}},
        "securityContext": confined(),
        "startupProbe": {"httpGet": {"path": "/v2/health/ready", "port": "health"}, **probe, "failureThreshold": 60},
        "livenessProbe": {"httpGet": {"path": "/v2/health/live", "port": "health"}, **probe, "failureThreshold": 6},
        "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": "health"}, **probe, "failureThreshold": 2},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/aiinfra", "readOnly": True},
            {"name": "tls", "mountPath": IN_POD.tls, "readOnly": True},
            release,
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own, in memory
        ],
    }


def volumes(spec: InferenceRuntimeSpec) -> list[dict[str, Any]]:
    """Configuration, certificate, the release as an image by digest (its signature is verified), scratch.

    Where releases are pulled they are on a disk instead, which the claim template brings.
    """
    items = [{"key": "server.toml", "path": "server.toml"}]
    if spec.signer:
        items.append({"key": SIGNER_FILE, "path": f"signers/{SIGNER_FILE}"})
    updates = spec.runtime.updates
    if updates and updates.authority:
        items.append({"key": pulling.AUTHORITY_FILE, "path": pulling.AUTHORITY_FILE})
    image = {"reference": reference(spec.images, release_image(spec.model_name)), "pullPolicy": "IfNotPresent"}
    release = pulling.volumes(updates) if updates else [{"name": "release", "image": image}]
    return [
        {"name": "config", "configMap": {"name": config_name(spec), "items": items}},
        {"name": "tls", "secret": {"secretName": certificate_secret(spec), "defaultMode": 0o440}},
        *release,
        {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
    ]


def service(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """Inside the cluster only."""
    ports = [{"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}]
    if GRPC_PORT in data_ports(spec):
        ports.append({"name": "grpc", "port": GRPC_PORT, "targetPort": "grpc", "protocol": "TCP"})
    if spec.runtime.scraper and engine(spec) is not EngineKind.VLLM:
        ports.append({"name": "metrics", "port": METRICS_PORT, "targetPort": "metrics", "protocol": "TCP"})
    return {"type": "ClusterIP", "selector": selector(spec), "ports": ports}


def allow_caller(spec: InferenceRuntimeSpec, caller: str) -> dict[str, Any]:
    """One declared caller may reach the data ports, and nothing else."""
    return _allow(spec, caller, data_ports(spec))


def allow_scraper(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """The scraper may reach the metrics, and nothing else; vLLM's stand at its one port."""
    port = HTTP_PORT if engine(spec) is EngineKind.VLLM else METRICS_PORT
    return _allow(spec, spec.runtime.scraper or "", (port,))


def _allow(spec: InferenceRuntimeSpec, caller: str, allowed: tuple[int, ...]) -> dict[str, Any]:
    namespace, slash, name = caller.rpartition("/")
    peer: dict[str, Any] = {"podSelector": {"matchLabels": {CALLER_LABEL: name}}}
    if slash:
        peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    ports = [{"port": port, "protocol": "TCP"} for port in allowed]
    return {
        "podSelector": {"matchLabels": selector(spec)},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [peer], "ports": ports}],
    }


def neighbours(spec: InferenceRuntimeSpec) -> list[str]:
    """Callers in the server's own namespace, where nothing may leave that is not named."""
    split = [caller.rpartition("/") for caller in spec.runtime.callers]
    return [name for namespace, slash, name in split if not slash or namespace == spec.namespace]


def let_neighbours_out(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """Callers in the server's own namespace may leave for its data ports."""
    names = {"key": CALLER_LABEL, "operator": "In", "values": neighbours(spec)}
    ports = [{"port": port, "protocol": "TCP"} for port in data_ports(spec)]
    return {
        "podSelector": {"matchExpressions": [names]},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"podSelector": {"matchLabels": selector(spec)}}], "ports": ports}],
    }


def caller_noun(caller: str) -> str:
    """``from-NAMESPACE-WORKLOAD``: the same for the same caller, wherever it stands in the list."""
    return f"from-{caller.replace('/', '-')}"


def disruption_budget(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """One server may be away at a time."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": selector(spec)}}


def _spread(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    if most_replicas(spec.runtime) < 2:
        return {}
    keys = (
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        if spec.runtime.on is Place.EKS
        else ["kubernetes.io/hostname"]
    )
    return {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector(spec)},
            }
            for key in keys
        ]
    }
