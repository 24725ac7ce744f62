"""Sensor streams into the runtime: the bridge's configuration, its pod, and the ways it may go. Pure.

The bridge is benthos-umh (United Manufacturing Hub's build of Benthos, which adds OPC UA); a stream is one file of its
own format (docs.umh.app, "benthos-umh"; docs.redpanda.com, "Connect"). Cameras are decoded by a gateway of the site's
own, for which there is the way to the camera alone. See decision 0089.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from aiinfra.catalogue.find import find_accelerator
from aiinfra.components.kubernetes.labels import CALLER_LABEL, labels
from aiinfra.components.kubernetes.restricted import confined, restricted, stays
from aiinfra.components.kubernetes.specs import StreamsSpec
from aiinfra.images import BRIDGE, reference
from aiinfra.names import digest
from aiinfra.spec import yaml
from aiinfra.spec.model import Tensor
from aiinfra.spec.streams import OPEN, Answers, Stream, StreamKind

_ETC: Final = "/etc/bridge"
_TLS: Final = "/run/aiinfra/tls"
_SECRETS: Final = "/run/aiinfra/streams"


def workload(spec: StreamsSpec) -> str:
    """Name of the bridge; also of its service account, so of its identity."""
    return f"{spec.model_name}-bridge"


def bridged(spec: StreamsSpec) -> tuple[Stream, ...]:
    """The streams that the bridge reads."""
    return tuple(stream for stream in spec.streams if stream.kind is not StreamKind.CAMERA)


def unlocked(spec: StreamsSpec) -> list[str]:
    """Names of images it needs that nobody has locked."""
    return [BRIDGE] if bridged(spec) and BRIDGE not in spec.images else []


def tensor(spec: StreamsSpec, stream: Stream) -> Tensor:
    """The input that a stream fills: named, or the only one (``check`` refuses what is neither)."""
    named = [item for item in spec.model.inputs if item.name == stream.into]
    return (named or list(spec.model.inputs))[0]


def configuration(spec: StreamsSpec, stream: Stream) -> dict[str, Any]:
    """One stream: read, made a request, asked, answered."""
    ask = {
        "url": f"https://{spec.model_name}-server.{spec.namespace}.svc/v2/models/{spec.model_name}/infer",
        "verb": "POST",
        "headers": {"Content-Type": "application/json"},
        "timeout": "5s",
        "retries": 3,
        "tls": _tls(_TLS),
    }
    merged = [{"archive": {"format": "json_array"}}] if stream.each > 1 else []
    return {
        "input": _input(spec, stream),
        "pipeline": {"threads": 1, "processors": [*merged, {"mapping": _request(spec, stream)}, {"http": ask}]},
        "output": {"drop": {}} if stream.answers is None else {"mqtt": _publish(spec, stream, stream.answers)},
    }


def _request(spec: StreamsSpec, stream: Stream) -> str:
    """The Open Inference Protocol's request, in Bloblang."""
    filled = tensor(spec, stream)
    shape = ", ".join(str(1 if size == -1 else size) for size in filled.shape)
    named = f'"name": "{filled.name}", "datatype": "{filled.dtype.value}", "shape": [{shape}]'
    return f'root.inputs = [{{{named}, "data": this}}]\n'


def _tls(folder: str) -> dict[str, Any]:
    pair = {"cert_file": f"{folder}/tls.crt", "key_file": f"{folder}/tls.key"}
    return {"enabled": True, "root_cas_file": f"{folder}/ca.crt", "client_certs": [pair]}


def _secrets(stream: Stream) -> str:
    return f"{_SECRETS}/{stream.name}" if stream.credentials else _TLS


def _mqtt(stream: Stream, address: str, who: str) -> dict[str, Any]:
    parts = urlsplit(address)
    clear = parts.scheme in OPEN
    at = f"{'tcp' if clear else 'ssl'}://{parts.hostname}:{parts.port or (1883 if clear else 8883)}"
    tls = {} if clear else {"tls": _tls(_secrets(stream))}
    return {"urls": [at], "client_id": who, "qos": 1, **tls}


def _input(spec: StreamsSpec, stream: Stream) -> dict[str, Any]:
    who = f"{workload(spec)}-{stream.name}"
    if stream.kind is StreamKind.MQTT:
        # The broker keeps what comes while the bridge is away.
        read = {"mqtt": {**_mqtt(stream, stream.address, who), "topics": list(stream.read), "clean_session": False}}
    else:
        read = {"opcua": {"endpoint": stream.address, "nodeIDs": list(stream.read), "subscribeEnabled": True}}
        if stream.credentials:
            dollar = "$$" if spec.delivered else "$"  # Flux would fill in a single one
            said = {key: f"{dollar}{{{variable(stream, key)}}}" for key in ("username", "password")}
            read = {"opcua": {**read["opcua"], **said}}
    if stream.each == 1:
        return read
    return {"broker": {"inputs": [read], "batching": {"count": stream.each}}}


