"""The estimate of one class of sites: what a box does, how many are needed, what they draw, cost and emit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.measurement import Measurement
from aiinfra.estimate import language_box
from aiinfra.estimate.assumptions import assumption
from aiinfra.estimate.box import (
    Box,
    call_time,
    dtype_on,
    latency,
    measured_box,
    memory_needed,
    memory_usable,
    throughput,
    watts,
    workers,
)
from aiinfra.estimate.language import Language
from aiinfra.estimate.money import (
    Ground,
    box_cost,
    carbon,
    cheapest_instance,
    cloud_ground,
    control_plane,
    energy,
    site_ground,
)
from aiinfra.estimate.queueing import alone_tail, p99
from aiinfra.estimate.served import cheapest_of, cost_of, machines_of
from aiinfra.estimate.value import Value, exact, of_figure, unknown
from aiinfra.estimate.work import Work
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.engine import EngineKind, served_by
from aiinfra.spec.site import Place, Site

SPARE_FROM = 0.999
"""Availability from which one box more than the rate needs is counted: one box at a time may be down."""

_ENGINES: Final = {
    EngineKind.BUNDLED: "onnxruntime, bundled server",
    EngineKind.KSERVE: "onnxruntime, bundled server under KServe",
    EngineKind.VLLM: "vLLM",
}


@dataclass(frozen=True, slots=True)
class SiteEstimate:
    """One class; every figure is for one site unless its name says otherwise."""

    class_name: str
    tier: str
    """Name in the catalogue."""
    power_mode: str
    title: str
    """The box in words: ``2 x NVIDIA L4 in g6.12xlarge``."""
    engine: str
    """What serves the model, in words: ``onnxruntime, bundled server``."""
    sites: int | None
    """Sites of the class; None where they are in a file that was not read."""
    declared: int
    """Boxes a site has: as declared, or as many as the rate needs, at least two on EKS and one elsewhere."""
    needed: int | None
    """Boxes the rate needs at the estimated capacity, and a spare where the availability asks; None: unknown."""
    needed_range: tuple[int, int] | None
    """The same at the highest and at the lowest capacity."""
    figures: Mapping[str, Value]
    """By name: memory_needed, memory_usable, throughput, latency, p99, utilisation, watts_load, watts_idle, watts_mean,
    energy, cost, cost_idle, cost_million, carbon, carbon_million, box_load; of language models
    also first_token, next_token, at_once."""
    measured: Measurement | None
    """The measurement that replaced the estimate; None: it is estimated."""
    not_priced: tuple[str, ...]
    """What has no price, by name."""
    place: Place = Place.BOX
    """What a site runs on."""
    served: bool = False
    """Whether a project of the declaration makes its cluster, and so its machines."""

    @property
    def billable(self) -> int:
        """Kinds of billable things: its boxes; the cluster's own, on EKS also what its nodes use."""
        return 1 + {Place.EKS: 2, Place.HYBRID: 1}.get(self.place, 0)

    @property
    def all_cost(self) -> Value:
        """USD a month of all sites of the class."""
        return (self.figures["cost"] * float(self.sites or 1)).unit_as("USD/month")

    @property
    def boxes(self) -> int:
        """Boxes the money and watts are for."""
        return self.declared


def estimate_site(
    deployment: Deployment, site: Site, catalogue: Catalogue, work: Work | Language | None, digest: str
) -> SiteEstimate:
    """The estimate of one class.

    Raises:
        BadInput: ``tier-unknown``, ``power-mode-unknown``.
    """
    box, ground = _box(deployment, site, catalogue)
    found = catalogue.measured(digest, box.part.name, box.mode.name, box.count, site.tier.cores) if digest else None
    speed = _speed(box, work, found)
    rate = deployment.objective.rate.per_second if deployment.objective.rate else 0.0
    mean = deployment.objective.mean_rate
    average = mean.per_second if mean else rate * assumption("mean-rate").value
    spare = 1 if (a := deployment.objective.availability) and a.fraction >= SPARE_FROM else 0
    needed = _needed(speed["throughput"], rate, spare)
    usual = 2 if site.runtime.on is Place.EKS else 1
    declared = site.runtime.replicas or max(usual, needed[0] - spare if needed else usual)
    figures = dict(speed)
    figures["p99"] = _p99(box, work, speed, found, rate / declared)
    figures |= _over_time(box, ground, speed, declared, average)
    parts = [figures["cost"]]
    if site.runtime.on is Place.EKS:
        if deployment.serving is not None:
            parts = [cost_of(deployment, site, catalogue, figures["cost"])]
            figures |= _on_cluster(figures, parts[0], average)
        else:
            parts.append(control_plane(catalogue, deployment.cloud.region if deployment.cloud else ""))
            figures |= _with_cluster(figures, parts[1], average)
    rows = site.rows
    return SiteEstimate(
        class_name=site.class_name,
        tier=box.part.name,
        power_mode=box.mode.name,
        title=_title(box, ground),
        engine=_ENGINES[served_by(deployment.model, site.runtime.engine)],
        sites=None if isinstance(rows, str) else max(len(rows), 1),
        declared=declared,
        needed=needed[0] if needed else None,
        needed_range=(needed[1], needed[2]) if needed else None,
        figures=figures,
        measured=found,
        not_priced=tuple(_not_priced(site, parts)),
        place=site.runtime.on,
        served=deployment.is_served(site),
    )


