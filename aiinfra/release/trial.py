"""The golden trial: a release runs its golden inputs before it answers anyone, and must give its golden outputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aiinfra.errors import AiinfraError
from aiinfra.release.golden import GoldenSet, dtype_of, read_golden
from aiinfra.release.manifest import GOLDEN, SELF_RECORDED, ReleaseManifest, Tolerance

Run = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
"""Runs the model once: arrays by input name in, arrays by output name out."""


@dataclass(frozen=True, slots=True)
class OutputTrial:
    """One output of one golden set."""

    set: str
    output: str
    elements: int
    wrong: int
    """Elements outside the tolerance."""
    max_difference: float | None
    """Largest absolute difference; None where the two cannot be subtracted (texts, other shapes, no answer)."""
    problem: str = ""
    """Why it failed; empty where it passed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of all golden sets."""

    outputs: tuple[OutputTrial, ...]
    origin: str
    """Where the golden outputs come from; ``self-recorded`` proves sameness only."""

    @property
    def passed(self) -> bool:
        """Whether every output of every set is within the tolerance."""
        return all(not output.problem for output in self.outputs)

    @property
    def self_recorded(self) -> bool:
        """Whether the golden outputs are the model's own."""
        return self.origin == SELF_RECORDED

    @property
    def max_difference(self) -> float | None:
        """Largest absolute difference over all outputs that could be compared."""
        return max((o.max_difference for o in self.outputs if o.max_difference is not None), default=None)

    @property
    def problem(self) -> str:
        """The first failure in words; empty where it passed."""
        return next((f"{o.set}: {o.output!r} {o.problem}" for o in self.outputs if o.problem), "")

    def require(self) -> None:
        """Raise where the trial failed.

        Raises:
            AiinfraError: ``golden-mismatch``.
        """
        if not self.passed:
            raise AiinfraError(
                "golden-mismatch",
                f"the model does not give its golden outputs: {self.problem}",
                "the runtime, or the model, is not the one that the goldens were made with; do not serve it",
            )


def try_release(folder: Path, run: Run) -> Trial:
    """Run every golden set of the release in ``folder`` through ``run`` and compare within the release's tolerance.

    Whatever ``run`` raises is a failed output, not an exception.

    Raises:
        BadInput: ``release-invalid``, ``golden-missing``, ``golden-invalid``.
    """
    manifest = ReleaseManifest.read(folder)
    sets = read_golden(folder / GOLDEN, manifest.inputs, manifest.outputs)
    outputs = [output for golden in sets for output in _try_set(golden, run, manifest.tolerance)]
    return Trial(tuple(outputs), manifest.golden.origin)


def _try_set(golden: GoldenSet, run: Run, tolerance: Tolerance) -> list[OutputTrial]:
    try:
        answered = run(dict(golden.inputs))
    except Exception as error:  # noqa: BLE001  # a model that cannot run has failed its trial, whatever it raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        return [
            OutputTrial(golden.name, name, v.size, v.size, None, f"failed: {reason}")
            for name, v in golden.outputs.items()
        ]
    return compare(golden.name, golden.outputs, answered, tolerance)


def compare(
    name: str, expected: Mapping[str, np.ndarray], answered: Mapping[str, np.ndarray], tolerance: Tolerance
) -> list[OutputTrial]:
    """Compare one set's answers with the expected ones. Two NaNs in the same place are equal."""
    return [_compare(name, output, value, answered.get(output), tolerance) for output, value in expected.items()]


def _compare(
    name: str, output: str, expected: np.ndarray, answered: np.ndarray | None, tolerance: Tolerance
) -> OutputTrial:
    def failed(problem: str) -> OutputTrial:
        return OutputTrial(name, output, expected.size, expected.size, None, problem)

    if answered is None:
        return failed("is not in the answer")
    if dtype_of(answered) != dtype_of(expected):
        return failed(f"is {dtype_of(answered)}, golden is {dtype_of(expected)}")
    if answered.shape != expected.shape:
        return failed(f"has shape {list(answered.shape)}, golden has {list(expected.shape)}")
    if dtype_of(expected) == "BYTES":
        right = np.array(
            [_bytes(a) == _bytes(e) for a, e in zip(answered.flat, expected.flat, strict=True)], dtype=bool
        )
        difference = None
    elif expected.dtype.kind in "iub":
        right = answered == expected
        # Python's integers: the difference of two uint64 must not wrap
        difference = float(
            max((abs(int(a) - int(e)) for a, e in zip(answered[~right], expected[~right], strict=True)), default=0)
        )
    else:
        right, difference = _close(answered.astype(np.float64), expected.astype(np.float64), tolerance)
    wrong = int(np.count_nonzero(~right))
    problem = ""
    if wrong:
        shown = "" if difference is None else f"; largest difference {difference:.6g}"
        allowed = f"{tolerance.absolute:g} + {tolerance.relative:g} of the value"
        problem = f"differs in {wrong} of {expected.size} values{shown} (allowed: {allowed})"
    return OutputTrial(name, output, expected.size, wrong, difference, problem)


def _close(answered: np.ndarray, expected: np.ndarray, tolerance: Tolerance) -> tuple[np.ndarray, float]:
    right = np.isclose(answered, expected, rtol=tolerance.relative, atol=tolerance.absolute, equal_nan=True)
    with np.errstate(invalid="ignore", over="ignore"):
        differences = np.abs(answered - expected)
    same = (answered == expected) | (np.isnan(answered) & np.isnan(expected))
    differences = np.where(same, 0.0, np.where(np.isnan(differences), np.inf, differences))
    return right, float(differences.max(initial=0.0))


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)
