"""Alarms and dashboards: every series exists, every alarm has its page, every dashboard is what Grafana takes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from pydantic import ValidationError

from aiinfra.components.kubernetes import monitoring_objects as objects
from aiinfra.components.kubernetes.parts import monitoring_of, runtime_of
from aiinfra.components.kubernetes.specs import SiteMonitoringSpec, SiteSpec
from aiinfra.components.monitoring import collector
from aiinfra.components.monitoring.alerts import alerts, rule_groups
from aiinfra.components.monitoring.dashboards import dashboards
from aiinfra.components.monitoring.exporters import EVERY, exporters
from aiinfra.spec.monitoring import Monitoring, collector_images
from aiinfra.spec.tier import Tier
from tests.server.exported import SERIES

ROOT = Path(__file__).parent.parent.parent.parent
LANGUAGE = {"parameters": 8e9, "layers": 32, "hidden": 4096, "kv_heads": 8, "head_size": 128}
VLLM = {
    *("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"),
    *("vllm:generation_tokens_total", "vllm:e2e_request_latency_seconds", "vllm:time_to_first_token_seconds"),
}
"""docs.vllm.ai, "Production metrics" (V1)."""
OTHERS = {
    "up",
    "ALERTS",
    "vmagent_remotewrite_pending_data_bytes",  # docs.victoriametrics.com, vmagent, "Monitoring"
    "certmanager_certificate_expiration_timestamp_seconds",  # cert-manager.io, "Prometheus metrics"
}
WORDS = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?=[{\[ )])|^[a-zA-Z_:][a-zA-Z0-9_:]*$")
GRAMMAR = {
    *("sum", "max", "min", "by", "on", "rate", "increase", "absent", "count", "time", "timestamp"),
    *("histogram_quantile", "label_replace", "min_over_time"),
    *("le", "site", "input", "instance", "reason", "version", "digest", "chip", "rail", "alertname"),
}


def site(accelerator: str = "l4", *, language: bool = False, **more: Any) -> SiteSpec:
    model = {"file": "llama", "language": LANGUAGE} if language else {"file": "weld.onnx"}
    base = {
        "class_name": "cell",
        "site": "cell-1",
        "model_name": "weld",
        "model": model,
        "tier": {"accelerator": accelerator},
        "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
        "runtime": {"on": "k3s", "issuer": {"name": "ca"}},
        "objective": {"p99": "20 ms", "availability": "99.9 %"},
        "caps": {"power": "40 W"},
        "offline": "72 h",
        "monitoring": {"remote": "https://metrics.example.com/push"},
    }
    return SiteSpec.model_validate({**base, **more})


def spec(accelerator: str = "l4", *, language: bool = False, **more: Any) -> SiteMonitoringSpec:
    found = site(accelerator, language=language, **more)
    assert found.monitoring is not None
    return monitoring_of(found, found.monitoring)


EVERY_KIND = [
    spec(),
    spec("jetson-orin-nano-super"),
    spec("cpu-x86-64"),
    spec(language=True),
    spec(monitoring={"by": "operator"}),
    spec(monitoring={"by": "agent", "remote": "https://metrics.example.com/push"}),
]
KINDS = pytest.mark.parametrize("kind", EVERY_KIND, ids=["l4", "jetson", "cpu", "vllm", "operator", "agent"])


def series(query: str) -> set[str]:
    """Names of series in PromQL: words that are neither grammar nor inside quotes or braces."""
    bare = re.sub(r"\{[^}]*\}", "{", re.sub(r'"[^"]*"', '""', query))
    return {word for word in WORDS.findall(bare) if word not in GRAMMAR}


@KINDS
def test_every_series_is_exported_by_somebody(kind: SiteMonitoringSpec) -> None:
    watched = objects.watched(kind)
    queries = [alert.expression for alert in alerts(watched)]
    for text in dashboards(watched).values():
        queries += [target["expr"] for panel in json.loads(text)["panels"] for target in panel["targets"]]
    found = {name for query in queries for name in series(query)}
    assert found
    known = {*SERIES, *VLLM, *OTHERS, *(name for exporter in EVERY for name in exporter.series)}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in found} <= known
    of_exporters = {name for exporter in exporters(kind.tier) for name in exporter.series}
    assert {name for name in found if name.startswith(("DCGM", "node_", "kepler"))} <= of_exporters


@KINDS
def test_every_alarm_has_its_page_in_the_runbook(kind: SiteMonitoringSpec) -> None:
    headings = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE))
    for group in rule_groups(objects.watched(kind))["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["runbook_url"].partition("#")[2] in headings
            assert rule["annotations"]["summary"]


def test_the_runbook_has_no_page_for_an_alarm_that_is_gone() -> None:
    headings = re.findall(r"^## ([a-z-]+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted({alert.anchor for kind in EVERY_KIND for alert in alerts(objects.watched(kind))})


@KINDS
def test_every_dashboard_is_what_grafana_takes(kind: SiteMonitoringSpec) -> None:
    schema = json.loads((ROOT / "tests" / "data" / "grafana" / "dashboard.jsonschema.json").read_text())
    for name, text in dashboards(objects.watched(kind)).items():
        board = json.loads(text)
        assert [error.message for error in Draft7Validator(schema).iter_errors(board)] == []
        assert board["title"] == f"weld: {name}"
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places)
        assert "${" not in text  # a delivered site would take it for its own placeholder


def test_the_schema_refuses_what_is_no_dashboard() -> None:
    schema = json.loads((ROOT / "tests" / "data" / "grafana" / "dashboard.jsonschema.json").read_text())
    board = json.loads(dashboards(objects.watched(spec()))["inference"])
    board["panels"][0]["gridPoz"] = {}
    assert not Draft7Validator(schema).is_valid(board)


def test_exporters_as_the_accelerator_demands() -> None:
    names = {
        tier: [exporter.name for exporter in exporters(Tier(accelerator=tier))]
        for tier in ("l4", "jetson-orin-nano-super", "cpu-x86-64", "cpu-arm64", "hailo-8")
    }
    assert names == {
        "l4": ["node-exporter", "dcgm-exporter"],
        "jetson-orin-nano-super": ["node-exporter"],
        "cpu-x86-64": ["node-exporter", "kepler"],
        "cpu-arm64": ["node-exporter"],
        "hailo-8": ["node-exporter"],
    }


def test_a_site_keeps_what_it_could_not_send() -> None:
    local = objects.pod(spec())
    assert [container["name"] for container in local["containers"]] == ["prometheus", "vmagent"]
    told = local["containers"][1]["args"]
    assert "-remoteWrite.tmpDataPath=/data/queue" in told
    assert "-remoteWrite.url=https://metrics.example.com/push" in told
    assert "--storage.tsdb.retention.time=30d" in local["containers"][0]["args"]
    agent = objects.pod(spec(monitoring={"by": "agent", "remote": "https://metrics.example.com/push"}))
    assert [container["name"] for container in agent["containers"]] == ["prometheus"]
    assert "--agent" in agent["containers"][0]["args"]
    assert "rules.yml" not in objects.config_data(spec(monitoring={"by": "agent", "remote": "https://m.example/push"}))
    assert collector_images(Monitoring()) == ("prometheus",)


def test_nobody_reaches_the_collector_from_outside_its_pod() -> None:
    containers = objects.pod(spec())["containers"]
    assert "--web.listen-address=127.0.0.1:9091" in containers[0]["args"]
    assert f"-httpListenAddr={collector.QUEUE}" in containers[1]["args"]
    assert not any("ports" in container for container in containers)


def test_the_collector_is_the_scraper_of_its_runtime() -> None:
    runtime = runtime_of(site())
    assert runtime.runtime.scraper == "weld/weld-metrics"
    assert not runtime.operator
    named = runtime_of(site(monitoring={"by": "operator"}))
    assert named.runtime.scraper is None
    assert named.operator
    secrets = [volume.get("secret", {}).get("secretName") for volume in objects.volumes(spec())]
    assert "weld-server-scraper-tls" in secrets


def test_alarms_ring_where_the_declaration_is_missed() -> None:
    found = {alert.name: alert.expression for alert in alerts(objects.watched(spec()))}
    assert found["AnswersSlow"].endswith("> 0.02")
    assert found["AnswersFail"].endswith("> 0.001")
    assert found["PowerAboveCap"] == "sum(DCGM_FI_DEV_POWER_USAGE) > 40"
    bare = {alert.name for alert in alerts(objects.watched(spec(objective={}, caps={})))}
    assert not {"AnswersSlow", "PowerAboveCap"} & bare


def test_a_delivered_site_fills_its_own_name_in() -> None:
    delivered = site(values={"site.properties": "site=${site}\n"})
    assert delivered.monitoring is not None
    text = objects.config_data(monitoring_of(delivered, delivered.monitoring))["prometheus.yml"]
    assert "site: ${site}" in text


@pytest.mark.parametrize(
    ("monitoring", "said"),
    [
        ({"by": "agent"}, "an agent keeps nothing"),
        ({"by": "operator", "remote": "https://x.example"}, "leave it out"),
        ({"remote": "http://x.example"}, "pattern"),
        ({"remote": "https://x.example", "certificate": {"store": "file", "name": "/x"}}, "store 'kubernetes'"),
    ],
)
def test_bad_monitoring(monitoring: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Monitoring.model_validate(monitoring)
