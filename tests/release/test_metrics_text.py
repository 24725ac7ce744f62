"""The part of Prometheus' query language that gates have over files means what it means in Prometheus."""

import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.errors import BadInput
from aiinfra.release.metrics_text import Series, evaluate, quantile, read_series

SERIES = [
    Series("failed_total", {"model": "m", "version": "4"}, 7),
    Series("failed_total", {"model": "m", "version": "5"}, 1),
    Series("answered_total", {"model": "m", "version": "5"}, 199),
    *[
        Series("seconds_bucket", {"version": version, "le": le}, count)
        for version in ("4", "5")
        for le, count in (("0.01", 50), ("0.1", 90), ("1", 100), ("+Inf", 100))
    ],
]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * -3", -9),
        ("2 - 3 - 4", -5),
        ("1e3 / .5", 2000),
        ("sum(failed_total)", 8),
        ("max(failed_total) - min(failed_total)", 6),
        ("avg(failed_total) * count(failed_total)", 8),
        ('failed_total{version="5"}', 1),
        ('sum(failed_total{version!="5", model=~"m|n"})', 7),
        ("sum(failed_total{version!~'4|6',})", 1),
        ('sum(failed_total{version=~"4.+"})', None),
        ('failed_total{version="5"} / (failed_total{version="5"} + answered_total{version="5"})', 0.005),
        ('sum(failed_total{version="6"}) / sum(answered_total)', None),
        ("sum(nothing)", None),
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("histogram_quantile(0.95, sum by (le) (seconds_bucket))", 0.55),
        ('histogram_quantile(0.25, sum by (le) (seconds_bucket{version="5"}))', 0.005),
        ('histogram_quantile(0.5, sum by (le) (seconds_bucket{version="7"}))', None),
    ],
)
def test_answers(query: str, value: float | None) -> None:
    assert evaluate(query, SERIES) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "'the end' is where a number"),
        ("rate(failed_total[5m])", "not understood"),
        ("rate(failed_total)", "rate() is not answered from files"),
        ("failed_total", "failed_total is 2 series: sum() them into one"),
        ("sum by (version) (failed_total)", "sum by is several numbers"),
        ("sum(sum(failed_total))", "sum() is over a metric here"),
        ("sum(failed_total", "')' should stand where 'the end' is"),
        ("1 2", "'2' is one thing too many"),
        ("failed_total{version=5}", "should be like version="),
        ("sum(failed_total{version=~'('})", "no regular expression"),
        ("histogram_quantile(2, sum by (le) (seconds_bucket))", "a number from 0 to 1"),
        ("histogram_quantile(0.5, seconds_bucket)", "'sum' should stand"),
        ("failed_total > 1", "not understood"),
        ("(" * 5000, "nested too deeply"),
        ("a{", "should be like version="),
    ],
)
def test_what_only_prometheus_can_answer_is_said(query: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        evaluate(query, SERIES)
    assert caught.value.code == "gate-query-unsupported"
    assert said in caught.value.message


@given(st.text(alphabet='sumax(){}=!~",.+-*/ 0159leby_failed_total', max_size=40))
def test_any_text_is_answered_or_refused(query: str) -> None:
    with suppress(BadInput):  # what else it raises fails the test
        evaluate(query, SERIES)


def test_quantiles_at_the_edges() -> None:
    assert math.isnan(quantile(0.5, {1.0: 0, math.inf: 0}))
    assert math.isnan(quantile(0.5, {1.0: 3}))
    assert quantile(0.99, {1.0: 1, math.inf: 10}) == 1.0
    assert quantile(0, {1.0: 1, math.inf: 1}) == 0.0


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "hall-1.prom"
    file.write_text('# TYPE a gauge\na{x="1"} 2\nb 3\n')
    assert read_series(file)[0] == Series("a", {"x": "1", "file": "hall-1"}, 2.0)
    file.write_text("a{ 2\n")
    for bad in (file, tmp_path / "none", tmp_path):
        with pytest.raises(BadInput) as caught:
            read_series(bad)
        assert caught.value.code == "metrics-unreadable"
