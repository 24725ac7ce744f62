"""Fits the coefficients of ``efficiency`` to published results, on rows marked ``fit`` alone.

Ranges come from leaving out whole devices: the coefficients are fitted without one device, and its rows
tell how wrong the estimate of a device never seen is (``conformal_factor``).
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.estimate.benchmarks import LANGUAGE
from aiinfra.estimate.efficiency import features, kinds
from aiinfra.estimate.hosts import Host, host_of
from aiinfra.estimate.published import Row, rate_of
from aiinfra.estimate.work import WIDTH, Work

Array = NDArray[np.float64]
RIDGE: Final = 0.03
"""Pull of slopes towards zero, so that eight devices do not decide too much."""
LEAST: Final = 1.15
"""No range is narrower than this factor either way: the same hardware differs by that from round to round."""

SAME_SILICON: Final = {
    "a100-mig-1g-10gb": "a100",
    "a100-pcie-80": "a100",
    "a100-sxm-80": "a100",
    "h100-sxm": "hopper",
    "h200-sxm": "hopper",
}
"""Devices of one die at one power are left out together: a test of transfer must not see the same chip."""


@dataclass(frozen=True, slots=True)
class Case:
    """A row whose part and rate the catalogue knows, with its work."""

    row: Row
    part: Accelerator
    work: Work
    rate: float
    """Operations a second of one part at its peak."""

    @property
    def device(self) -> str:
        """What is left out as one."""
        return SAME_SILICON.get(self.part.name, self.part.name)

    @property
    def share(self) -> float:
        """Part of the peak that the row reached; for latency, that one item reached."""
        seconds = self.row.value / 1e3 if self.row.metric == "latency_p90_batch1" else self.row.count / self.row.value
        return self.work.operations / self.rate / seconds


Errors = Mapping[str, Sequence[float]]
"""Device -> log errors of its rows on a fit without it."""


def cases(rows: Sequence[Row], metric: str) -> list[Case]:
    """The rows of a metric that can be fitted; language models are not among them."""
    found = []
    for row in rows:
        work, rate = row.work, rate_of(row)
        if row.metric == metric and row.part is not None and work is not None and rate is not None:
            found.append(Case(row, row.part, work, rate))
    return found


def conformal_factor(errors: Errors) -> float:
    """The factor of a 90 % range from the log errors of each device on the fit without it.

    Conformal over devices, since rows of one device err together: each device counts with the 90 % quantile
    of its rows, and of d such numbers the ceil(0.9 (d + 1))-th smallest is taken, the largest for d below nine.
    """
    wide = sorted(float(np.quantile(np.abs(list(values)), 0.9)) for values in errors.values())
    rank = min(math.ceil(0.9 * (len(wide) + 1)), len(wide))
    return round(math.exp(max(wide[rank - 1], math.log(LEAST))), 3)


def lone_factor(errors: Errors) -> float:
    """The factor for a class with one device, where nothing can be left out.

    The 90 % quantile over all rows of ``errors``, times the square root of three: one device says little.
    """
    return round(math.exp(float(np.quantile(np.abs(_flat(errors)), 0.9)) * math.sqrt(3)), 3)


def left_out(found: Sequence[Case], errors: Callable[[list[Case], list[Case]], list[float]]) -> Errors:
    """Log errors on each device from a fit without it."""
    out: dict[str, list[float]] = {}
    for name in sorted({case.device for case in found}):
        inside = [case for case in found if case.device != name]
        if inside:
            out[name] = errors(inside, [case for case in found if case.device == name])
    return out


def _flat(errors: Errors) -> list[float]:
    return [error for values in errors.values() for error in values]


def _mean_error(errors: Errors) -> float:
    return round(float(np.mean([abs(math.exp(error) - 1) for error in _flat(errors)])), 4)


def _weights(found: Sequence[Case]) -> Array:
    """Every device counts the same for each benchmark, however many systems it was published in."""
    keys = [(case.part.name, case.row.benchmark) for case in found]
    return np.array([1 / math.sqrt(keys.count(key)) for key in keys])


def _solve(matrix: Array, target: Array, weights: Array, ridge: Sequence[float]) -> Array:
    scaled = matrix * weights[:, None]
    normal = scaled.T @ scaled + np.diag(np.array(ridge) + 1e-9)
    return np.asarray(np.linalg.solve(normal, scaled.T @ (target * weights)), dtype=np.float64)


def _rounded(values: Array) -> list[float]:
    return [round(float(value), 4) for value in values]


def _gpu_vector(case: Case) -> list[float]:
    shares = kinds(case.work)
    slopes = features(case.part, case.work, case.row.dtype) or (0.0, 0.0, 0.0)
    return [*shares, shares[1] * (case.row.round >= 4.1), *slopes]


def _gpu_theta(found: Sequence[Case]) -> Array:
    """Three kinds, software, and three slopes, in the order of ``efficiency``."""
    matrix = np.array([_gpu_vector(case) for case in found])
    target = np.array([math.log(case.share) for case in found])
    return _solve(matrix, target, _weights(found), [0, 0, 0, RIDGE, RIDGE, RIDGE, RIDGE])


def _gpu_errors(inside: list[Case], outside: list[Case]) -> list[float]:
    theta = _gpu_theta(inside)
    return [float(np.dot(_gpu_vector(case), theta)) - math.log(case.share) for case in outside]


def _kinds_theta(found: Sequence[Case]) -> Array:
    """One share a kind of work; a kind that no row shows takes the mean of the others."""
    matrix = np.array([kinds(case.work) for case in found])
    target = np.array([math.log(case.share) for case in found])
    mean = float(np.mean(target))
    return _solve(matrix, target - mean, _weights(found), [1e-6] * 3) + mean


def _kinds_errors(inside: list[Case], outside: list[Case]) -> list[float]:
    theta = _kinds_theta(inside)
    return [float(np.dot(kinds(case.work), theta)) - math.log(case.share) for case in outside]


def fit_throughput(rows: Sequence[Row]) -> dict[str, Any]:
    """The ``throughput`` part of the coefficients."""
    usable = cases(rows, "throughput_offline")
    gpu = [case for case in usable if case.row.group == "gpu" and features(case.part, case.work, case.row.dtype)]
    theta, errors = _gpu_theta(gpu), left_out(gpu, _gpu_errors)
    shared = {"software": round(float(theta[3]), 4), "slopes": _rounded(theta[4:])}
    out: dict[str, Any] = {
        "gpu": {
            "kinds": _rounded(theta[:3]),
            **shared,
            "factor": conformal_factor(errors),
            "devices": len(errors),
            "left_out_mean_error": _mean_error(errors),
        }
    }
    jetson = [case for case in usable if case.row.group == "jetson"]
    offset = float(np.mean([math.log(case.share) - float(np.dot(_gpu_vector(case), theta)) for case in jetson]))
    out["jetson"] = {
        "kinds": _rounded(theta[:3] + offset),
        **shared,
        "factor": lone_factor(errors),
        "devices": len({case.device for case in jetson}),
    }
    alone = lone_factor(left_out(gpu, _kinds_errors))
    for name in ("ai100", "cpu-amx"):
        group = [case for case in usable if case.row.group == name]
        missed = left_out(group, _kinds_errors)
        several = len({case.device for case in group}) > 1
        out[name] = {
            "kinds": _rounded(_kinds_theta(group)),
            "factor": conformal_factor(missed) if several else alone,
            "devices": len({case.device for case in group}),
        }
        if several:
            out[name]["left_out_mean_error"] = _mean_error(missed)
    return out


def _latency_vector(case: Case) -> list[float]:
    """Kernels of 1,000 cycles each, compute at the peak, weights at full bandwidth: each over the truth."""
    clock, bandwidth = case.part.clock.value or 1.0, case.part.bandwidth.value or 1.0
    parts = (
        case.work.layers * 1e3 / (clock * 1e9),
        case.work.operations / (case.rate * case.part.gpu_share),
        case.work.weights / (bandwidth * 1e9),
    )
    return [part * 1e3 / case.row.value for part in parts]


def _non_negative(found: Sequence[Case]) -> Array:
    """Least squares of relative errors, no coefficient below zero: the best of all subsets, there being three."""
    matrix, ones = np.array([_latency_vector(case) for case in found]), np.ones(len(found))
    best, chosen = math.inf, np.zeros(3)
    for subset in (s for size in (1, 2, 3) for s in itertools.combinations(range(3), size)):
        theta, *_ = np.linalg.lstsq(matrix[:, subset], ones, rcond=None)
        missed = float(((matrix[:, subset] @ theta - ones) ** 2).sum())
        if (theta >= 0).all() and missed < best:
            best, chosen = missed, np.zeros(3)
            chosen[list(subset)] = theta
    return chosen


def _latency_errors(inside: list[Case], outside: list[Case]) -> list[float]:
    theta = _non_negative(inside)
    return [math.log(max(float(np.dot(_latency_vector(case), theta)), 1e-9)) for case in outside]


def fit_latency(rows: Sequence[Row]) -> dict[str, Any]:
    """The ``latency`` part: kernels, compute and memory on GPUs; a share a kind elsewhere."""
    usable = cases(rows, "latency_p90_batch1")
    gpu = [case for case in usable if case.row.group in ("gpu", "jetson") and case.part.clock.known]
    theta, missed = _non_negative(gpu), left_out(gpu, _latency_errors)
    shared = {
        "kernel_cycles": round(float(theta[0]) * 1e3, 1),
        "compute": round(float(theta[1]), 4),
        "memory": round(float(theta[2]), 4),
        "factor": conformal_factor(missed),
        "devices": len(missed),
        "left_out_mean_error": _mean_error(missed),
    }
    out: dict[str, Any] = {"gpu": shared, "jetson": shared}
    for name in ("ai100", "cpu"):
        group = [case for case in usable if case.row.group == name]
        spread = float(np.std([math.log(case.share) for case in group]))
        out[name] = {
            "kinds": _rounded(_kinds_theta(group)),
            "factor": round(max(math.exp(1.65 * spread), 1.5), 3),
            "devices": len({case.device for case in group}),
        }
    out["cpu-amx"] = out["cpu"]
    return out


def _language_cases(rows: Sequence[Row], group: str) -> list[Case]:
    found = []
    for row in rows:
        model, rate = LANGUAGE.get(row.benchmark), rate_of(row)
        if model and rate and row.part and row.metric == "throughput_offline" and row.group == group:
            work = Work(
                name=model.name,
                operations=model.operations,
                parameters=model.parameters,
                weights=model.parameters * WIDTH[row.dtype],
                activations=0.0,
                traffic=0.0,
                layers=model.layers,
                operators=model.layers,
                convolution=0.0,
                dtype=row.dtype,
            )
            found.append(Case(row, row.part, work, rate))
    return found


def _language_vector(case: Case) -> list[float]:
    intensity = case.rate / ((case.part.bandwidth.value or 1.0) * 1e9) * WIDTH[case.row.dtype]
    size = min(case.work.parameters, 70e9) / 70e9
    software, vendor = float(case.row.round >= 5), float(case.part.vendor == "AMD")
    return [1.0, math.log(intensity / 500), math.log(size), software, vendor]


def _language_theta(found: Sequence[Case]) -> Array:
    matrix = np.array([_language_vector(case) for case in found])
    target = np.array([math.log(case.share) for case in found])
    return _solve(matrix, target, _weights(found), [0, RIDGE, RIDGE, RIDGE, RIDGE])


def _language_errors(inside: list[Case], outside: list[Case]) -> list[float]:
    theta = _language_theta(inside)
    return [float(np.dot(_language_vector(case), theta)) - math.log(case.share) for case in outside]


def fit_language(rows: Sequence[Row]) -> dict[str, Any]:
    """The ``language`` part: base, intensity, size, software and vendor on GPUs; one share on CPUs."""
    gpu, cpu = _language_cases(rows, "gpu"), _language_cases(rows, "cpu-amx")
    theta, missed = _language_theta(gpu), left_out(gpu, _language_errors)
    names = ("base", "intensity", "size", "software")
    return {
        "gpu": {
            **{name: round(float(value), 4) for name, value in zip(names, theta, strict=False)},
            "platform": {"AMD": round(float(theta[4]), 4)},
            "factor": conformal_factor(missed),
            "devices": len(missed),
            "left_out_mean_error": _mean_error(missed),
        },
        "cpu-amx": {
            "base": round(float(np.mean([math.log(case.share) for case in cpu])), 4),
            "factor": 1.5,
            "devices": len({case.device for case in cpu}),
        },
    }


@dataclass(frozen=True, slots=True)
class _Node:
    system: str
    watts: float
    limit: float
    """Watts of all its parts at their limit."""


def _nodes(rows: Sequence[Row], host: Host) -> list[_Node]:
    found = []
    for row in rows:
        part = row.part
        if row.metric != "node_power_offline" or part is None or part.power.value is None:
            continue
        if host_of(part, row.count, row.cpu) is host and not (row.capped and part.modes):
            found.append(_Node(row.system + (" capped" if row.capped else ""), row.value, part.power.value * row.count))
    return found


def fit_power(rows: Sequence[Row]) -> dict[str, Any]:
    """The ``power`` part: watts of the host and share of the parts' own limit, by class of host."""
    out: dict[str, Any] = {}
    for host in (Host.SOC, Host.EDGE_BOX, Host.WORKSTATION, Host.SERVER):
        nodes = _nodes(rows, host)
        systems = [node.system for node in nodes]
        weights = np.array([1 / systems.count(name) for name in systems])
        limit, truth = np.array([node.limit for node in nodes]), np.array([node.watts for node in nodes])
        base, share = float(np.average(truth - limit, weights=weights)), 1.0
        if host is Host.SERVER:
            matrix = np.stack([np.ones(len(nodes)), limit], axis=1) / truth[:, None]
            base, share = (float(value) for value in _solve(matrix, np.ones(len(nodes)), np.sqrt(weights), [0, 0]))
        missed = np.abs(np.log((base + share * limit) / truth))
        out[host.value] = {
            "host": round(base, 1),
            "share": round(share, 4),
            "factor": round(max(math.exp(float(np.quantile(missed, 0.9))), LEAST), 3),
            "systems": len(set(systems)),
        }
    board = _nodes(rows, Host.BASEBOARD)
    ratio = {
        capped: float(np.mean([n.watts / n.limit for n in board if n.system.endswith(" capped") is capped]))
        for capped in (True, False)
    }
    out[Host.BASEBOARD.value] = {
        "host": 0.0,
        "share": round(ratio[False], 4),
        "capped": round(ratio[True] / ratio[False], 4),
        "factor": 1.3,
        "systems": 2,
    }
    out[Host.SOC.value]["capped"] = _capped_modules(rows, out[Host.SOC.value]["host"])
    return out


