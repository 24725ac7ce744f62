"""The catalogue as one value: what ships, what a user added by file, and what was measured."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aiinfra.catalogue.accelerators import Accelerator, accelerators
from aiinfra.catalogue.figure import Figure, figure, read_data
from aiinfra.catalogue.instances import Instance, instances
from aiinfra.catalogue.measurement import Measurement
from aiinfra.catalogue.regions import Region, regions
from aiinfra.catalogue.services import Service, services
from aiinfra.errors import BadInput, did_you_mean

if TYPE_CHECKING:
    from aiinfra.model.facts import ModelFacts

_UNITS: Final = {
    "electricity": "USD/kWh",
    "grid": "g/kWh",
    "pue_box": "",
    "pue_room": "",
    "pue_aws": "",
    "life": "years",
}


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """What power costs and emits where a class of sites is. What is None falls back to the defaults."""

    electricity: Figure | None = None
    """USD a kWh."""
    grid: Figure | None = None
    """g CO2e a kWh."""
    pue: Figure | None = None
    """Energy of the place over energy of the box."""
    life: Figure | None = None
    """Years the hardware is kept: its price is spread over them."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything an estimate reads. Values only: the same catalogue gives the same estimate."""

    accelerators: Mapping[str, Accelerator]
    instances: Mapping[str, Instance]
    regions: Mapping[str, Region]
    defaults: Mapping[str, Figure]
    """electricity, grid, pue_box, pue_room, life: for sites nobody described."""
    services: Mapping[str, Service] = field(default_factory=dict)
    """What AWS services bill beside instances, by name."""
    blocks: Mapping[str, Figure] = field(default_factory=dict)
    """Id of a Capacity Block's offer -> USD for all of it, as a user's file says."""
    monthly: Mapping[str, Figure] = field(default_factory=dict)
    """Name or type of a resource -> USD a month, as a user's file says of what has no list price."""
    sites: Mapping[str, SiteFigures] = field(default_factory=dict)
    """By class of sites."""
    currencies: Mapping[str, Figure] = field(default_factory=dict)
    """Currency -> USD one unit of it is worth."""
    measurements: tuple[Measurement, ...] = ()
    models: Mapping[str, "ModelFacts"] = field(default_factory=dict)
    """What model files say of themselves, by the name a declaration gives the file."""
    added: tuple[str, ...] = ()
    """Files a user added, as they are named in outputs."""

    def accelerator(self, name: str) -> Accelerator:
        """The tier of that name.

        Raises:
            BadInput: ``tier-unknown``.
        """
        if name not in self.accelerators:
            near = did_you_mean(name, tuple(self.accelerators))
            raise BadInput(
                "tier-unknown", f"the catalogue has no accelerator {name!r}{near}", "list them: aiinfra catalogue list"
            )
        return self.accelerators[name]

    def measured(self, digest: str, tier: str, mode: str, count: int, cores: int | None) -> Measurement | None:
        """The newest measurement of that model on that tier as it is set; None where there is none."""
        found = [
            item
            for item in self.measurements
            if (item.model, item.tier, item.power_mode, item.count, item.cores) == (digest, tier, mode, count, cores)
        ]
        return max(found, key=lambda item: (item.taken, item.rate), default=None)

    def usd(self, currency: str) -> Figure | None:
        """USD one unit of ``currency`` is worth; None where nobody said."""
        return self.currencies.get(currency)

    def with_model(self, file: str, facts: "ModelFacts") -> "Catalogue":
        """The same knowing the model that a declaration calls ``file``."""
        return replace(self, models=MappingProxyType({**self.models, file: facts}))

    def with_measurements(self, *items: Measurement) -> "Catalogue":
        """The same with measurements added."""
        return replace(self, measurements=(*self.measurements, *items))


@cache
def shipped() -> Catalogue:
    """The catalogue as the package ships it, nothing added."""
    table = tomllib.loads(read_data("defaults.toml"))
    defaults = {
        key: figure(raw, _UNITS[key], "hardware-life", "low", where=f"defaults.{key}") for key, raw in table.items()
    }
    return Catalogue(accelerators(), instances(), regions(), MappingProxyType(defaults), services())
