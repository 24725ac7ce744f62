"""A small part of Prometheus' query language, over metrics in its text format.

For gates where there is no Prometheus: the same query means the same there. Numbers, ``+ - * /`` and brackets,
``sum min max avg count`` over the series that a selector picks, a selector that picks one series, and
``histogram_quantile(Q, sum by (le) (SELECTOR))``. What needs time (``rate``) needs a Prometheus.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiinfra.errors import BadInput

_LARGEST: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Series:
    """One line of metrics."""

    name: str
    labels: Mapping[str, str]
    value: float


def read_series(file: Path) -> list[Series]:
    """The series of a metrics file, each with the label ``file``: the file's name without its ending.

    Raises:
        BadInput: ``metrics-unreadable``.
    """
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - part of the [server] set

    try:
        if file.stat().st_size > _LARGEST:
            raise BadInput("metrics-unreadable", f"{file} is larger than 64 MiB", "name what a /metrics address gave")
        families = text_string_to_metric_families(file.read_text(encoding="utf-8"))
        return [
            Series(sample.name, {**sample.labels, "file": file.stem}, float(sample.value))
            for family in families
            for sample in family.samples
        ]
    except OSError as error:
        raise BadInput("metrics-unreadable", f"{file} cannot be read: {error.strerror}", "name a file") from None
    except (ValueError, KeyError, IndexError) as error:
        raise BadInput(
            "metrics-unreadable", f"{file} is not Prometheus' text format: {error}", "name what a /metrics address gave"
        ) from None


_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[a-zA-Z_:][\w:]*)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<sign>=~|!~|!=|[-+*/(){},=]))"""
)
_FOLDS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "sum": math.fsum,
    "min": min,
    "max": max,
    "avg": lambda values: math.fsum(values) / len(values),
    "count": lambda values: float(len(values)),
}


def evaluate(query: str, series: Iterable[Series]) -> float | None:
    """The query's number; None where a selector picks nothing, as Prometheus then gives nothing.

    Raises:
        BadInput: ``gate-query-unsupported``: it is not an expression, or one that only Prometheus can answer.
    """
    reader = _Reader(query, list(series))
    try:
        return reader.whole()
    except RecursionError:
        raise reader.no("nested too deeply") from None


