"""What is scraped in a training cluster, and what is an alarm in it, as Prometheus and its alert manager take it. Pure.

Series are those of the operators of the pinned table and of the API server; what no exporter is installed for (states
of nodes, Neuron's devices) is not asked for.
"""

from collections.abc import Sequence
from typing import Any, Final

from aiinfra.catalogue.operators import operators
from aiinfra.spec import yaml

_EVERY: Final = "30s"
_PORTS: Final = {"jobset": 8443, "kueue": 8443, "trainer": 8443}
"""Operator -> port of its metrics, as its chart sets it."""

ALERTS: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "QueueStands",
        'sum(kueue_pending_workloads{status="active"}) > 0 and sum(rate(kueue_admitted_workloads_total[2h])) == 0',
        "2h",
        "Jobs wait, and none was let in for two hours",
    ),
    (
        "ControllerDown",
        'up{job!="apiserver"} == 0 or absent(up{job="kueue"})',
        "10m",
        "An operator does not answer: jobs are not let in, or not started",
    ),
    (
        "ApiErrors",
        'sum(rate(apiserver_request_total{code=~"5.."}[10m])) / sum(rate(apiserver_request_total[10m])) > 0.05',
        "10m",
        "The cluster's API fails one request in twenty",
    ),
)
"""Name, expression, for how long, what is said."""

EXPORTER_ALERTS: Final[dict[str, tuple[tuple[str, str, str, str], ...]]] = {
    "dcgm": (
        (
            "GpuFault",
            "changes(DCGM_FI_DEV_XID_ERRORS[10m]) > 0",
            "1m",
            "A GPU reported a fault (XID): its job may be lost, and the machine may need to be replaced",
        ),
        ("GpuHot", "DCGM_FI_DEV_GPU_TEMP > 90", "10m", "A GPU is hotter than 90 degrees, and slows down or stops"),
    ),
}
"""Exporter -> its alerts."""

_PLAIN_PORTS: Final = {"dcgm": 9400}
"""Exporter -> port of its metrics, without TLS."""


def rules(exporters: Sequence[str] = ()) -> str:
    """One group of alert rules."""
    alerts = (*ALERTS, *(alert for name in exporters for alert in EXPORTER_ALERTS.get(name, ())))
    group = {
        "name": "training",
        "rules": [
            {"alert": name, "expr": expr, "for": long, "labels": {"severity": "page"}, "annotations": {"summary": said}}
            for name, expr, long, said in alerts
        ],
    }
    return yaml.write({"groups": [group]})


def alert_manager(topic: str, region: str) -> str:
    """Everything goes to the one topic, what belongs together as one letter."""
    route = {"receiver": "topic", "group_by": ["alertname"], "group_wait": "1m", "repeat_interval": "4h"}
    sns = {"topic_arn": topic, "sigv4": {"region": region}, "subject": "{{ .CommonLabels.alertname }}"}
    config = {"route": route, "receivers": [{"name": "topic", "sns_configs": [sns]}]}
    return yaml.write({"alertmanager_config": yaml.write(config)})


def scraped(exporters: Sequence[str] = ()) -> str:
    """The API server and the operators, which answer on ports of their own and let in who may read metrics; and what
    tells of accelerators."""
    token = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path
    default: dict[str, Any] = {
        "source_labels": ["__meta_kubernetes_namespace", "__meta_kubernetes_service_name"],
        "action": "keep",
        "regex": "default;kubernetes",
    }
    api: dict[str, Any] = {
        "job_name": "apiserver",
        "scheme": "https",
        "bearer_token_file": token,
        "kubernetes_sd_configs": [{"role": "endpoints"}],
        "relabel_configs": [default],
    }
    jobs = [api, *(_operator(name, port, token) for name, port in _PORTS.items())]
    jobs += [_exporter(name, _PLAIN_PORTS[name]) for name in exporters if name in _PLAIN_PORTS]
    return yaml.write({"global": {"scrape_interval": _EVERY}, "scrape_configs": jobs})


def _operator(name: str, port: int, token: str) -> dict[str, Any]:
    """Pods of the operator's namespace that have the port; their certificate is their own, so nobody can check it."""
    secured = {"scheme": "https", "bearer_token_file": token, "tls_config": {"insecure_skip_verify": True}}
    return {**_exporter(name, port), **secured}


def _exporter(name: str, port: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "source_labels": ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_container_port_number"],
        "action": "keep",
        "regex": f"{operators()[name].namespace};{port}",
    }
    return {"job_name": name, "kubernetes_sd_configs": [{"role": "pod"}], "relabel_configs": [found]}
