"""Fits the watts of a node: its host's own, and its parts' share of their limit, by class of host."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiinfra.estimate.fit_cases import LEAST, STUDENT, solve
from aiinfra.estimate.hosts import Host, host_of
from aiinfra.estimate.published import Row


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
            base, share = (float(value) for value in solve(matrix, np.ones(len(nodes)), np.sqrt(weights), [0, 0]))
        missed = np.abs(np.log((base + share * limit) / truth))
        out[host.value] = {
            "host": round(base, 1),
            "share": round(share, 4),
            "factor": round(max(math.exp(float(np.quantile(missed, 0.9))), LEAST), 3),
            "systems": len(set(systems)),
        }
    spread = _host_factor(_nodes(rows, Host.SERVER), out[Host.SERVER.value]["share"])
    for host in (Host.EDGE_BOX, Host.WORKSTATION):
        out[host.value]["host_factor"] = spread
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


def _host_factor(nodes: Sequence[_Node], share: float) -> float:
    """The factor that 90 % of systems' own watts stay within either way: what is left of a node without its parts."""
    own: dict[str, list[float]] = {}
    for node in nodes:
        own.setdefault(node.system, []).append(max(node.watts - share * node.limit, 1.0))
    logs = [math.log(float(np.mean(watts))) for watts in own.values()]
    return round(math.exp(STUDENT[min(len(logs) - 1, len(STUDENT)) - 1] * float(np.std(logs, ddof=1))), 3)


def _capped_modules(rows: Sequence[Row], host: float) -> float:
    """Share of its default mode's watts that a module draws in the low-power runs of its maker."""
    shares = [
        (row.value - host) / row.count / (row.part.mode().watts.value or 1)
        for row in rows
        if row.metric == "node_power_offline" and row.capped and row.part is not None and row.part.modes
    ]
    return round(float(np.mean(shares)), 4)
