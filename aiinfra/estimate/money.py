"""Money and carbon of boxes: cloud instances by the hour, hardware over its years, energy at a site.

cost a month = price an hour x 730 (cloud), or price / (years x 12) + kWh x price a kWh (site).
carbon a month = watts / 1000 x 730 h x PUE x g a kWh / 1000, in kg CO2e; what making the hardware emitted is not in it.
"""

from dataclasses import dataclass
from typing import Final

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.catalogue import Catalogue, SiteFigures
from aiinfra.catalogue.instances import Instance
from aiinfra.catalogue.room import holds
from aiinfra.estimate.value import Value, of_figure, unknown
from aiinfra.units import HOURS_PER_MONTH

HOURS: Final = float(HOURS_PER_MONTH)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a box stands: what power costs and emits there, and the cloud instance it is, if it is one."""

    electricity: Value
    """USD a kWh; unknown in a cloud, where the price an hour holds it."""
    grid: Value
    """g CO2e a kWh."""
    pue: Value
    life: Value
    """Years hardware is kept."""
    instance: Instance | None = None
    price: Value | None = None
    """USD an hour of that instance."""


def cloud_ground(catalogue: Catalogue, region: str, instance: Instance | None) -> Ground:
    """An instance in a region."""
    found = catalogue.regions.get(region)
    lost = f"region {region} is unknown"
    grid = unknown("g/kWh", lost) if found is None else of_figure(found.grid, f"grid of {region}")
    pue = unknown("", lost) if found is None else of_figure(found.pue, f"PUE of {region}")
    price = None if instance is None else of_figure(instance.price(region), f"price of {instance.name} in {region}")
    none = unknown("USD/kWh", "part of the price an hour")
    return Ground(none, grid, pue, of_figure(catalogue.defaults["life"], "hardware life"), instance, price)


def site_ground(catalogue: Catalogue, class_name: str, part: Accelerator) -> Ground:
    """A site's own power: what the user's catalogue file says of the class, the wide defaults otherwise."""
    said = catalogue.sites.get(class_name, SiteFigures())
    default = catalogue.defaults
    room = "pue_room" if part.form == "datacenter" else "pue_box"
    return Ground(
        electricity=of_figure(said.electricity or default["electricity"], "electricity price"),
        grid=of_figure(said.grid or default["grid"], "grid carbon"),
        pue=of_figure(said.pue or default[room], "PUE"),
        life=of_figure(said.life or default["life"], "hardware life"),
    )


def energy(watts: Value, ground: Ground) -> Value:
    """kWh a month of ``watts``, cooling and losses of the place included."""
    return (watts * ground.pue * (HOURS / 1000)).unit_as("kWh/month")


def carbon(kwh: Value, ground: Ground) -> Value:
    """kg CO2e a month."""
    return (kwh * ground.grid / 1000.0).unit_as("kg CO2e/month")


def hardware(part: Accelerator, count: int, ground: Ground) -> Value:
    """USD a month for one box, its price spread over its years. A card's price is not a box's: a file must add that."""
    if part.kind not in ("soc", "cpu") and part.price.source.kind != "user":
        return unknown("USD/month", f"the price of a box with {part.title} is unknown")
    price = of_figure(part.price, f"price of {part.title}") * float(count)
    return (price / (ground.life * 12.0)).unit_as("USD/month")


def control_plane(catalogue: Catalogue, region: str) -> Value:
    """USD a month of one EKS cluster, before any node."""
    price = catalogue.services["eks-cluster"].price(region)
    return (of_figure(price, f"price of an EKS cluster in {region}") * HOURS).unit_as("USD/month")


def box_cost(part: Accelerator, count: int, watts: Value, ground: Ground) -> Value:
    """USD a month for one box."""
    if ground.price is not None:
        return (ground.price * HOURS).unit_as("USD/month")
    spent = (energy(watts, ground) * ground.electricity).unit_as("USD/month")
    return hardware(part, count, ground) + spent


def cheapest_instance(
    catalogue: Catalogue, region: str, part: Accelerator, count: int, cores: int | None
) -> Instance | None:
    """The cheapest instance that holds ``count`` of ``part``, or the cores of a CPU tier; unpriced ones come last."""
    fitting = []
    for instance in catalogue.instances.values():
        if holds(instance, part, count, cores or part.cores):
            price = instance.price(region)
            value = price.value if price.value is not None else float("inf")
            fitting.append((price.value is None, value, instance.accelerators, instance.vcpus, instance.name, instance))
    return min(fitting)[-1] if fitting else None