class _Reader:
    """Reads and answers an expression, left to right."""

    def __init__(self, query: str, series: list[Series]) -> None:
        self._query = query
        self._series = series
        self._tokens = self._split(query)
        self._at = 0

    def _split(self, query: str) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        place = 0
        while query[place:].strip():
            match = _TOKEN.match(query, place)
            if match is None:
                raise self.no(f"{query[place:].strip()[:20]!r} is not understood")
            tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            place = match.end()
        return [*tokens, ("end", "")]

    def no(self, reason: str) -> BadInput:
        """The error that says why."""
        return BadInput(
            "gate-query-unsupported",
            f"{self._query!r}: {reason}",
            f"over files: numbers, + - * /, {', '.join(_FOLDS)} and histogram_quantile; for more, ask a --prometheus",
        )

    def _next(self) -> tuple[str, str]:
        found = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return found

    def _peek(self) -> str:
        return self._tokens[self._at][1]

    def _take(self, sign: str) -> None:
        kind, text = self._next()
        if text != sign or kind == "text":
            raise self.no(f"{sign!r} should stand where {text or 'the end'!r} is")

    def whole(self) -> float | None:
        value = self._sum()
        if self._tokens[self._at][0] != "end":
            raise self.no(f"{self._peek()!r} is one thing too many")
        return value

    def _sum(self) -> float | None:
        value = self._product()
        while self._peek() in ("+", "-"):
            sign = self._next()[1]
            other = self._product()
            value = None if value is None or other is None else value + other if sign == "+" else value - other
        return value

    def _product(self) -> float | None:
        value = self._factor()
        while self._peek() in ("*", "/"):
            sign = self._next()[1]
            other = self._factor()
            value = None if value is None or other is None else value * other if sign == "*" else _over(value, other)
        return value

    def _factor(self) -> float | None:
        kind, text = self._next()
        if kind == "number":
            return float(text)
        if text == "-":
            value = self._factor()
            return None if value is None else -value
        if text == "(":
            value = self._sum()
            self._take(")")
            return value
        if kind != "name":
            raise self.no(f"{text or 'the end'!r} is where a number or a metric should be")
        if self._peek() == "(" or (text in _FOLDS and self._peek() in ("by", "without")):
            return self._call(text)
        picked = self._selected(text)
        if len(picked) > 1:
            raise self.no(f"{text} is {len(picked)} series: sum() them into one")
        return picked[0].value if picked else None

    def _call(self, name: str) -> float | None:
        if name == "histogram_quantile":
            return self._quantile()
        if name not in _FOLDS or self._peek() != "(":
            raise self.no(
                f"{name}() is not answered from files" if name not in _FOLDS else f"{name} by is several numbers"
            )
        self._take("(")
        kind, metric = self._next()
        if kind != "name" or self._peek() == "(":
            raise self.no(f"{name}() is over a metric here, like {name}(aiinfra_rows_total)")
        values = [one.value for one in self._selected(metric)]
        self._take(")")
        return _FOLDS[name](values) if values else None

    def _quantile(self) -> float | None:
        self._take("(")
        kind, number = self._next()
        for sign in (",", "sum", "by", "(", "le", ")", "("):
            self._take(sign)
        metric = self._next()[1]
        picked = self._selected(metric)
        for sign in (")", ")"):
            self._take(sign)
        if kind != "number" or not 0 <= float(number) <= 1:
            raise self.no("histogram_quantile begins with a number from 0 to 1")
        buckets: dict[float, float] = {}
        for one in picked:
            if "le" in one.labels:
                bound = float(one.labels["le"])
                buckets[bound] = buckets.get(bound, 0.0) + one.value
        return quantile(float(number), buckets) if buckets else None

    def _selected(self, metric: str) -> list[Series]:
        tests = self._labels() if self._peek() == "{" else []
        return [one for one in self._series if one.name == metric and all(test(one.labels) for test in tests)]

    def _labels(self) -> list[Callable[[Mapping[str, str]], bool]]:
        self._take("{")
        tests: list[Callable[[Mapping[str, str]], bool]] = []
        while self._peek() != "}":
            (kind, label), (_, sign), (value_kind, quoted) = self._next(), self._next(), self._next()
            if kind != "name" or sign not in ("=", "!=", "=~", "!~") or value_kind != "text":
                raise self.no(f'{label + sign + quoted!r} should be like version="5"')
            tests.append(self._test(label, sign, re.sub(r"\\(.)", r"\1", quoted[1:-1])))
            if self._peek() != "}":
                self._take(",")
        self._take("}")
        return tests

    def _test(self, label: str, sign: str, value: str) -> Callable[[Mapping[str, str]], bool]:
        if "~" not in sign:
            return lambda labels: (labels.get(label, "") == value) == (sign == "=")
        try:
            pattern = re.compile(value)
        except re.error as error:
            raise self.no(f"{value!r} is no regular expression: {error}") from None
        return lambda labels: (pattern.fullmatch(labels.get(label, "")) is not None) == (sign == "=~")


def _over(value: float, other: float) -> float:
    """Division as IEEE 754 has it, and so Prometheus."""
    if other:
        return value / other
    return math.nan if not value or math.isnan(value) else math.copysign(math.inf, value)


def quantile(q: float, buckets: Mapping[float, float]) -> float:
    """The ``q``-quantile of a histogram with cumulative buckets, as Prometheus' ``histogram_quantile`` has it: linear
    within a bucket, the last bound where it falls into the open bucket, NaN without observations.
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or bounds[-1] != math.inf or not buckets[math.inf]:
        return math.nan
    rank = q * buckets[math.inf]
    index = next(i for i, bound in enumerate(bounds) if buckets[bound] >= rank)
    if bounds[index] == math.inf:
        return bounds[-2]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    low, below = (bounds[index - 1], buckets[bounds[index - 1]]) if index else (0.0, 0.0)
    inside = buckets[bounds[index]] - below
    return low + (bounds[index] - low) * ((rank - below) / inside if inside else 1.0)
