"""Dashboards of one runtime as Grafana's own JSON (schema version 41). Pure: the same bytes for the same runtime.

Each panel reads series that the server, its exporters or the collector export; a test compares the names.
"""

from aiinfra.components.monitoring.alerts import Watched
from aiinfra.components.monitoring.exporters import DCGM, exporters, power
from aiinfra.components.monitoring.panels import Panel, rendered
from aiinfra.spec.engine import EngineKind


def dashboards(watched: Watched) -> dict[str, str]:
    """Name -> JSON text."""
    made = {"inference": inference(watched), "machine": _machine(watched), "fleet": fleet(watched)}
    return {name: rendered(f"{watched.model}: {name}", panels) for name, panels in made.items()}


def inference(watched: Watched) -> list[Panel]:
    """What the runtime answers."""
    return _vllm(watched) if watched.engine is EngineKind.VLLM else _server(watched)


def _rate(series: str, of: str, by: str = "") -> str:
    return f"sum{f' by ({by}) ' if by else ''}(rate({series}{of}[$__rate_interval]))"


def _quantiles(series: str, of: str) -> tuple[tuple[str, str], ...]:
    buckets = _rate(f"{series}_bucket", of, "le")
    return tuple((f"p{round(q * 100)}", f"histogram_quantile({q}, {buckets})") for q in (0.5, 0.95, 0.99))


def _server(watched: Watched) -> list[Panel]:
    of = f'{{model="{watched.model}"}}'
    answered, failed = _rate("aiinfra_requests_answered_total", of), _rate("aiinfra_requests_failed_total", of)
    rows, calls = _rate("aiinfra_rows_total", of), _rate("aiinfra_model_calls_total", of)
    queue, compute = _rate("aiinfra_queue_seconds_total", of), _rate("aiinfra_compute_seconds_total", of)
    missing = _rate("aiinfra_input_missing_total", of, "input")
    mean = f'aiinfra_input{{model="{watched.model}", of="mean"}}'
    return [
        Panel("Servers", "short", (("up", f'sum(up{{job="{watched.job}"}})'),), "Servers that answer.", number=True),
        Panel("Answered", "reqps", (("answered", answered),), "Requests answered a second.", number=True),
        Panel("Not answered", "percentunit", (("", f"{failed} / ({failed} + {answered})"),), "Share of requests."),
        Panel("Latency", "s", _quantiles("aiinfra_request_seconds", of), "From a request's last byte to its answer."),
        Panel(
            "Where time goes", "s", (("waiting", f"{queue} / {calls}"), ("model", f"{compute} / {calls}")), "A call."
        ),
        Panel("Rows a call", "short", (("rows", f"{rows} / {calls}"),), "More than one: requests share a call."),
        Panel("Waiting", "short", (("{{instance}}", f"aiinfra_requests_waiting{of}"),), "Requests in the queue now."),
        Panel("Refused", "reqps", (("{{reason}}", _rate("aiinfra_refusals_total", "", "reason")),), "By reason."),
        Panel("Inputs: mean", "short", (("{{input}}", mean),), "Of sampled elements: a step is a change outside."),
        Panel("Inputs: missing", "cps", (("{{input}}", missing),), "NaN elements a second."),
        Panel("Serving", "short", (("{{version}} {{digest}} {{providers}}", f"aiinfra_model_info{of}"),), "Releases."),
    ]


def _vllm(watched: Watched) -> list[Panel]:
    of = f'{{model_name="{watched.model}"}}'
    tokens = _rate("vllm:generation_tokens_total", of)
    return [
        Panel("Servers", "short", (("up", f'sum(up{{job="{watched.job}"}})'),), "Servers that answer.", number=True),
        Panel("Tokens", "short", (("a second", tokens),), "Tokens answered a second.", number=True),
        Panel("Latency", "s", _quantiles("vllm:e2e_request_latency_seconds", of), "Of whole answers."),
        Panel("First token", "s", _quantiles("vllm:time_to_first_token_seconds", of), "From request to first token."),
        Panel("Running", "short", (("", f"vllm:num_requests_running{of}"),), "Requests in the batch."),
        Panel("Waiting", "short", (("", f"vllm:num_requests_waiting{of}"),), "Requests that are put off."),
        Panel("Cache", "percentunit", (("", f"vllm:kv_cache_usage_perc{of}"),), "Keys and values in memory."),
    ]


def _machine(watched: Watched) -> list[Panel]:
    """What the machine draws and how hot it is; energy a prediction where somebody knows the watts."""
    draws = power(watched.tier)
    panels: list[Panel] = []
    heat = (("{{instance}} {{type}}", "node_thermal_zone_temp"),)
    if DCGM in exporters(watched.tier):
        heat = (("GPU {{gpu}}", "DCGM_FI_DEV_GPU_TEMP"),)
        panels = [Panel("GPU", "percent", (("GPU {{gpu}}", "DCGM_FI_DEV_GPU_UTIL"),), "Part of time it works.")]
        panels.append(Panel("GPU faults", "short", (("GPU {{gpu}}", "DCGM_FI_DEV_XID_ERRORS"),), "Last XID code."))
    panels.append(Panel("Heat", "celsius", heat, "The tier's own sensors."))
    if draws:
        panels.append(Panel("Power", "watt", (("", draws),), "As far as the tier's sensors reach; see the estimate."))
        if watched.engine is not EngineKind.VLLM:
            of = f'{{model="{watched.model}"}}'
            each = f"1000 * {draws} / {_rate('aiinfra_requests_answered_total', of)}"
            panels.append(Panel("Energy of 1,000 answers", "joule", (("", each),), "Idle time counts too."))
    left = 'node_filesystem_avail_bytes{mountpoint="/"} / node_filesystem_size_bytes{mountpoint="/"}'
    return [
        *panels,
        Panel("Disk left", "percentunit", (("{{instance}}", left),), "Of the root file system."),
        Panel("Clock kept", "short", (("{{instance}}", "node_timex_sync_status"),), "1: in step with its servers."),
    ]


def fleet(watched: Watched) -> list[Panel]:
    """For the centre, where metrics of all sites come together."""
    seen = f'time() - max by (site) (timestamp(up{{job="{watched.job}"}}))'
    info = f'count by (version, digest) (aiinfra_model_info{{model="{watched.model}"}})'
    waits = "sum by (site) (vmagent_remotewrite_pending_data_bytes)"
    rings = f'count by (site, alertname) (ALERTS{{alertstate="firing", model="{watched.model}"}})'
    served = () if watched.engine is EngineKind.VLLM else (
        Panel("Releases", "short", (("{{version}} {{digest}}", info),), "Servers by what they serve."),
    )  # fmt: skip
    return [
        Panel("Since a site was heard", "s", (("{{site}}", seen),), "Samples that waited arrive late, in order."),
        *served,
        Panel("Waiting at sites", "bytes", (("{{site}}", waits),), "Metrics on disk until the link is back."),
        Panel("Alarms", "short", (("{{site}} {{alertname}}", rings),), "Ringing now."),
    ]
