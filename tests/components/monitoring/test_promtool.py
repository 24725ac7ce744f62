"""Rules and configurations of every kind of collector, judged by Prometheus' own tool, where it is at hand."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from aiinfra.components.kubernetes import monitoring_objects as objects
from aiinfra.components.monitoring.alerts import rule_groups
from aiinfra.spec.monitoring import Collector
from tests.components.monitoring.test_monitoring import EVERY_KIND

pytestmark = pytest.mark.e2e


def test_prometheus_takes_rules_and_configurations(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool on PATH (Debian: prometheus)")
    rules = tmp_path / "rules.yml"
    for kind in EVERY_KIND:
        rules.write_text(yaml.safe_dump(rule_groups(objects.watched(kind))))
        subprocess.run([promtool, "check", "rules", rules], check=True, capture_output=True)
        if kind.monitoring.by is not Collector.OPERATOR:
            text = objects.config_data(kind)["prometheus.yml"].replace("/etc/prometheus/rules.yml", str(rules))
            (tmp_path / "prometheus.yml").write_text(text)
            agent = ["--agent"] if kind.monitoring.by is Collector.AGENT else []
            config = ["check", "config", "--syntax-only", *agent, tmp_path / "prometheus.yml"]
            subprocess.run([promtool, *config], check=True, capture_output=True)
    rules.write_text("groups: [{name: x, rules: [{alert: A, expr: 'sum('}]}]")
    assert subprocess.run([promtool, "check", "rules", rules], check=False, capture_output=True).returncode != 0
