"""Alarms that a person can act on: each says what is wrong, how bad, and where its page of the runbook is. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from aiinfra.catalogue.find import find_accelerator
from aiinfra.components.monitoring.exporters import DCGM, exporters, power
from aiinfra.spec.engine import EngineKind
from aiinfra.spec.monitoring import Collector, Monitoring
from aiinfra.spec.objective import Caps, Objective, Scope
from aiinfra.spec.tier import Tier
from aiinfra.units import Duration

_CPU: Final = "CPUExecutionProvider"
_HOT: Final = 85
"""Degrees Celsius of a GPU past which it lowers its clock soon; makers' limits are 83 to 95."""
_ZONE_HOT: Final = 90
"""Degrees Celsius of a board's thermal zone; Jetson Orin lowers its clock at 99 (NVIDIA's thermal design guide)."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the alarms and dashboards of one runtime depend on."""

    model: str
    job: str
    """Name of the scrape job, which is the Service's."""
    namespace: str
    engine: EngineKind
    tier: Tier
    objective: Objective
    caps: Caps
    offline: Duration
    monitoring: Monitoring
    issued: bool
    """Whether cert-manager renews the certificates."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alarm."""

    name: str
    expression: str
    lasts: str
    """How long it must hold before anybody is called."""
    critical: bool
    summary: str

    @property
    def anchor(self) -> str:
        """Of its page in the runbook: ``answers-fail`` for ``AnswersFail``."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in self.name).lstrip("-")


def alerts(watched: Watched) -> tuple[Alert, ...]:
    """The alarms that can ring here, those of the service first."""
    served = _vllm(watched) if watched.engine is EngineKind.VLLM else _server(watched)
    return (*served, *_machine(watched), *_site(watched))


def _down(watched: Watched) -> Alert:
    return Alert(
        "ServerDown",
        f'absent(up{{job="{watched.job}"}} == 1)',
        "3m",
        True,
        f"No server of {watched.model} answers",
    )


def _server(watched: Watched) -> tuple[Alert, ...]:
    of = f'{{model="{watched.model}"}}'
    share = 1 - (watched.objective.availability.fraction if watched.objective.availability else 0.99)
    failed, answered = (
        f"rate(aiinfra_requests_failed_total{of}[10m])",
        f"rate(aiinfra_requests_answered_total{of}[10m])",
    )
    fails = f"sum({failed}) / (sum({failed}) + sum({answered})) > {share:.4g}"
    refused = 'sum(rate(aiinfra_refusals_total{reason=~"unauthenticated|forbidden"}[10m])) > 0'
    missing = f"sum by (input) (rate(aiinfra_input_missing_total{of}[1h]))"
    gaps = f"{missing} / sum by (input) (rate(aiinfra_input_sampled_total{of}[1h])) > 0.01"
    found = [
        _down(watched),
        Alert("ModelMissing", f"absent(aiinfra_model_info{of})", "3m", True, f"No server holds {watched.model}"),
        Alert("AnswersFail", fails, "10m", True, f"More than {share:.2%} of requests are not answered"),
        Alert(
            "QueueGrows", f"min_over_time(aiinfra_requests_waiting{of}[10m]) > 0", "10m", False, "Requests always wait"
        ),
        Alert("CallersRefused", refused, "10m", False, "Somebody without a right to it asks"),
        Alert("InputsMissing", gaps, "1h", False, "More than one in a hundred input values is missing"),
    ]
    if watched.objective.p99 is not None:
        buckets = f"sum by (le) (rate(aiinfra_request_seconds_bucket{of}[10m]))"
        slow = f"histogram_quantile(0.99, {buckets}) > {watched.objective.p99.seconds:g}"
        found.append(Alert("AnswersSlow", slow, "15m", False, f"The p99 is above {watched.objective.p99}"))
    if any(name != _CPU for name in find_accelerator(watched.tier.accelerator).execution_providers):
        idle = f'aiinfra_model_info{{model="{watched.model}", providers="{_CPU}"}}'
        found.append(Alert("AcceleratorUnused", idle, "5m", False, "The model runs on the processor alone"))
    return tuple(found)


def _vllm(watched: Watched) -> tuple[Alert, ...]:
    of = f'{{model_name="{watched.model}"}}'
    waits = f"min_over_time(vllm:num_requests_waiting{of}[10m]) > 0"
    full = f"max(vllm:kv_cache_usage_perc{of}) > 0.95"
    found = [
        _down(watched),
        Alert("QueueGrows", waits, "10m", False, "Requests always wait"),
        Alert("CacheFull", full, "10m", False, "The cache of keys and values is full: requests are put off"),
    ]
    if watched.objective.p99 is not None:
        buckets = f"sum by (le) (rate(vllm:e2e_request_latency_seconds_bucket{of}[10m]))"
        slow = f"histogram_quantile(0.99, {buckets}) > {watched.objective.p99.seconds:g}"
        found.append(Alert("AnswersSlow", slow, "15m", False, f"The p99 is above {watched.objective.p99}"))
    return tuple(found)


def _machine(watched: Watched) -> tuple[Alert, ...]:
    found = []
    if DCGM in exporters(watched.tier):
        found += [
            Alert(
                "AcceleratorFaults", "increase(DCGM_FI_DEV_XID_ERRORS[10m]) > 0", "0m", True, "The GPU reports a fault"
            ),
            Alert("AcceleratorHot", f"DCGM_FI_DEV_GPU_TEMP > {_HOT}", "10m", False, f"A GPU is above {_HOT} °C"),
        ]
    else:
        hot = f"max by (instance) (node_thermal_zone_temp) > {_ZONE_HOT}"
        found.append(Alert("AcceleratorHot", hot, "10m", False, f"A board is above {_ZONE_HOT} °C"))
    draws = power(watched.tier)
    if draws and watched.caps.power is not None and watched.caps.scope is Scope.SITE:
        over = f"{draws} > {watched.caps.power.watts:g}"
        found.append(Alert("PowerAboveCap", over, "10m", False, f"The site draws more than {watched.caps.power}"))
    left = 'node_filesystem_avail_bytes{mountpoint="/"} / node_filesystem_size_bytes{mountpoint="/"} < 0.1'
    clock = "min by (instance) (node_timex_sync_status) == 0"
    return (
        *found,
        Alert("DiskFull", left, "30m", False, "Less than a tenth of a disk is left"),
        Alert("ClockAdrift", clock, "1h", False, "A machine's clock is not kept: certificates depend on it"),
    )


def _site(watched: Watched) -> tuple[Alert, ...]:
    found = []
    if watched.issued and watched.monitoring.by is Collector.OPERATOR:
        rest = watched.offline.seconds + 43200
        ends = f'certmanager_certificate_expiration_timestamp_seconds{{exported_namespace="{watched.namespace}"}}'
        told = "A certificate was not renewed and ends before the longest outage does"
        found.append(Alert("CertificateEnds", f"{ends} - time() < {rest:g}", "1h", True, told))
    if watched.monitoring.by is Collector.LOCAL and watched.monitoring.remote:
        half = watched.monitoring.disk.bytes / 2
        full = f"sum(vmagent_remotewrite_pending_data_bytes) > {half:.0f}"
        found.append(Alert("BufferFills", full, "10m", False, "What waits to be sent on fills half of its disk"))
    return tuple(found)


def rule_groups(watched: Watched) -> dict[str, Any]:
    """Prometheus' own rule file, which is also the ``spec`` of a PrometheusRule."""
    rules = [
        {
            "alert": alert.name,
            "expr": alert.expression,
            "for": alert.lasts,
            "labels": {"severity": "critical" if alert.critical else "warning", "model": watched.model},
            "annotations": {
                "summary": alert.summary,
                "runbook_url": f"{watched.monitoring.runbook}#{alert.anchor}",
            },
        }
        for alert in alerts(watched)
    ]
    return {"groups": [{"name": f"aiinfra-{watched.model}", "interval": "30s", "rules": rules}]}
