"""What fitting to published results shares: the rows it can use, ranges from devices left out, and least squares.

Ranges come from leaving out whole devices: the coefficients are fitted without one device, and its rows
tell how wrong the estimate of a device never seen is.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.estimate.published import Row, rate_of
from aiinfra.estimate.work import Work

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
    return round(math.exp(float(np.quantile(np.abs(flat(errors)), 0.9)) * math.sqrt(3)), 3)


def left_out(found: Sequence[Case], errors: Callable[[list[Case], list[Case]], list[float]]) -> Errors:
    """Log errors on each device from a fit without it."""
    out: dict[str, list[float]] = {}
    for name in sorted({case.device for case in found}):
        inside = [case for case in found if case.device != name]
        if inside:
            out[name] = errors(inside, [case for case in found if case.device == name])
    return out


def flat(errors: Errors) -> list[float]:
    """All errors, whatever device they are of."""
    return [error for values in errors.values() for error in values]


def mean_error(errors: Errors) -> float:
    """Mean relative error: 0.12 is 12 %."""
    return round(float(np.mean([abs(math.exp(error) - 1) for error in flat(errors)])), 4)


def weights(found: Sequence[Case]) -> Array:
    """One weight a case: every device counts the same for each benchmark, however many systems it was published in."""
    keys = [(case.part.name, case.row.benchmark) for case in found]
    return np.array([1 / math.sqrt(keys.count(key)) for key in keys])


def solve(matrix: Array, target: Array, weights: Array, ridge: Sequence[float]) -> Array:
    """Weighted least squares, each coefficient pulled towards zero by its ``ridge``."""
    scaled = matrix * weights[:, None]
    normal = scaled.T @ scaled + np.diag(np.array(ridge) + 1e-9)
    return np.asarray(np.linalg.solve(normal, scaled.T @ (target * weights)), dtype=np.float64)


def rounded(values: Array) -> list[float]:
    """Plain numbers for the data file."""
    return [round(float(value), 4) for value in values]


STUDENT: Final = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812)
"""Student's t that 90 % of draws stay within either way, for 1 to 10 degrees of freedom."""


def student_factor(errors: Errors, parameters: int) -> float:
    """The factor of a 90 % range where devices are too few for a quantile: t times the root mean square of errors.

    The degrees of freedom are the devices less the formula's ``parameters``: rows of one device are one observation.
    """
    free = min(max(len(errors) - parameters, 1), len(STUDENT))
    root = math.sqrt(float(np.mean([error * error for error in flat(errors)])))
    return round(max(math.exp(STUDENT[free - 1] * root), LEAST), 3)