def _capped_modules(rows: Sequence[Row], host: float) -> float:
    """Share of its default mode's watts that a module draws in the low-power runs of its maker."""
    shares = [
        (row.value - host) / row.count / (row.part.mode().watts.value or 1)
        for row in rows
        if row.metric == "node_power_offline" and row.capped and row.part is not None and row.part.modes
    ]
    return round(float(np.mean(shares)), 4)


def _served_alone(latency: Mapping[str, Any]) -> dict[str, Any]:
    """Throughput of plain CPUs: no batched results are published, so one item's share, with a wider range."""
    return {**latency, "factor": round(latency["factor"] * 1.2, 3)}


def fit(rows: Sequence[Row]) -> Mapping[str, Any]:
    """All coefficients, from the rows marked ``fit``."""
    chosen = [row for row in rows if row.split == "fit"]
    latency = fit_latency(chosen)
    return {
        "throughput": fit_throughput(chosen)
        | {"cpu": _served_alone(latency["cpu"]), "unmeasured": {"share": 0.35, "factor": 3.0}},
        "latency": latency | {"unmeasured": {"kinds": latency["cpu"]["kinds"], "factor": 3.0}},
        "language": fit_language(chosen) | {"unmeasured": {"share": 0.3, "factor": 2.5}},
        "power": fit_power(chosen),
    }