def _box(deployment: Deployment, site: Site, catalogue: Catalogue) -> tuple[Box, Ground]:
    part = catalogue.accelerator(site.tier.accelerator)
    mode = part.mode(site.tier.power_mode)
    box = Box(part, mode, site.tier.count, site.tier.cores)
    if site.runtime.on is not Place.EKS or deployment.cloud is None:
        return box, site_ground(catalogue, site.class_name, part)
    region = deployment.cloud.region
    declared = machines_of(deployment, site)
    instance = (
        cheapest_of(declared, catalogue, region)
        if declared
        else cheapest_instance(catalogue, region, part, box.count, box.cores)
    )
    ground = cloud_ground(catalogue, region, instance)
    if instance is None:
        why = f"no instance of {region} in the catalogue holds {part.title}"
        return box, replace(ground, price=unknown("USD/hour", why))
    memory = _instance_memory(box, instance.accelerator_memory.value, instance.memory.value)
    small = bool(instance.accelerators) and instance.vcpus <= 4 * instance.accelerators
    whole = max((i.accelerators for i in catalogue.instances.values() if i.family == instance.family), default=1)
    part_of = instance.accelerators / whole if instance.accelerators else 1.0
    return replace(box, memory=memory, small_host=small, of_machine=part_of), ground


def _instance_memory(box: Box, accelerator_mib: float | None, host_gib: float | None) -> Value | None:
    if box.part.kind == "cpu":
        return None if host_gib is None else exact(host_gib * 2**30 / 1e9, "GB")
    return None if accelerator_mib is None else exact(accelerator_mib * 2**20 / 1e9, "GB")


def _title(box: Box, ground: Ground) -> str:
    many = f"{box.count} x " if box.count > 1 else ""
    mode = f" at {box.mode.name}" if box.mode.name else ""
    inside = f" in {ground.instance.name}" if ground.instance else ""
    vendor, title = box.part.vendor, box.part.title
    maker = "" if vendor == "any" or title.startswith(vendor) else f"{vendor} "
    return f"{many}{maker}{title}{mode}{inside}"


def _speed(box: Box, work: Work | Language | None, found: Measurement | None) -> dict[str, Value]:
    load, idle = watts(box)
    out = {"watts_load": load, "watts_idle": idle, "memory_usable": memory_usable(box)}
    if isinstance(work, Language):
        out |= language_box.speed(box, work, _language_type(box, work))
        return out
    if work is None:
        why = "the work of the model is unknown: write its facts with aiinfra model inspect --write"
        return out | {name: unknown(unit, why) for name, unit in _SPEED.items()}
    out["memory_needed"] = memory_needed(work)
    if not box.part.execution_providers:
        why = f"onnxruntime cannot use {box.part.title}: {box.part.compiler}"
        return out | {name: unknown(unit, why) for name, unit in _SPEED.items() if name != "memory_needed"}
    out["throughput"], out["latency"] = throughput(box, work), latency(box, work)
    if found is not None:
        out["throughput"], out["latency"], _, out["watts_load"], out["watts_idle"] = measured_box(found, box)
    return out


_SPEED = {"throughput": "/s", "latency": "s", "memory_needed": "GB"}


def _language_type(box: Box, work: Language) -> str:
    narrow = Work(work.name, 1, work.parameters, 0, 0, 0, 1, 1, 0.0, work.weights)
    return dtype_on(box.part, narrow)


def _p99(
    box: Box, work: Work | Language | None, speed: Mapping[str, Value], found: Measurement | None, each: float
) -> Value:
    if isinstance(work, Language):
        return unknown("s", "under load an answer's time depends on how the engine batches")
    if work is None or not speed["latency"].known:
        return unknown("s", *speed["latency"].drivers)
    tail, service = alone_tail(speed["latency"]), call_time(box, work)
    if found is not None:
        tail = measured_box(found, box)[2]
        service = Value(found.p50 * 0.9, found.p50, found.p50 * 1.1, "s")
    return p99(tail, service, speed["throughput"], each, workers=workers(box, work))


