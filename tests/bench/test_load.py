"""The load driver: it counts every answer, and a stall of the server shows in its percentiles."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiinfra.bench.driver import Driver
from aiinfra.bench.report import measure
from aiinfra.bench.request import Site, make_inputs
from aiinfra.errors import AiinfraError
from tests.server.conftest import affine, configuration, running


def test_a_real_server_under_both_kinds_of_load(tmp_path: Path) -> None:
    affine(tmp_path / "m/1/model.onnx")
    with running(configuration(tmp_path)) as server:
        check(f"http://127.0.0.1:{server.port}")


def check(url: str) -> None:
    for binary in (False, True):
        busy = measure(url, "m", connections=4, seconds=0.3, binary=binary, rows=2)
        assert busy.clean
        assert busy.outcome.rate > 10
    due = measure(url, "m", connections=4, seconds=0.5, rate=100)
    assert due.clean
    assert 45 <= len(due.outcome.latencies) <= 51
    assert "answered" in due.render()
    with pytest.raises(AiinfraError) as caught:
        measure(url, "absent")
    assert caught.value.code == "model-absent"


def test_a_real_server_over_grpc(tmp_path: Path) -> None:
    affine(tmp_path / "m/1/model.onnx")
    with running(configuration(tmp_path, grpc={"address": "127.0.0.1:0"}, limits={"rate": "40/s"})) as server:
        url = f"grpc://{server.server.addresses['grpc']}"
        due = measure(url, "m", connections=4, seconds=0.5, rate=50, rows=2)
        assert due.clean
        assert 20 <= len(due.outcome.latencies) <= 26
        assert due.as_json()["encoding"] == "grpc"
        busy = measure(url, "m", connections=4, seconds=1)
        assert busy.outcome.statuses.keys() == {"OK", "RESOURCE_EXHAUSTED"}
        assert not busy.clean
        assert f"{busy.outcome.statuses['RESOURCE_EXHAUSTED']} x RESOURCE_EXHAUSTED" in busy.render()
        with pytest.raises(AiinfraError) as caught:
            measure(url, "absent", seconds=0.1)
        assert caught.value.code == "model-absent"
        with pytest.raises(AiinfraError) as caught:
            measure(url, "m", binary=True)
        assert caught.value.code == "binary-over-grpc"


@contextmanager
def stub(stall_at: float, stall: float, status: str = "200 OK") -> Iterator[Site]:
    """A server of one connection that answers at once, but sleeps ``stall`` seconds once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            began, stalled = time.monotonic(), False
            with connection:
                while connection.recv(65536):
                    if not stalled and time.monotonic() - began > stall_at:
                        stalled = True
                        time.sleep(stall)
                    connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        yield Site("127.0.0.1", listening.getsockname()[1], None)
        thread.join()


def test_a_stall_is_felt_by_every_request_that_was_due_in_it() -> None:
    with stub(0.3, 0.4) as site:
        outcome = Driver(site, b"x").run(1.0, connections=1, rate=100)
    slow = [latency for latency in outcome.latencies if latency > 0.1]
    assert len(outcome.latencies) >= 95
    assert len(slow) >= 20  # a driver that waits for its connection would have seen one
    assert outcome.percentile(0.5) < 0.3


def test_refusals_are_counted_and_not_timed() -> None:
    with stub(9, 0, "503 Service Unavailable") as site:
        outcome = Driver(site, b"x").run(0.2, connections=1)
    assert set(outcome.statuses) == {"503"}
    assert outcome.latencies == []


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://x:99999", "http://x/path", "", "grpc://x"])
def test_what_is_no_server_address_is_refused(url: str) -> None:
    with pytest.raises(AiinfraError) as caught:
        measure(url, "m")
    assert caught.value.code == "url-invalid"


def test_inputs_follow_the_metadata() -> None:
    inputs = [
        {"name": "a", "datatype": "FP32", "shape": [-1, 3]},
        {"name": "b", "datatype": "INT64", "shape": [2]},
        {"name": "c", "datatype": "BYTES", "shape": [-1, -1]},
    ]
    feed = make_inputs({"inputs": inputs}, rows=5)
    assert {name: array.shape for name, array in feed.items()} == {"a": (5, 3), "b": (2,), "c": (5, 1)}
    assert (feed["a"] == make_inputs({"inputs": inputs}, rows=5)["a"]).all()