def _publish(spec: StreamsSpec, stream: Stream, answers: Answers) -> dict[str, Any]:
    return {**_mqtt(stream, answers.broker, f"{workload(spec)}-{stream.name}-answers"), "topic": answers.topic}


def variable(stream: Stream, key: str) -> str:
    """Environment variable that holds a credential."""
    return f"{stream.name}_{key}".replace("-", "_").upper()


def config_data(spec: StreamsSpec) -> dict[str, str]:
    """A file a stream."""
    return {f"{stream.name}.yaml": yaml.write(configuration(spec, stream)) for stream in bridged(spec)}


def config_name(spec: StreamsSpec) -> str:
    """Carries a hash of its content, so that the pod rolls to a changed one."""
    text = "".join(f"{key}\n{value}" for key, value in sorted(config_data(spec).items()))
    return f"{workload(spec)}-config-{digest(text, 8)}"


def deployment(spec: StreamsSpec) -> dict[str, Any]:
    """One bridge at a time: two would ask twice."""
    return {
        "replicas": 1,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": {CALLER_LABEL: workload(spec)}},
        "strategy": {"type": "Recreate"},
        "template": {"metadata": {"labels": labels(spec.tags, workload(spec))}, "spec": pod(spec)},
    }


def pod(spec: StreamsSpec) -> dict[str, Any]:
    """Restricted, without a token; it stays when its node is cut off."""
    return {
        **restricted(workload(spec)),
        "nodeSelector": {"kubernetes.io/arch": find_accelerator(spec.tier.accelerator).architecture},
        **({"tolerations": stays()} if spec.offline.base else {}),
        "containers": [_container(spec)],
        "volumes": _volumes(spec),
    }


def _mounted(spec: StreamsSpec) -> list[Stream]:
    return [stream for stream in bridged(spec) if stream.credentials and stream.kind is StreamKind.MQTT]


def _container(spec: StreamsSpec) -> dict[str, Any]:
    size = {"cpu": "250m", "memory": "256Mi"}
    probe = {"periodSeconds": 10, "timeoutSeconds": 3}
    values = [
        {
            "name": variable(stream, key),
            "valueFrom": {"secretKeyRef": {"name": stream.credentials.name, "key": key}},
        }
        for stream in bridged(spec)
        if stream.credentials and stream.kind is StreamKind.OPC_UA
        for key in ("username", "password")
    ]
    mounts = [
        {"name": stream.name, "mountPath": f"{_SECRETS}/{stream.name}", "readOnly": True} for stream in _mounted(spec)
    ]
    return {
        "name": "bridge",
        "image": reference(spec.images, BRIDGE),
        "args": ["streams", *(f"{_ETC}/{name}" for name in config_data(spec))],
        **({"env": values} if values else {}),
        "ports": [{"name": "health", "containerPort": 4195}],
        "resources": {"requests": size, "limits": size},
        "securityContext": confined(),
        "livenessProbe": {"httpGet": {"path": "/ping", "port": "health"}, **probe, "failureThreshold": 6},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "health"}, **probe, "failureThreshold": 3},
        "volumeMounts": [
            {"name": "config", "mountPath": _ETC, "readOnly": True},
            {"name": "tls", "mountPath": _TLS, "readOnly": True},
            *mounts,
        ],
    }


def _volumes(spec: StreamsSpec) -> list[dict[str, Any]]:
    found = [
        {"name": "config", "configMap": {"name": config_name(spec)}},
        {"name": "tls", "secret": {"secretName": f"{workload(spec)}-tls", "defaultMode": 0o440}},
    ]
    for stream in _mounted(spec):
        if stream.credentials:
            secret = {"secretName": stream.credentials.name, "defaultMode": 0o440}
            found.append({"name": stream.name, "secret": secret})
    return found


def let_out(spec: StreamsSpec, stream: Stream) -> dict[str, Any]:
    """Who reads the stream may leave for it, and for where its answers go."""
    who = stream.gateway or workload(spec)
    ways = [(str(stream.at), stream.port)]
    if stream.answers:
        parts = urlsplit(stream.answers.broker)
        ways.append((str(stream.answers.at), parts.port or (1883 if parts.scheme in OPEN else 8883)))
    return {
        "podSelector": {"matchLabels": {CALLER_LABEL: who}},
        "policyTypes": ["Egress"],
        "egress": [
            {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"port": port, "protocol": "TCP"}]}
            for cidr, port in dict.fromkeys(ways)
        ],
    }