def _needed(capacity: Value, rate: float, spare: int) -> tuple[int, int, int] | None:
    if not rate:
        return (1 + spare, 1 + spare, 1 + spare)
    if not capacity.known:
        return None
    low, value, high = capacity.bounds
    count = [max(math.ceil(rate / edge - 1e-9), 1) + spare if edge > 0 else 10**6 for edge in (value, high, low)]
    return count[0], count[1], count[2]


def _over_time(box: Box, ground: Ground, speed: Mapping[str, Value], boxes: int, average: float) -> dict[str, Value]:
    """What a month brings: boxes that idle when nobody asks draw idle watts, and are paid all the same."""
    capacity, load, idle = speed["throughput"], speed["watts_load"], speed["watts_idle"]
    out: dict[str, Value] = {"box_load": load, "watts_load": load * float(boxes), "watts_idle": idle * float(boxes)}
    if capacity.known:
        low, value, high = (min(average / (edge * boxes), 1.0) if edge > 0 else 1.0 for edge in capacity.bounds)
        used = Value(high, value, low, "", (), ())
    else:
        used = unknown("", *capacity.drivers)
    out["utilisation"] = used
    mean = _between(out["watts_idle"], out["watts_load"], used)
    out["watts_mean"] = mean
    out["energy"] = energy(mean, ground)
    out["carbon"] = carbon(out["energy"], ground)
    each = (mean / float(boxes)).unit_as("W")
    out["cost"] = (box_cost(box.part, box.count, each, ground) * float(boxes)).unit_as("USD/month")
    out["cost_idle"] = _idle_part(out["cost"], used)
    for name, unit in (("cost", "USD"), ("carbon", "kg CO2e")):
        out[f"{name}_million"] = _each_million(out[name], average, unit)
    return out


def _each_million(found: Value, average: float, unit: str) -> Value:
    """What a month brings, over the millions of requests in it."""
    shown, requests = f"{unit}/million", average * 730 * 3600 / 1e6
    return (found / requests).unit_as(shown) if requests else unknown(shown, "no rate is declared")


def _with_cluster(figures: Mapping[str, Value], plane: Value, average: float) -> dict[str, Value]:
    """The costs of a site that is an EKS cluster, its control plane added."""
    cost = figures["cost"] + plane
    return {"cost": cost, "cost_million": _each_million(cost, average, "USD")}


def _on_cluster(figures: Mapping[str, Value], cost: Value, average: float) -> dict[str, Value]:
    """The costs of a site on machines that are declared: they are paid whether its servers need them or not."""
    idle = _idle_part(cost, figures["utilisation"])
    return {"cost": cost, "cost_idle": idle, "cost_million": _each_million(cost, average, "USD")}


def _not_priced(site: Site, parts: list[Value]) -> Iterator[str]:
    for cost in parts:
        if not cost.known:
            yield f"{site.class_name}: {'; '.join(cost.drivers)}"
    if site.runtime.on is Place.EKS:
        yield f"{site.class_name}: disks, network endpoints and traffic of its nodes"
    elif site.runtime.on is Place.HYBRID:
        yield f"{site.class_name}: the cluster its machines join, and its fee a virtual CPU"


def _between(idle: Value, load: Value, used: Value) -> Value:
    if not idle.known or not load.known:
        return unknown("W", *(load.drivers if not load.known else idle.drivers))
    if not used.known:
        return Value(
            idle.bounds[0], (idle.bounds[1] + load.bounds[1]) / 2, load.bounds[2], "W", used.drivers, load.sources
        )
    edges = [i + u * max(f - i, 0.0) for i, f, u in zip(idle.bounds, load.bounds, used.bounds, strict=True)]
    return Value(edges[0], edges[1], edges[2], "W", (*load.drivers, *idle.drivers), load.sources)


def _idle_part(cost: Value, used: Value) -> Value:
    if not used.known or not cost.known:
        return unknown("USD/month", *(used.drivers if not used.known else cost.drivers))
    low, value, high = cost.bounds
    free = [1 - edge for edge in used.bounds]
    return Value(low * free[2], value * free[1], high * free[0], "USD/month", cost.drivers, cost.sources)


def limits_of(site: Site, part_ambient: Value, box_load: Value) -> dict[str, tuple[Value, float]]:
    """What the place allows one box: name -> (what the box needs, the limit)."""
    power = site.power
    out: dict[str, tuple[Value, float]] = {}
    if power.feed is not None:
        out["feed"] = (box_load, power.feed.watts)
    if power.cooling is not None:
        out["cooling"] = (box_load, power.cooling.watts)
    if power.hottest is not None:
        out["hottest"] = (part_ambient, power.hottest.celsius)
    return out


def ambient_of(catalogue: Catalogue, tier: str) -> Value:
    """Highest air temperature the maker of the tier allows."""
    part = catalogue.accelerator(tier)
    return of_figure(part.ambient, f"the highest temperature {part.title} allows")
