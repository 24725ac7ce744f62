"""What runs inside a cluster and is not ours: one pinned table of charts, their images, what they own."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from aiinfra.catalogue.figure import read_data
from aiinfra.catalogue.find import vendor_of
from aiinfra.catalogue.instances import Instance


@dataclass(frozen=True, slots=True)
class OperatorImage:
    """One image that a chart starts."""

    name: str
    """In ``images.lock``."""
    upstream: str
    """Where a mirror takes it from."""
    values: str
    """Where the chart's values take it, with dots."""
    form: str
    """``digest``, ``tag`` or ``registry``: which keys stand there."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the table."""

    name: str
    about: str
    chart: str
    """Where a mirror takes it from: an OCI reference, or a chart repository and the chart's name."""
    version: str
    """Of the chart."""
    date: date
    """The day the row was read."""
    source: str
    namespace: str
    """Its own, as upstream documents it."""
    owns: tuple[str, ...]
    """API groups whose definitions come with it."""
    images: tuple[OperatorImage, ...]

    @property
    def locked(self) -> str:
        """Name of its chart in ``images.lock``."""
        return f"chart-{self.name}"

    @property
    def locks(self) -> tuple[str, ...]:
        """Names in ``images.lock``: the chart's, and that of each image it starts."""
        return (self.locked, *(image.name for image in self.images))


def operators_for(instance: Instance, *, scale_to_zero: bool, watched: bool = False) -> tuple[Operator, ...]:
    """Those of a cluster whose machines that train are of that type, in the order they are installed; ``watched``:
    with what tells of their accelerators."""
    efa, machines = ("efa",) if instance.efa else (), ("karpenter",) if scale_to_zero else ()
    plugins = (*_plugins(instance), *(exporters_of(instance) if watched else ()))
    return tuple(operators()[name] for name in ("jobset", "kueue", "trainer", *plugins, *efa, *machines))


def exporters_of(instance: Instance) -> tuple[str, ...]:
    """Operators that turn what its accelerators do into metrics. For Neuron AWS publishes no chart of one, only a pod
    that must be privileged."""
    return ("dcgm",) if "nvidia" in _plugins(instance) else ()


def operators_to_serve(machines: Iterable[Instance], *, issues: bool) -> tuple[Operator, ...]:
    """Those of a cluster that serves on machines of these types; ``issues``: certificates are signed in it."""
    wanted = {"cert-manager"} if issues else set()
    wanted |= {name for instance in machines for name in _plugins(instance)}
    return tuple(row for name, row in operators().items() if name in wanted)


def _plugins(instance: Instance) -> tuple[str, ...]:
    vendor = vendor_of(instance)
    return {"NVIDIA": ("nvidia",), "AWS": ("neuron",)}.get(vendor, ())


@cache
def operators() -> Mapping[str, Operator]:
    """Every operator by name, in the order of the table."""
    rows: Mapping[str, Mapping[str, Any]] = tomllib.loads(read_data("operators.toml"))
    return MappingProxyType({name: _operator(name, row) for name, row in rows.items()})


def _operator(name: str, row: Mapping[str, Any]) -> Operator:
    images = tuple(OperatorImage(**image) for image in row["images"])
    rest = {key: value for key, value in row.items() if key not in ("images", "owns")}
    return Operator(name=name, images=images, owns=tuple(row["owns"]), **rest)
