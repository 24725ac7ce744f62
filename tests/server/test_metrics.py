"""What is seen: the metrics page, and the samples of inputs."""

import http.client
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from aiinfra.server.input_statistics import InputSample, InputStatistics
from tests.server.conftest import Running, Serve, affine, floats
from tests.server.exported import SERIES


def scrape(server: Running, path: str = "/metrics") -> tuple[int, dict[tuple[str, ...], float]]:
    connection = http.client.HTTPConnection(server.server.addresses["metrics"], timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        return answer.status, {}
    return 200, {
        (
            sample.name,
            *(value for key, value in sorted(sample.labels.items()) if key not in ("model", "version")),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_page_counts_what_was_asked_and_refused(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    server = serve(metrics={"address": "127.0.0.1:0"})
    for _ in range(3):
        server.infer({"inputs": [floats(*range(8))]})
    server.infer({"inputs": []})
    server.infer(b"x" * 10, "absent")
    status, samples = scrape(server)
    assert status == 200
    assert samples["aiinfra_requests_answered_total",] == 3
    assert samples["aiinfra_rows_total",] == 6
    assert samples["aiinfra_batches_total", "2"] == 3
    assert samples["aiinfra_request_seconds_count",] == 3
    assert samples["aiinfra_request_seconds_bucket", "+Inf"] == 3
    assert samples["aiinfra_refusals_total", "bad_request", "rest"] == 1
    assert samples["aiinfra_refusals_total", "not_found", "rest"] == 1
    assert samples["aiinfra_input_sampled_total", "x"] >= 8
    assert samples["aiinfra_input", "x", "most"] == 7
    assert scrape(server, "/v2")[0] == 404


def test_the_page_has_the_series_that_dashboards_read(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    server = serve(metrics={"address": "127.0.0.1:0"})
    server.infer({"inputs": [floats(*range(8))]})
    server.infer(b"x", "absent")
    found = {re.sub(r"_(bucket|sum|count)$", "", name) for (name, *_) in scrape(server)[1]}
    assert found - {"aiinfra_energy_joules_total"} == SERIES - {
        "aiinfra_energy_joules_total"
    }  # not every machine counts


def test_a_sample_is_the_same_however_it_is_cut() -> None:
    values = np.random.default_rng(1).normal(3, 2, 1000)
    whole, cut = InputSample(), InputSample()
    whole.add(values)
    for part in np.array_split(values, 7):
        cut.add(part)
    assert (cut.count, cut.least, cut.most, cut.buckets) == (1000, whole.least, whole.most, whole.buckets)
    assert cut.mean == pytest.approx(values.mean())
    assert cut.variance == pytest.approx(values.var())


@given(st.lists(st.floats(), min_size=1, max_size=50))
def test_any_floats_can_be_sampled(values: list[float]) -> None:
    sample = InputSample()
    array = np.array(values, np.float64)
    sample.add(array)
    finite = array[np.isfinite(array)]
    assert sample.missing == int(np.isnan(array).sum())
    assert sample.count == finite.size == sum(sample.buckets.values())


def test_looks_are_rare_and_small() -> None:
    statistics = InputStatistics()
    feed = {"x": np.ones(100_000, np.float32)}
    for now in range(0, 1_000_000_000, 10_000_000):
        statistics.look(feed, now)
    assert statistics.samples["x"].count == 10 * 4096
