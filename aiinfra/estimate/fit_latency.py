"""Fits the latency of one item: kernels, compute and memory on GPUs; a share by kind of work elsewhere.

CPUs are published with all cores on one item. What one core reaches is worked back from that (``scaling_loss``).

A class of which one device was published is carried to others of its class by how much GPUs of one generation gain
from a higher rate (``scaling``), and its range reaches from no gain to all of it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from aiinfra.estimate.efficiency import REFERENCE, kinds, together
from aiinfra.estimate.fit_cases import (
    STUDENT,
    Array,
    Case,
    Errors,
    cases,
    flat,
    left_out,
    mean_error,
    rounded,
    student_factor,
)
from aiinfra.estimate.fit_throughput import kinds_theta
from aiinfra.estimate.published import Row

GROWTH: Final = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
"""Exponents tried for how much less of a faster part one item fills; the one with the least error on devices left out
is taken."""
TERMS: Final = 3
"""Times of a GPU's formula, each with a coefficient."""

BATCHED: Final = 189.5
"""ResNet-50 items/s that onnxruntime served in batches on the system whose single items are the published CPU row of
``BATCHED_ON`` (187 to 192 in mlcommons/inference_results_v5.1@965182b03376): there each core has items of its own."""
BATCHED_ON: Final = "ryzen-7950x"


def _own_rate(case: Case) -> float:
    return case.rate * case.part.gpu_share


def _vector(case: Case, growth: float) -> list[float]:
    """Kernels of 1,000 cycles each, compute at the peak, weights at full bandwidth: each over the truth."""
    clock, bandwidth = case.part.clock.value or 1.0, case.part.bandwidth.value or 1.0
    parts = (
        case.work.layers * 1e3 / (clock * 1e9),
        case.work.operations / _own_rate(case) * (_own_rate(case) / REFERENCE) ** growth,
        case.work.weights / (bandwidth * 1e9),
    )
    return [part * 1e3 / case.row.value for part in parts]


def _non_negative(found: Sequence[Case], growth: float) -> Array:
    """Least squares of relative errors, no coefficient below zero: the best of all subsets, there being three."""
    matrix, ones = np.array([_vector(case, growth) for case in found]), np.ones(len(found))
    best, chosen = math.inf, np.zeros(TERMS)
    for subset in (s for size in (1, 2, 3) for s in itertools.combinations(range(TERMS), size)):
        theta, *_ = np.linalg.lstsq(matrix[:, subset], ones, rcond=None)
        missed = float(((matrix[:, subset] @ theta - ones) ** 2).sum())
        if (theta >= 0).all() and missed < best:
            best, chosen = missed, np.zeros(TERMS)
            chosen[list(subset)] = theta
    return chosen


def _missed(found: Sequence[Case], growth: float) -> Errors:
    def errors(inside: list[Case], outside: list[Case]) -> list[float]:
        theta = _non_negative(inside, growth)
        return [math.log(max(float(np.dot(_vector(case, growth), theta)), 1e-9)) for case in outside]

    return left_out(found, errors)


def _chosen(found: Sequence[Case]) -> float:
    """The exponent with the least error on devices left out."""
    return min(GROWTH, key=lambda one: (mean_error(_missed(found, one)), abs(one)))


def _missed_with_choice(found: Sequence[Case]) -> Errors:
    """The same where the exponent too is chosen without the device: what a range must hold."""

    def errors(inside: list[Case], outside: list[Case]) -> list[float]:
        growth = _chosen(inside)
        theta = _non_negative(inside, growth)
        return [math.log(max(float(np.dot(_vector(case, growth), theta)), 1e-9)) for case in outside]

    return left_out(found, errors)


def _scaling(found: Sequence[Case]) -> float:
    """How time falls with rate, t ~ rate ** -scaling, at equal work: 1 would be all of it."""
    matrix = np.array([[*kinds(case.work), math.log(_own_rate(case) / REFERENCE)] for case in found])
    theta, *_ = np.linalg.lstsq(matrix, np.array([math.log(case.row.value) for case in found]), rcond=None)
    return round(min(max(-float(theta[3]), 0.0), 1.0), 3)


def _lone(group: Sequence[Case], scaling: float, missed: Errors) -> dict[str, Any]:
    """One device: its share, how to carry it to another rate, and the error that carrying had on GPUs."""
    root = math.sqrt(float(np.mean([error * error for error in flat(missed)])))
    return {
        "kinds": rounded(kinds_theta(group)),
        "rate": float(f"{group[0].rate:.6g}"),
        "scaling": scaling,
        "factor": round(math.exp(STUDENT[len(missed) - 2] * root * math.sqrt(2)), 3),
        "devices": 1,
    }


def _scaling_loss(found: Sequence[Case]) -> float:
    """What each further core on one item loses: s in cores / (1 + s (cores - 1)) times one core's speed.

    From the system of which both single items and batches were published.
    """
    both = [case for case in found if case.part.name == BATCHED_ON]
    together = float(np.mean([1e3 / case.row.value for case in both])) / BATCHED
    return round((1 / together - 1) / ((both[0].part.cores or 1) - 1), 4)


def _plain(found: Sequence[Case]) -> dict[str, Any]:
    """Plain CPUs: the share that one core reaches, by kind of work, and what cores lose on one item together."""
    loss = _scaling_loss(found)
    alone = [replace(case, rate=case.rate * together(case.part.cores or 1, loss)) for case in found]
    spread = float(np.std([math.log(case.share) for case in alone], ddof=1)) * math.sqrt(1 + 1 / len(alone))
    return {
        "kinds": rounded(kinds_theta(alone)),
        "scaling_loss": loss,
        "factor": round(math.exp(STUDENT[len(alone) - 2] * spread), 3),
        "devices": len({case.device for case in alone}),
    }


def fit_latency(rows: Sequence[Row]) -> dict[str, Any]:
    """The ``latency`` part."""
    usable = cases(rows, "latency_p90_batch1")
    gpu = [case for case in usable if case.row.group in ("gpu", "jetson") and case.part.clock.known]
    growth, missed = _chosen(gpu), _missed_with_choice(gpu)
    theta = _non_negative(gpu, growth)
    shared = {
        "kernel_cycles": round(float(theta[0]) * 1e3, 1),
        "compute": round(float(theta[1]), 4),
        "growth": growth,
        "memory": round(float(theta[2]), 4),
        "factor": student_factor(missed, 1),
        "devices": len(missed),
        "left_out_mean_error": mean_error(missed),
    }
    plain = _plain([case for case in usable if case.row.group == "cpu"])
    lone = _lone([case for case in usable if case.row.group == "ai100"], _scaling(gpu), missed)
    return {"gpu": shared, "jetson": shared, "ai100": lone, "cpu": plain, "cpu-amx": plain}
