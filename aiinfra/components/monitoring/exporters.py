"""Which exporters tell of a tier: names, ports and the series that alarms and dashboards read. Pure.

They need the machine's own files, so they do not run in a closed namespace: the cluster has them (the GPU operator
brings DCGM's, kube-prometheus the node exporter). Jetson boards have no exporter of their maker: their thermal zones
and power sensors (INA3221) are in the node exporter's hwmon and thermal collectors. See decision 0088.
"""

from dataclasses import dataclass
from typing import Final

from aiinfra.catalogue.find import find_accelerator
from aiinfra.spec.tier import Tier


@dataclass(frozen=True, slots=True)
class Exporter:
    """A program that turns what a machine knows into metrics."""

    name: str
    """Of its Service, and of its pods' ``app.kubernetes.io/name``."""
    port: int
    series: tuple[str, ...]
    """Names that alarms and dashboards of ours read."""
    source: str
    """Where the names are listed."""


NODE: Final = Exporter(
    "node-exporter",
    9100,
    (
        "node_thermal_zone_temp",
        "node_hwmon_curr_amps",
        "node_hwmon_in_volts",
        "node_timex_sync_status",
        "node_filesystem_avail_bytes",
        "node_filesystem_size_bytes",
    ),
    "prometheus/node_exporter, collectors thermal_zone, hwmon, timex, filesystem",
)
DCGM: Final = Exporter(
    "dcgm-exporter",
    9400,
    ("DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_XID_ERRORS"),
    "NVIDIA/dcgm-exporter, etc/default-counters.csv",
)
KEPLER: Final = Exporter(
    "kepler", 28282, ("kepler_node_cpu_watts",), "sustainable-computing-io/kepler 0.10, docs/user/metrics.md"
)
_RAILS: Final = (
    "sum(max by (instance) ("
    'label_replace(node_hwmon_curr_amps, "rail", "$1", "sensor", "curr(.*)") * on (instance, chip, rail) '
    'label_replace(node_hwmon_in_volts, "rail", "$1", "sensor", "in(.*)")))'
)
"""The board's largest rail is its input; the others are parts of it."""
EVERY: Final = (NODE, DCGM, KEPLER)


def exporters(tier: Tier) -> tuple[Exporter, ...]:
    """The node exporter everywhere; DCGM's for NVIDIA's cards; Kepler where a processor counts its energy (x86)."""
    part = find_accelerator(tier.accelerator)
    if part.resource == "nvidia.com/gpu" and part.kind == "gpu":
        return NODE, DCGM
    return (NODE, KEPLER) if part.kind == "cpu" and part.architecture == "amd64" else (NODE,)


def power(tier: Tier) -> str:
    """PromQL of the watts that the site's machines draw, as far as the tier's exporters know; empty: nobody does."""
    found = exporters(tier)
    if DCGM in found:
        return "sum(DCGM_FI_DEV_POWER_USAGE)"
    if KEPLER in found:
        return 'sum(kepler_node_cpu_watts{zone="package"})'
    return _RAILS if tier.accelerator.startswith("jetson-") else ""
