"""How large a Lustre file system must be. Pure.

Amazon FSx sells capacity in steps, and throughput by the terabyte of capacity (FSx for Lustre user guide, "SSD storage
performance" and "Managing throughput capacity"; API reference, CreateFileSystem).
"""

from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Final

from aiinfra.units import DataSize, Throughput

SMALLEST: Final = 1200
"""GiB."""
STEP: Final = 2400
"""GiB; every larger file system is a multiple of it."""
TIERS: Final = (125, 250, 500, 1000)
"""MB/s for each TiB of capacity, deployment type PERSISTENT_2."""

PORTS: Final = ((988, 988), (1018, 1023))
"""TCP ports of Lustre between clients and servers (user guide, "File system access control with Amazon VPC")."""


@dataclass(frozen=True, slots=True)
class Sized:
    """What is bought."""

    capacity: int
    """GiB."""
    per_tebibyte: int
    """MB/s for each TiB."""

    @property
    def throughput(self) -> Decimal:
        """MB/s of the whole file system."""
        return Decimal(self.capacity * self.per_tebibyte) / 1024


def sized(size: DataSize, throughput: Throughput) -> Sized:
    """The smallest file system that holds ``size`` and gives ``throughput``: the slowest tier that will do comes first,
    and capacity grows beyond what is asked for only where the fastest tier is not enough."""
    wanted = throughput.base / Decimal(10) ** 6
    capacity = _step(size.base / Decimal(1024) ** 3)
    for tier in TIERS:
        if Sized(capacity, tier).throughput >= wanted:
            return Sized(capacity, tier)
    return Sized(_step(wanted * 1024 / TIERS[-1]), TIERS[-1])


def _step(gibibytes: Decimal) -> int:
    return SMALLEST if gibibytes <= SMALLEST else ceil(gibibytes / STEP) * STEP
