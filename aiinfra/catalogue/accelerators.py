"""Accelerators a model can run on, CPUs among them: rates, memory, power modes, names in Kubernetes."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from aiinfra.catalogue.figure import Figure, Source, figure, read_data, unknown
from aiinfra.errors import BadInput, did_you_mean

RATE_TYPES = ("fp32", "fp16", "bf16", "fp8", "fp4", "int8")
"""Element types a rate is kept for, widest first."""


@dataclass(frozen=True, slots=True)
class PowerMode:
    """A limit the part can be set to: its watts, and what is left of the peak rate and of the memory bandwidth.

    The shares of Jetson modules come from the clocks and powered cores in NVIDIA's own power model files.
    """

    name: str
    watts: Figure
    rate: float = 1.0
    bandwidth: float = 1.0


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One part. Rates are dense, in 10^12 operations a second at the part's full power; CPUs count all ``cores``."""

    name: str
    vendor: str
    title: str
    kind: str
    """gpu, npu, asic, soc (memory shared with its CPU) or cpu."""
    form: str
    """datacenter, workstation or edge."""
    architecture: str
    """Of the host it usually sits in: amd64 or arm64; an image of that architecture is needed."""
    memory: Figure
    """GB (10^9 bytes) the model can use; unknown for CPUs, whose host decides."""
    bandwidth: Figure
    """GB/s to that memory."""
    rates: Mapping[str, Figure]
    """Element type -> rate. A type that is absent is one the part does not do, or that nobody published."""
    power: Figure
    """W of the board, module or socket at its limit."""
    idle: Figure
    """W with nothing loaded."""
    context_idle: Figure
    """W that a loaded model adds to ``idle`` while no request comes."""
    price: Figure
    """USD to buy one, list price."""
    clock: Figure
    """GHz at boost: what the time of small kernels follows."""
    process: Figure
    """nm of the manufacturing node, as its maker names it: what energy an operation takes follows."""
    width: Figure
    """INT8 operations of one multiprocessor in a cycle: wide ones need more reuse to stay busy."""
    ambient: Figure
    """Highest air temperature the maker allows, degrees Celsius."""
    execution_providers: tuple[str, ...]
    """onnxruntime's providers, best first; empty where onnxruntime cannot use the part."""
    resource: str | None
    """Kubernetes resource name, ``nvidia.com/gpu``; None for CPUs and parts without a device plugin."""
    runtime_class: str
    """Kubernetes RuntimeClass its pods need; empty: none."""
    efficiency: str
    """Class of measured efficiency it belongs to; empty where none was measured."""
    compiler: str = ""
    """What compiles a model for it where stock onnxruntime cannot."""
    vllm: bool = True
    """Whether vLLM runs on it, itself or by a plug-in of its list of hardware."""
    modes: Mapping[str, PowerMode] = field(default_factory=dict)
    """Power modes by name; empty: it has one."""
    default_mode: str = ""
    """The mode meant where a tier names none."""
    cores: int | None = None
    """CPU cores the rates stand for; None for parts that are not CPUs."""
    gpu_share: float = 1.0
    """Part of the INT8 rate that is the GPU's own; onnxruntime leaves the deep-learning accelerators beside it
    alone."""
    whole_machine: bool = False
    """Whether ``power`` is that of the whole machine, so that no host is added to it."""
    memory_shared: bool = False
    """Whether the host's programs use the same memory."""
    interconnect: str = "pcie"
    """Link between parts of one node: pcie, nvlink, neuronlink, infinity-fabric."""
    workers: int = 1
    """Processes that a training job runs on one part: the cores that its vendor's libraries show of it by default."""
    aliases: tuple[str, ...] = ()
    """Names that published results use for it."""
    notes: str = ""
    """What a reader should know."""

    def mode(self, name: str = "") -> PowerMode:
        """The power mode of that name, or the default; a part without modes has one, at its full power.

        Raises:
            BadInput: ``power-mode-unknown``.
        """
        wanted = name or self.default_mode
        if not wanted:
            return PowerMode("", self.power)
        if wanted not in self.modes:
            allowed = ", ".join(self.modes) or "none"
            raise BadInput(
                "power-mode-unknown",
                f"{self.name} has no power mode {wanted!r}{did_you_mean(wanted, tuple(self.modes))}",
                f"use one of: {allowed}",
            )
        return self.modes[wanted]

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Every figure by a dotted name, for lists, differences and age reports."""
        named = {
            name: getattr(self, name)
            for name in ("memory", "bandwidth", "power", "idle", "context_idle", "price", "clock", "ambient")
        }
        named |= {f"rates.{key}": value for key, value in self.rates.items()}
        return named | {f"modes.{key}.watts": mode.watts for key, mode in self.modes.items()}


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """Every accelerator and CPU tier that ships with the package, by name, in the data file's order."""
    table = tomllib.loads(read_data("accelerators.toml"))
    return MappingProxyType({name: accelerator(name, entry) for name, entry in table.items()})


