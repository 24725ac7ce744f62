"""A site's collector as plain Kubernetes objects. Pure."""

from typing import Any

from aiinfra.catalogue.find import find_accelerator
from aiinfra.components.kubernetes.labels import CALLER_LABEL, labels
from aiinfra.components.kubernetes.namespace_objects import memory_quantity
from aiinfra.components.kubernetes.restricted import confined, restricted, stays
from aiinfra.components.kubernetes.specs import SiteMonitoringSpec
from aiinfra.components.monitoring import collector
from aiinfra.components.monitoring.alerts import Watched, rule_groups
from aiinfra.components.monitoring.exporters import Exporter, exporters
from aiinfra.components.site_config import HTTP_PORT, METRICS_PORT
from aiinfra.images import PROMETHEUS, VMAGENT, reference
from aiinfra.names import digest
from aiinfra.spec import yaml
from aiinfra.spec.engine import EngineKind, served_by
from aiinfra.spec.monitoring import Collector, collector_images, queues


def workload(spec: SiteMonitoringSpec) -> str:
    """Name of the collector and everything beside it."""
    return f"{spec.model_name}-metrics"


def watched(spec: SiteMonitoringSpec) -> Watched:
    """What alarms and dashboards depend on."""
    return Watched(
        model=spec.model_name,
        job=f"{spec.model_name}-server",
        namespace=spec.namespace,
        engine=served_by(spec.model, spec.engine),
        tier=spec.tier,
        objective=spec.objective,
        caps=spec.caps,
        offline=spec.offline,
        monitoring=spec.monitoring,
        issued=spec.issued,
    )


def metrics_port(spec: SiteMonitoringSpec) -> int:
    """Of the server's pods; vLLM's metrics stand at its one port."""
    return HTTP_PORT if served_by(spec.model, spec.engine) is EngineKind.VLLM else METRICS_PORT


def unlocked(spec: SiteMonitoringSpec) -> list[str]:
    """Names of images it needs that nobody has locked."""
    return [name for name in collector_images(spec.monitoring) if name not in spec.images]


def config_data(spec: SiteMonitoringSpec) -> dict[str, str]:
    """The files under ``/etc/prometheus``."""
    service_port = 443 if metrics_port(spec) == HTTP_PORT else METRICS_PORT
    remote = spec.monitoring.certificate
    written = collector.configuration(
        spec.monitoring,
        spec.tier,
        labels={"site": spec.site, "class": spec.class_name, "deployment": spec.model_name},
        job=f"{spec.model_name}-server",
        target=f"{spec.model_name}-server.{spec.namespace}.svc:{service_port}",
        remote_tls=collector.REMOTE_TLS if remote else collector.TLS,
    )
    rules = {"rules.yml": yaml.write(rule_groups(watched(spec)))} if spec.monitoring.by is Collector.LOCAL else {}
    return {"prometheus.yml": yaml.write(written), **rules}


def config_name(spec: SiteMonitoringSpec) -> str:
    """Carries a hash of its content, so that the pod rolls to a changed one."""
    text = "".join(f"{key}\n{value}" for key, value in sorted(config_data(spec).items()))
    return f"{workload(spec)}-config-{digest(text, 8)}"


def selector(spec: SiteMonitoringSpec) -> dict[str, str]:
    """What policies and the Deployment find the pod by."""
    return {CALLER_LABEL: workload(spec)}


def deployment(spec: SiteMonitoringSpec) -> dict[str, Any]:
    """One pod, which holds its volume alone: the old one ends before the new one starts."""
    return {
        "replicas": 1,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": selector(spec)},
        "strategy": {"type": "Recreate"},
        "template": {"metadata": {"labels": labels(spec.tags, workload(spec))}, "spec": pod(spec)},
    }


def pod(spec: SiteMonitoringSpec) -> dict[str, Any]:
    """Restricted, without a token, on a machine of the tier's architecture; it stays when its node is cut off."""
    return {
        **restricted(workload(spec)),
        "nodeSelector": {"kubernetes.io/arch": find_accelerator(spec.tier.accelerator).architecture},
        **({"tolerations": stays()} if spec.offline.base else {}),
        "containers": containers(spec),
        "volumes": volumes(spec),
    }


