"""The accelerator tier a model runs on."""

from pydantic import Field

from aiinfra.spec.base import Name, Spec


class Tier(Spec):
    """Names from the catalogue (``aiinfra catalogue list``)."""

    accelerator: Name = Field(examples=["jetson-orin-nano-super"])
    """Accelerator, or a CPU tier such as ``cpu-x86-64``."""
    power_mode: str = Field(default="", examples=["15W"])
    """One of the accelerator's power modes; empty: its default."""
    count: int = Field(default=1, ge=1, le=16)
    """Accelerators in one box or replica."""
    cores: int | None = Field(default=None, ge=1, le=1024)
    """CPU cores the server may use, on CPU tiers; none: as many as the catalogue says the tier has."""
