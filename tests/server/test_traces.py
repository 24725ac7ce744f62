"""Traces: what a collector gets, whose trace it joins, and that a missing collector troubles nobody."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from aiinfra.errors import BadInput
from aiinfra.server.grpc_messages import SERVICE, message
from tests.server.conftest import affine, configuration, floats, running
from tests.server.processes import Process, serving

BODY = json.dumps({"inputs": [floats(1, 2, 3, 4)]})
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@contextmanager
def collector() -> Iterator[tuple[str, list[Any]]]:
    """A receiver of OTLP over HTTP; its address, and the spans that came."""
    spans: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def infer(server: Process, flags: str | None, body: str = BODY) -> int:
    connection = HTTPConnection(server.addresses["http"], timeout=30)
    headers = {} if flags is None else {"traceparent": f"00-{TRACE}-{PARENT}-{flags}"}
    connection.request("POST", "/v2/models/m/infer", body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def infer_grpc(server: Process) -> None:
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 4]}
    raw = [np.zeros(4, np.float32).tobytes()]
    request = message("ModelInferRequest")(model_name="m", inputs=[tensor], raw_input_contents=raw)
    with grpc.insecure_channel(server.addresses["grpc"]) as channel:
        call = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        call(request.SerializeToString(), timeout=30, metadata=(("traceparent", f"00-{TRACE}-{PARENT}-01"),))


def test_a_collector_gets_spans_of_both_transports_in_their_callers_traces(tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    with collector() as (url, spans):
        sections = {"traces": {"endpoint": url, "sample": 1.0}, "grpc": {"address": "127.0.0.1:0"}}
        with serving(tmp_path, sections) as server:
            assert [infer(server, flags) for flags in ("01", "00", None)] == [200, 200, 200]
            assert infer(server, "01", "{}") == 400
            infer_grpc(server)
    found = []
    for span in spans:
        attributes = {one.key: one.value.string_value for one in span.attributes}
        joined = (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
        found.append((attributes["aiinfra.transport"], attributes["aiinfra.outcome"], joined))
        assert span.name == "infer"
        assert attributes["aiinfra.model"] == "m"
        assert span.end_time_unix_nano >= span.start_time_unix_nano
        assert set(attributes) <= {f"aiinfra.{key}" for key in ("transport", "outcome", "model", "version", "digest")}
    assert sorted(found) == [
        ("grpc", "answered", True),
        ("rest", "answered", False),
        ("rest", "answered", True),
        ("rest", "bad_request", True),
    ]


def test_what_is_not_sampled_is_not_sent(tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    with collector() as (url, spans), serving(tmp_path, {"traces": {"endpoint": url, "sample": 0.0}}) as server:
        assert [infer(server, None) for _ in range(5)] == [200] * 5
    assert spans == []


def test_without_a_collector_requests_are_answered_and_the_log_says_so(tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    with serving(tmp_path, {"traces": {"endpoint": "http://127.0.0.1:9", "sample": 1.0}}) as server:
        assert [infer(server, None) for _ in range(3)] == [200] * 3
    assert server.process.returncode == 0
    log = (tmp_path / "server.log").read_text()
    assert '"event":"traces-not-sent"' in log
    assert "Traceback" not in log


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4318", "ftp://a", "http://", "http://a:b"])
def test_an_endpoint_is_an_address(tmp_path: Path, endpoint: str) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    with pytest.raises(BadInput) as caught, running(configuration(tmp_path / "models", traces={"endpoint": endpoint})):
        pass
    assert caught.value.code == "traces-endpoint"
