"""Fits language models' throughput: few rows, so few slopes and a wide range."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from aiinfra.estimate.benchmarks import LANGUAGE
from aiinfra.estimate.fit_cases import RIDGE, Array, Case, conformal_factor, left_out, mean_error, solve, weights
from aiinfra.estimate.published import Row, rate_of
from aiinfra.estimate.work import WIDTH, Work


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
    return solve(matrix, target, weights(found), [0, RIDGE, RIDGE, RIDGE, RIDGE])


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
            "left_out_mean_error": mean_error(missed),
        },
        "cpu-amx": {
            "base": round(float(np.mean([math.log(case.share) for case in cpu])), 4),
            "factor": 1.5,
            "devices": len({case.device for case in cpu}),
        },
    }
