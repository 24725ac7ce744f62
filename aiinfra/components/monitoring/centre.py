"""Dashboards of the centre, where metrics of training and of all sites come together: managed Grafana's. Pure.

Metrics are asked of a Prometheus source, bills and records of a CloudWatch source; both are chosen on the dashboard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aiinfra.components.monitoring.alerts import Watched
from aiinfra.components.monitoring.dashboards import fleet, inference
from aiinfra.components.monitoring.exporters import DCGM, exporters, power
from aiinfra.components.monitoring.panels import Panel, rendered

DENIED = "filter errorCode like /Denied|Unauthorized/ | stats count(*) by bin(1h), eventSource"
ROOT = 'filter userIdentity.type = "Root" | stats count(*) by bin(1h), eventName'
REJECTED = 'filter action = "REJECT" | stats count(*) by bin(1h)'
REFUSED = "filter @logStream like /kube-apiserver-audit/ | filter responseStatus.code in [401, 403] "
REFUSED += "| stats count(*) by bin(1h), user.username"


@dataclass(frozen=True, slots=True)
class Centre:
    """What the dashboards of one deployment depend on."""

    name: str
    """Of the deployment."""
    region: str
    """Where its log groups are; empty: it has no cloud."""
    trains: bool = False
    """Whether metrics of a training cluster are kept."""
    exporters: tuple[str, ...] = ()
    """Operators there that tell of accelerators."""
    runtimes: tuple[Watched, ...] = ()
    """One for each class of sites that is watched."""
    trail: str = ""
    """Log group of the account's trail; empty: it is somebody else's."""
    flows: str = ""
    """Log group of the flow logs; empty: the network is somebody else's."""
    api: str = ""
    """Log group of the cluster's control plane."""


def boards(centre: Centre) -> dict[str, str]:
    """Name -> Grafana's JSON; those with something to show."""
    made = {
        "training": _training(centre) if centre.trains else [],
        "inference": [panel for one in centre.runtimes for panel in _told(one, inference(one))],
        "sites": [panel for one in centre.runtimes for panel in _told(one, fleet(one))],
        "energy": _energy(centre),
        "cost": _cost() if centre.region else [],
        "security": _security(centre),
    }
    return {name: rendered(f"{centre.name}: {name}", panels) for name, panels in made.items() if panels}


def _told(watched: Watched, panels: Sequence[Panel]) -> list[Panel]:
    """The panels of one class, each with the class's hardware in its title: models may be at several."""
    return [panel.titled(f"{watched.tier.accelerator}: {panel.title}") for panel in panels]


def _training(centre: Centre) -> list[Panel]:
    failing = 'sum(rate(apiserver_request_total{code=~"5.."}[$__rate_interval]))'
    every = "sum(rate(apiserver_request_total[$__rate_interval]))"
    let_in = "sum(rate(kueue_admitted_workloads_total[$__rate_interval]))"
    found = [
        Panel("Jobs", "short", (("{{status}}", "sum by (status) (kueue_pending_workloads)"),), "In the queue."),
        Panel("Let in", "ops", (("jobs", let_in),), "Jobs a second."),
        Panel("Operators", "short", (("{{job}}", 'min by (job) (up{job!="apiserver"})'),), "0: one does not answer."),
        Panel("API errors", "percentunit", (("", f"{failing} / {every}"),), "Requests to the cluster that fail."),
    ]
    if "dcgm" not in centre.exporters:
        return found
    each = "{{Hostname}} {{gpu}}"
    return [
        *found,
        Panel("GPUs at work", "percent", (("{{Hostname}}", "avg by (Hostname) (DCGM_FI_DEV_GPU_UTIL)"),), "Mean."),
        Panel("GPU heat", "celsius", ((each, "DCGM_FI_DEV_GPU_TEMP"),), "By GPU."),
        Panel("GPU faults", "short", ((each, "DCGM_FI_DEV_XID_ERRORS"),), "Last XID code."),
    ]


def _energy(centre: Centre) -> list[Panel]:
    found = []
    if "dcgm" in centre.exporters:
        trained = (("{{Hostname}}", "sum by (Hostname) (DCGM_FI_DEV_POWER_USAGE)"),)
        found.append(Panel("GPUs that train", "watt", trained, "Without their hosts and without cooling."))
    for one in centre.runtimes:
        draws = power(one.tier)
        if draws:
            said = "All its sites, as far as their sensors reach."
            found.append(Panel(f"{one.tier.accelerator}: sites", "watt", (("", draws),), said))
        heat = "DCGM_FI_DEV_GPU_TEMP" if DCGM in exporters(one.tier) else "node_thermal_zone_temp"
        hottest = f"max by (site) ({heat})"
        found.append(Panel(f"{one.tier.accelerator}: heat", "celsius", (("{{site}}", hottest),), "The hottest sensor."))
    return found


def _cost() -> list[Panel]:
    """AWS counts estimated charges in one region only, where billing alerts are on."""
    return [
        Panel("This month", "currencyUSD", (), "So far, as AWS estimates it.", charges="", number=True),
        Panel("By service", "currencyUSD", (), "So far this month.", charges="ServiceName"),
    ]


def _security(centre: Centre) -> list[Panel]:
    asked = (
        ("Calls that were denied", centre.trail, DENIED, "By service: a right is lacking, or somebody tries."),
        ("The root user", centre.trail, ROOT, "Nobody should."),
        ("Connections that were rejected", centre.flows, REJECTED, "By security groups and network lists."),
        ("Refused by the cluster", centre.api, REFUSED, "By user."),
    )
    return [
        Panel(title, "short", (), words, group=group, logs=query, region=centre.region)
        for title, group, query, words in asked
        if group
    ]
