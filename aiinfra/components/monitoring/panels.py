"""Panels and dashboards as Grafana's own JSON (schema version 41). Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from aiinfra.names import digest

_SOURCE: Final = {"type": "prometheus", "uid": "$datasource"}
_CLOUDWATCH: Final = {"type": "cloudwatch", "uid": "$cloudwatch"}
_BILLED_IN: Final = "us-east-1"
"""The region that AWS keeps charges in (CloudWatch user guide, "Create a billing alarm")."""
_WIDE: Final = 24
"""Columns of Grafana's grid."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture: its lines as (words, PromQL), or a question to CloudWatch."""

    title: str
    unit: str
    lines: tuple[tuple[str, str], ...]
    words: str
    number: bool = False
    """Whether the last value stands alone, as a number."""
    charges: str | None = None
    """Estimated charges by this dimension; empty: their sum; None: no charges."""
    group: str = ""
    """Log group that ``logs`` asks."""
    logs: str = ""
    """A query of CloudWatch Logs Insights; empty: none."""
    region: str = ""
    """Of the log group."""

    def titled(self, title: str) -> Self:
        """The same picture under another title."""
        return replace(self, title=title)

    @property
    def source(self) -> dict[str, str]:
        """Which of the dashboard's two sources it asks."""
        return _SOURCE if self.lines else _CLOUDWATCH

    def targets(self) -> list[dict[str, Any]]:
        """Its questions, in the words of the source."""
        if self.charges is not None:
            return [_charges(self.charges)]
        if self.logs:
            return [_insights(self)]
        return [
            {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": query, "legendFormat": words or "value"}
            for number, (words, query) in enumerate(self.lines)
        ]


def _charges(by: str) -> dict[str, Any]:
    return {
        "refId": "A",
        "datasource": _CLOUDWATCH,
        "queryMode": "Metrics",
        "namespace": "AWS/Billing",
        "metricName": "EstimatedCharges",
        "dimensions": {"Currency": "USD", **({by: "*"} if by else {})},
        "matchExact": True,
        "statistic": "Maximum",
        "period": "21600",
        "region": _BILLED_IN,
    }


def _insights(panel: Panel) -> dict[str, Any]:
    return {
        "refId": "A",
        "datasource": _CLOUDWATCH,
        "queryMode": "Logs",
        "logGroupNames": [panel.group],
        "expression": panel.logs,
        "region": panel.region,
        "statsGroups": ["bin(1h)"],
    }


def rendered(title: str, panels: Sequence[Panel]) -> str:
    """The dashboard's JSON text. It asks which Prometheus, and which CloudWatch where a panel needs one."""
    sources = [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}]
    if any(panel.source is _CLOUDWATCH for panel in panels):
        sources.append({"name": "cloudwatch", "type": "datasource", "query": "cloudwatch", "label": "CloudWatch"})
    data: dict[str, Any] = {
        "uid": digest(title, 12),
        "title": title,
        "description": "Made by aiinfra: change the declaration, not this dashboard.",
        "tags": ["aiinfra"],
        "editable": False,
        "schemaVersion": 41,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": sources},
        "annotations": {"list": []},
        "panels": [_panel(index, panel) for index, panel in enumerate(panels)],
    }
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _panel(index: int, panel: Panel) -> dict[str, Any]:
    width, height = _WIDE // 2, 8
    return {
        "id": index + 1,
        "type": "stat" if panel.number else "timeseries",
        "title": panel.title,
        "description": panel.words,
        "datasource": panel.source,
        "gridPos": {"h": height, "w": width, "x": index % 2 * width, "y": index // 2 * height},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": panel.targets(),
    }
