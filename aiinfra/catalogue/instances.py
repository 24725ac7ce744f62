"""AWS instances: what is in them, their network cards for collectives (EFA), and what an hour costs where known."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from types import MappingProxyType

from aiinfra.catalogue.figure import Confidence, Figure, read_data, sources, unknown

PRICED_REGION = "us-east-1"
"""The region the shipped prices are of; other regions are unknown until a user adds prices."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance type."""

    name: str
    family: str
    accelerator: str | None
    """Name in ``accelerators()``; None for CPU instances."""
    accelerators: int
    """How many of them."""
    share: float
    """Part of one accelerator it gets (1.0, less on fractional types)."""
    accelerator_memory: Figure
    """MiB each accelerator reports to EC2: what really can be used."""
    cpu: str | None
    """CPU in ``accelerators()`` for CPU instances; None where the accelerator does the work or the CPU is not known."""
    vcpus: int
    memory: Figure
    """GiB of host memory."""
    allocatable: Figure
    """MiB a Kubernetes node of this type leaves for pods."""
    network: Figure
    """Gbit/s."""
    efa: int
    """Elastic Fabric Adapter cards; 0: none."""
    nvme: Figure
    """GB of local disk; 0: none."""
    architecture: str
    """amd64 or arm64."""
    prices: Mapping[str, Figure]
    """Region -> USD an hour on demand; a region that is absent has no known price."""
    spot: Mapping[str, Figure] = field(default_factory=dict)
    """Region -> USD an hour of spot capacity, as a user's file says; none ships."""

    def price(self, region: str) -> Figure:
        """USD an hour on demand in ``region``; unknown where no table names it."""
        found = self.prices.get(region)
        return found or Figure(None, "USD/hour", sources()["karpenter-prices"], Confidence.LOW)

    def spot_price(self, region: str) -> Figure:
        """USD an hour of spot capacity in ``region``; unknown where no file of the user's says."""
        return self.spot.get(region) or unknown("USD/hour")

    @property
    def cores(self) -> float:
        """Physical cores: on x86-64 a vCPU is one of two threads, on Graviton it is a core (AWS's documentation)."""
        return self.vcpus / 2 if self.architecture == "amd64" else float(self.vcpus)


@cache
def instances() -> Mapping[str, Instance]:
    """Every instance type that ships with the package, by name."""
    return MappingProxyType(
        {row["name"]: _instance(row) for row in csv.DictReader(StringIO(read_data("instances.csv")))}
    )


def _instance(row: Mapping[str, str]) -> Instance:
    shapes = sources()["karpenter-shapes"]

    def shape(key: str, unit: str) -> Figure:
        value = float(row[key]) if row[key] else None
        return Figure(value, unit, shapes, Confidence.HIGH if value is not None else Confidence.LOW)

    price = row["usd_per_hour"]
    offer = Figure(float(price), "USD/hour", sources()["karpenter-prices"], Confidence.HIGH) if price else None
    return Instance(
        name=row["name"],
        family=row["family"],
        accelerator=row["accelerator"] or None,
        accelerators=int(row["count"]),
        share=float(row["share"] or 1),
        accelerator_memory=shape("accelerator_mib", "MiB"),
        cpu=row["cpu"] or None,
        vcpus=int(row["vcpus"]),
        memory=shape("memory_gib", "GiB"),
        allocatable=shape("allocatable_mib", "MiB"),
        network=shape("network_gbps", "Gbit/s"),
        efa=int(row["efa"]),
        nvme=shape("nvme_gb", "GB"),
        architecture=row["architecture"],
        prices=MappingProxyType({PRICED_REGION: offer} if offer else {}),
    )