def containers(spec: SiteMonitoringSpec) -> list[dict[str, Any]]:
    """Prometheus, and vmagent where what cannot be sent on waits."""
    data = {"name": "data", "mountPath": collector.DATA}
    tls = {"name": "tls", "mountPath": collector.TLS, "readOnly": True}
    remote = {"name": "remote-tls", "mountPath": collector.REMOTE_TLS, "readOnly": True}
    beside = [remote] if spec.monitoring.certificate else []
    config = {"name": "config", "mountPath": collector.ETC, "readOnly": True}
    shared = {"args": collector.arguments(spec.monitoring), "volumeMounts": [config, tls, *beside, data]}
    check = ["/bin/promtool", "check", "healthy", f"--url=http://{collector.ADDRESS}"]
    kept = [{**_container(spec, PROMETHEUS, "768Mi", check), **shared}]
    if queues(spec.monitoring):
        folder = collector.REMOTE_TLS if spec.monitoring.certificate else collector.TLS
        shared = {"args": collector.queue_arguments(spec.monitoring, folder), "volumeMounts": [tls, *beside, data]}
        check = ["wget", "-q", "-O", "-", f"http://{collector.QUEUE}/health"]
        kept.append({**_container(spec, VMAGENT, "192Mi", check), **shared})
    return kept


def _container(spec: SiteMonitoringSpec, name: str, memory: str, check: list[str]) -> dict[str, Any]:
    probe = {"exec": {"command": check}, "periodSeconds": 15, "timeoutSeconds": 5}
    size = {"cpu": "250m", "memory": memory}
    return {
        "name": name,
        "image": reference(spec.images, name),
        "resources": {"requests": size, "limits": size},
        "securityContext": confined(),
        "livenessProbe": {**probe, "initialDelaySeconds": 30, "failureThreshold": 6},
        "readinessProbe": {**probe, "failureThreshold": 2},
    }


def volumes(spec: SiteMonitoringSpec) -> list[dict[str, Any]]:
    """Configuration, certificates, and the disk that keeps."""
    remote = spec.monitoring.certificate
    shown = {"name": "remote-tls", "secret": {"secretName": remote.name, "defaultMode": 0o440}} if remote else None
    return [
        {"name": "config", "configMap": {"name": config_name(spec)}},
        {"name": "tls", "secret": {"secretName": spec.secret, "defaultMode": 0o440}},
        *([shown] if shown else []),
        {"name": "data", "persistentVolumeClaim": {"claimName": workload(spec)}},
    ]


def claim(spec: SiteMonitoringSpec) -> dict[str, Any]:
    """Room for what is kept and as much for what waits, of the site's own storage."""
    size = memory_quantity(spec.monitoring.disk.of(2 * spec.monitoring.disk.bytes // 1024**2, "MiB"))
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}


def let_collector_out(spec: SiteMonitoringSpec) -> dict[str, Any]:
    """The collector may leave for the server's metrics and the exporters, and nothing else."""
    server = {"podSelector": {"matchLabels": {CALLER_LABEL: f"{spec.model_name}-server"}}}
    ways = [{"to": [server], "ports": [{"port": metrics_port(spec), "protocol": "TCP"}]}]
    ways += [
        {"to": [_pods(spec, exporter)], "ports": [{"port": exporter.port, "protocol": "TCP"}]}
        for exporter in exporters(spec.tier)
    ]
    return {"podSelector": {"matchLabels": selector(spec)}, "policyTypes": ["Egress"], "egress": ways}


def _pods(spec: SiteMonitoringSpec, exporter: Exporter) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": spec.monitoring.exporters}},
        "podSelector": {"matchLabels": {CALLER_LABEL: exporter.name}},
    }


def prometheus_rule(spec: SiteMonitoringSpec) -> dict[str, Any]:
    """The alarms, for a Prometheus operator."""
    return {
        "api_version": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "spec": rule_groups(watched(spec)),
    }
