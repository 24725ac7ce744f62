"""Fits throughput: shares of the peak by kind of work, with slopes over a datasheet's ratios on GPUs."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from aiinfra.estimate.efficiency import features, kinds
from aiinfra.estimate.fit_cases import (
    RIDGE,
    Array,
    Case,
    cases,
    conformal_factor,
    left_out,
    lone_factor,
    mean_error,
    rounded,
    solve,
    weights,
)
from aiinfra.estimate.published import Row


def _gpu_vector(case: Case) -> list[float]:
    shares = kinds(case.work)
    slopes = features(case.part, case.work, case.row.dtype) or (0.0, 0.0, 0.0)
    return [*shares, shares[1] * (case.row.round >= 4.1), *slopes]


def _gpu_theta(found: Sequence[Case]) -> Array:
    """Three kinds, software, and three slopes, in the order of ``efficiency``."""
    matrix = np.array([_gpu_vector(case) for case in found])
    target = np.array([math.log(case.share) for case in found])
    return solve(matrix, target, weights(found), [0, 0, 0, RIDGE, RIDGE, RIDGE, RIDGE])


def _gpu_errors(inside: list[Case], outside: list[Case]) -> list[float]:
    theta = _gpu_theta(inside)
    return [float(np.dot(_gpu_vector(case), theta)) - math.log(case.share) for case in outside]


def kinds_theta(found: Sequence[Case]) -> Array:
    """One share a kind of work; a kind that no row shows takes the mean of the others."""
    matrix = np.array([kinds(case.work) for case in found])
    target = np.array([math.log(case.share) for case in found])
    mean = float(np.mean(target))
    return solve(matrix, target - mean, weights(found), [1e-6] * 3) + mean


def _kinds_errors(inside: list[Case], outside: list[Case]) -> list[float]:
    theta = kinds_theta(inside)
    return [float(np.dot(kinds(case.work), theta)) - math.log(case.share) for case in outside]


def fit_throughput(rows: Sequence[Row]) -> dict[str, Any]:
    """The ``throughput`` part of the coefficients."""
    usable = cases(rows, "throughput_offline")
    gpu = [case for case in usable if case.row.group == "gpu" and features(case.part, case.work, case.row.dtype)]
    theta, errors = _gpu_theta(gpu), left_out(gpu, _gpu_errors)
    shared = {"software": round(float(theta[3]), 4), "slopes": rounded(theta[4:])}
    out: dict[str, Any] = {
        "gpu": {
            "kinds": rounded(theta[:3]),
            **shared,
            "factor": conformal_factor(errors),
            "devices": len(errors),
            "left_out_mean_error": mean_error(errors),
        }
    }
    jetson = [case for case in usable if case.row.group == "jetson"]
    offset = float(np.mean([math.log(case.share) - float(np.dot(_gpu_vector(case), theta)) for case in jetson]))
    out["jetson"] = {
        "kinds": rounded(theta[:3] + offset),
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
            "kinds": rounded(kinds_theta(group)),
            "factor": conformal_factor(missed) if several else alone,
            "devices": len({case.device for case in group}),
        }
        if several:
            out[name]["left_out_mean_error"] = mean_error(missed)
    return out