@cache
def platforms() -> Mapping[str, Mapping[str, Any]]:
    """What families of accelerators share, by the name of the family."""
    return MappingProxyType(tomllib.loads(read_data("platforms.toml")))


_UNITS = {
    "memory": "GB",
    "bandwidth": "GB/s",
    "power": "W",
    "idle": "W",
    "context_idle": "W",
    "price": "USD",
    "clock": "GHz",
    "process": "nm",
    "width": "operations/cycle",
    "ambient": "C",
}
_PLAIN = {
    "vendor", "title", "platform", "kind", "form", "architecture", "aliases", "source", "confidence", "rates", "modes",
    "default_mode", "cores", "gpu_share", "whole_machine", "memory_shared", "interconnect", "notes", "workers",
}  # fmt: skip


def accelerator(name: str, entry: Mapping[str, Any], known: Mapping[str, Source] | None = None) -> Accelerator:
    """Read one accelerator as the data file writes it; a user's file has the same keys.

    Raises:
        BadInput: ``catalogue-invalid`` for keys that are missing or unknown, ``figure-invalid`` for a figure that does
            not hold.
    """
    where = f"accelerators.{name}"
    stray = set(entry) - _PLAIN - set(_UNITS)
    if stray:
        raise BadInput(
            "catalogue-invalid",
            f"{where}: no such key: {', '.join(sorted(stray))}",
            f"keys: {', '.join(sorted(_PLAIN | set(_UNITS)))}",
        )
    missing = {"title", "platform", "kind", "form", "source"} - set(entry)
    if missing:
        raise BadInput("catalogue-invalid", f"{where}: {', '.join(sorted(missing))} is missing", "add it")
    platform = platforms().get(entry["platform"])
    if platform is None:
        names = tuple(platforms())
        raise BadInput(
            "catalogue-invalid",
            f"{where}: platform {entry['platform']!r} is not known{did_you_mean(entry['platform'], names)}",
            f"use one of: {', '.join(names)}",
        )
    source, confidence = str(entry["source"]), str(entry.get("confidence", "low"))

    def read(raw: Any, unit: str, key: str) -> Figure:
        return figure(raw, unit, source, confidence, where=f"{where}.{key}", known=known)

    named = {key: read(entry[key], unit, key) if key in entry else unknown(unit) for key, unit in _UNITS.items()}
    modes = {key: _mode(key, raw, read) for key, raw in entry.get("modes", {}).items()}
    return Accelerator(
        name=name,
        vendor=entry.get("vendor", ""),
        title=entry["title"],
        kind=entry["kind"],
        form=entry["form"],
        architecture=entry.get("architecture", "amd64"),
        rates=MappingProxyType({key: read(raw, "T/s", f"rates.{key}") for key, raw in _rates(entry, where).items()}),
        execution_providers=tuple(platform["execution_providers"]),
        resource=platform["resource"] or None,
        runtime_class=platform["runtime_class"],
        efficiency=platform["efficiency"],
        compiler=platform.get("compiler", ""),
        vllm=platform.get("vllm", True),
        modes=MappingProxyType(modes),
        default_mode=entry.get("default_mode", ""),
        cores=entry.get("cores"),
        gpu_share=float(entry.get("gpu_share", 1.0)),
        whole_machine=entry.get("whole_machine", False),
        memory_shared=entry.get("memory_shared", False),
        interconnect=entry.get("interconnect", "pcie"),
        workers=int(entry.get("workers", 1)),
        aliases=tuple(entry.get("aliases", ())),
        notes=entry.get("notes", ""),
        **named,
    )


def _rates(entry: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    rates = entry.get("rates", {})
    stray = set(rates) - set(RATE_TYPES)
    if stray:
        raise BadInput(
            "catalogue-invalid",
            f"{where}.rates: {', '.join(sorted(stray))} is not an element type",
            f"use {', '.join(RATE_TYPES)}",
        )
    return rates


def _mode(name: str, raw: Mapping[str, Any], read: Any) -> PowerMode:
    return PowerMode(
        name=name,
        watts=read(raw["watts"], "W", f"modes.{name}.watts"),
        rate=float(raw.get("rate", 1.0)),
        bandwidth=float(raw.get("bandwidth", 1.0)),
    )
