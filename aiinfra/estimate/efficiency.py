"""How much of a datasheet's peak work really reaches: coefficients fitted to published results, and the formulas they
enter.

Throughput of a GPU: share of the peak = exp(a + s x software - p x max(0, ln(L / ``KNEE``)) - w x ln(width / 4096) -
i x ln(intensity / 450)), where L = rate x energy / power says how far its power falls short of running at full rate
(energy an operation by manufacturing node, relative to 12 nm), width is the INT8 operations a multiprocessor does in
a cycle (only convolutions suffer from it), intensity is operations per byte of memory bandwidth, and a goes from
small convolution nets over large detectors to attention. Other parts have one share a kind of work. The form was
chosen by leaving out whole devices (``fitting``); the numbers are in ``catalogue/data/efficiency.json``.

Latency of one item: kernels x cycles / clock + operations / (share x rate) x (rate / ``REFERENCE``) ** growth + weights
/ (share x bandwidth) on GPUs, since one item fills less of a faster part; operations over a share of the rate else, on
CPUs a share of one core's, less what cores lose on one item together.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.figure import read_data
from aiinfra.estimate.work import Work

NODE_ENERGY: Final = {12: 1.0, 8: 0.65, 7: 0.45, 5: 0.31, 4: 0.28}
"""Energy of an operation by node, relative to 12 nm: an assumption. TSMC announced 30 % less power at equal speed
from 7 to 5 nm; the other steps are set by hand. What they do was checked by leaving devices out."""

KNEE: Final = 0.8
"""Load below which power does not hold a part back; chosen by leaving devices out."""

REFERENCE: Final = 2e14
"""Operations a second of the part that ``growth`` of the latency formula is relative to."""

KINDS: Final = ("convolution", "detection", "attention")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the peak, with the factor its 90 % range spans either way."""

    value: float
    factor: float
    devices: int
    """Kinds of device it was fitted on; 0: none, a guess with a wide range."""


@cache
def coefficients() -> Mapping[str, Any]:
    """The fitted numbers that ship with the package."""
    table: Mapping[str, Any] = json.loads(read_data("efficiency.json"))
    return table


def kinds(work: Work) -> tuple[float, float, float]:
    """How much of each of ``KINDS`` the work is; they add up to 1."""
    return work.convolution * (1 - work.scale), work.convolution * work.scale, 1 - work.convolution


def features(part: Accelerator, work: Work, dtype: str) -> tuple[float, float, float] | None:
    """(power shortfall, width, intensity) of a GPU as the formula takes them; None where a figure is unknown."""
    rate = part.rates.get("int8") or part.rates.get(dtype)
    figures = (rate, part.power, part.bandwidth, part.process, part.width)
    values = [None if figure is None else figure.value for figure in figures]
    if any(value is None or value == 0 for value in values):
        return None
    peak, power, bandwidth, process, width = (float(value or 0) for value in values)
    load = peak * NODE_ENERGY.get(int(process), 0.28) / power

    return (
        max(0.0, math.log(load / KNEE)),
        work.convolution * math.log(width / 4096),
        math.log(peak * 1e3 / bandwidth / 450),
    )


def throughput_share(part: Accelerator, work: Work, dtype: str, *, current_software: bool = True) -> Share:
    """The part of ``part``'s peak rate that batched work reaches.

    ``current_software`` is false for results from before 2024, when detectors ran slower on the same hardware.
    """
    classes = coefficients()["throughput"]
    fitted = classes.get(part.efficiency)
    if fitted is None:
        return Share(classes["unmeasured"]["share"], classes["unmeasured"]["factor"], 0)
    log_share = sum(w * a for w, a in zip(kinds(work), fitted["kinds"], strict=True))
    if "slopes" in fitted:
        found = features(part, work, dtype)
        if found is None:
            return Share(math.exp(log_share), fitted["factor"] * 1.3, fitted["devices"])
        log_share += sum(s * f for s, f in zip(fitted["slopes"], found, strict=True))
        log_share += fitted["software"] * kinds(work)[1] * current_software
    return Share(min(math.exp(log_share), 0.95), fitted["factor"], fitted["devices"])


def together(cores: float, loss: float) -> float:
    """The part of their rates that ``cores`` keep when they share one item."""
    return 1 / (1 + loss * max(cores - 1, 0.0))


def latency_seconds(
    part: Accelerator, work: Work, rate: float, bandwidth: float, clock: float, *, cores: float = 1.0
) -> tuple[float, float] | None:
    """(seconds for one item, factor of its range), with ``rate`` in operations/s, ``bandwidth`` in bytes/s, GHz
    ``clock``; of a CPU, ``cores`` are those that share the item, and ``rate`` is of all of them.

    The three are what the power mode leaves. None where the clock of a GPU is unknown.
    """
    classes = coefficients()["latency"]
    fitted = classes.get(part.efficiency)
    if fitted is None:
        fitted = classes["unmeasured"]
    if "kernel_cycles" in fitted:
        if not clock:
            return None
        kernels = work.layers * fitted["kernel_cycles"] / (clock * 1e9)
        compute = work.operations / rate * fitted["compute"] * (rate / REFERENCE) ** fitted["growth"]
        memory = work.weights / bandwidth * fitted["memory"] if bandwidth else 0.0
        return kernels + compute + memory, fitted["factor"]
    share = math.exp(sum(w * a for w, a in zip(kinds(work), fitted["kinds"], strict=True)))
    if "scaling" in fitted:
        return _carried(work.operations / share, rate, fitted)
    share *= together(cores, fitted.get("scaling_loss", 0.0))
    return work.operations / (share * rate), fitted["factor"]


def _carried(effort: float, rate: float, fitted: Mapping[str, Any]) -> tuple[float, float]:
    """(seconds, factor) on a part of another ``rate`` than the one device of its class that was published.

    Time follows rate ** -scaling; the range reaches from not at all to wholly, and the fitted error beside it.
    """
    apart = abs(math.log(rate / fitted["rate"]))
    unsure = max(fitted["scaling"], 1 - fitted["scaling"]) * apart
    seconds = effort / fitted["rate"] * (rate / fitted["rate"]) ** -fitted["scaling"]
    return seconds, math.exp(math.hypot(math.log(fitted["factor"]), unsure))


def language_share(
    part: Accelerator, rate: float, parameters: float, width: float, *, current_software: bool = True
) -> Share:
    """The part of ``rate`` (operations/s) a language model reaches when many requests are batched.

    Its weights are ``width`` bytes each. ``current_software`` is false for results from before 2025.
    """
    classes = coefficients()["language"]
    fitted, bandwidth = classes.get(part.efficiency), part.bandwidth.value
    if fitted is None or not bandwidth:
        return Share(classes["unmeasured"]["share"], classes["unmeasured"]["factor"], 0)
    log_share = fitted["base"]
    if "intensity" in fitted:
        intensity = rate / (bandwidth * 1e9) * width
        log_share += fitted["intensity"] * math.log(intensity / 500)
        log_share += fitted["size"] * math.log(min(parameters, 70e9) / 70e9)
        log_share += fitted["software"] * current_software
        log_share += fitted["platform"].get(part.vendor, 0.0)
    return Share(min(math.exp(log_share), 0.7), fitted["factor"], fitted["devices"])
