"""How far the estimates are from published results: row by row, then by device, by class, and beside two simpler
ways."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from aiinfra.estimate.published import Guess, Row, class_means, estimate_row, naive


@dataclass(frozen=True, slots=True)
class Result:
    """One row: what was published, what is estimated, and what the simpler ways say."""

    row: Row
    guess: Guess | None
    """None where a figure the estimate needs is unknown."""
    naive: float | None
    """The roofline at full efficiency."""
    class_mean: float | None
    """The roofline times the mean share of its class and benchmark on the rows marked ``fit``."""

    @property
    def error(self) -> float | None:
        """(estimate - truth) / truth."""
        return None if self.guess is None else self.guess.value / self.row.value - 1

    @property
    def inside(self) -> bool:
        """Whether the truth is in the stated range."""
        return self.guess is not None and self.guess.low <= self.row.value <= self.guess.high

    @property
    def half_width(self) -> float:
        """Half of the range, relative to the estimate."""
        return 0.0 if self.guess is None else (self.guess.high - self.guess.low) / 2 / self.guess.value


@dataclass(frozen=True, slots=True)
class Score:
    """How a group of rows did. Errors are absolute and relative: 0.12 is 12 %."""

    name: str
    rows: int
    estimated: int
    """Rows with an estimate; the others' figures are unknown."""
    mean: float
    median: float
    worst: float
    covered: float
    """Part of the truths inside the stated 90 % ranges."""
    half_width: float
    """Median half-width of the ranges."""
    naive: float
    """Mean error of the roofline at full efficiency."""
    class_mean: float
    """Mean error of the class's mean share."""


def compare(rows: Sequence[Row]) -> list[Result]:
    """Every row with its estimate."""
    means = class_means(rows)
    results = []
    for row in rows:
        plain = naive(row)
        share = means.get((row.metric, row.group, row.benchmark))
        scaled = None if plain is None or share is None else plain * share
        results.append(Result(row, estimate_row(row), plain, scaled))
    return results


def score(name: str, results: Sequence[Result]) -> Score:
    """The score of a group; figures are zero where no row has an estimate."""
    errors = [abs(result.error) for result in results if result.error is not None]
    known = [result for result in results if result.guess is not None]
    return Score(
        name=name,
        rows=len(results),
        estimated=len(known),
        mean=mean(errors) if errors else 0.0,
        median=median(errors) if errors else 0.0,
        worst=max(errors, default=0.0),
        covered=sum(result.inside for result in known) / len(known) if known else 0.0,
        half_width=median(result.half_width for result in known) if known else 0.0,
        naive=_mean_of(known, lambda result: result.naive),
        class_mean=_mean_of(known, lambda result: result.class_mean),
    )


def _mean_of(results: Iterable[Result], of: Callable[[Result], float | None]) -> float:
    errors = [abs(value / result.row.value - 1) for result in results if (value := of(result)) is not None]
    return mean(errors) if errors else 0.0


def by(results: Iterable[Result], key: Callable[[Row], str]) -> Mapping[str, list[Result]]:
    """Results grouped, in order of the group's name."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(key(result.row), []).append(result)
    return dict(sorted(groups.items()))
