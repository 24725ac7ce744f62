"""Fits the coefficients of ``efficiency`` and ``hosts`` to published results, on rows marked ``fit`` alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiinfra.estimate.fit_language import fit_language
from aiinfra.estimate.fit_latency import fit_latency
from aiinfra.estimate.fit_power import fit_power
from aiinfra.estimate.fit_throughput import fit_throughput
from aiinfra.estimate.published import Row


def _served_alone(latency: Mapping[str, Any]) -> dict[str, Any]:
    """Throughput of plain CPUs, whose server gives each request one core: one core's share, with a wider range."""
    kept = {key: value for key, value in latency.items() if key != "scaling_loss"}
    return {**kept, "factor": round(latency["factor"] * 1.2, 3)}


def fit(rows: Sequence[Row]) -> Mapping[str, Any]:
    """All coefficients, from the rows marked ``fit``."""
    chosen = [row for row in rows if row.split == "fit"]
    latency = fit_latency(chosen)
    return {
        "throughput": fit_throughput(chosen)
        | {"cpu": _served_alone(latency["cpu"]), "unmeasured": {"share": 0.35, "factor": 3.0}},
        "latency": latency
        | {"unmeasured": {"kinds": latency["cpu"]["kinds"], "factor": max(3.0, latency["cpu"]["factor"])}},
        "language": fit_language(chosen) | {"unmeasured": {"share": 0.3, "factor": 2.5}},
        "power": fit_power(chosen),
    }
