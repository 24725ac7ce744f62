"""HTTP/2 as a careless or hostile client speaks it to the gRPC port, and HTTP/1.1 as curl does to the other."""

import json
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import h2.config
import h2.connection
import numpy as np
import pytest

from aiinfra.server.grpc_messages import SERVICE, message
from tests.server.conftest import affine, floats
from tests.server.processes import Process, serving

METHOD = f"/{SERVICE}/ModelInfer"
HEADERS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", METHOD),
    (":authority", "localhost"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]
GROWTH_KB = 128_000
"""What an attack may leave behind in buffers: half of what the flood below sends."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("abuse")
    affine(folder / "models/m/1/model.onnx")
    with serving(folder, {"grpc": {"address": "127.0.0.1:0"}}) as one:
        assert infer(one) == [2, 4, 6, 8]
        yield one


def infer(server: Process) -> list[float]:
    """What an honest client gets."""
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 4]}
    raw = [np.array([1, 2, 3, 4], np.float32).tobytes()]
    request = message("ModelInferRequest")(model_name="m", inputs=[tensor], raw_input_contents=raw)
    with grpc.insecure_channel(server.addresses["grpc"]) as channel:
        answer = channel.unary_unary(METHOD)(request.SerializeToString(), timeout=60)
    values: list[float] = np.frombuffer(
        message("ModelInferResponse").FromString(answer).raw_output_contents[0], np.float32
    ).tolist()
    return values


def connect(server: Process) -> tuple[socket.socket, Any]:
    host, _, port = server.addresses["grpc"].rpartition(":")
    plug = socket.create_connection((host, int(port)), timeout=60)
    link = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    link.initiate_connection()
    plug.sendall(link.data_to_send())
    return plug, link


def drain(plug: socket.socket, link: Any | None) -> None:
    """Read what the server says, without waiting, so that neither side stands still."""
    plug.setblocking(False)
    with suppress(BlockingIOError):
        data = plug.recv(1 << 16)
        if not data:
            raise ConnectionResetError
        if link is not None:
            link.receive_data(data)
            plug.setblocking(True)
            plug.sendall(link.data_to_send())
    plug.setblocking(True)


def test_streams_that_are_opened_and_reset_at_once_cost_little(server: Process) -> None:
    """Rapid reset (CVE-2023-44487): 20,000 streams, each cancelled before it is answered."""
    before = server.memory_kb()
    plug, link = connect(server)
    with plug, suppress(ConnectionError, h2.exceptions.ProtocolError):  # the server may well hang up on this
        for number in range(20_000):
            stream = link.get_next_available_stream_id()
            link.send_headers(stream, HEADERS)
            link.reset_stream(stream)
            plug.sendall(link.data_to_send())
            if number % 100 == 0:
                drain(plug, link)
    assert infer(server) == [2, 4, 6, 8]
    assert server.memory_kb() - before < GROWTH_KB


def test_a_head_that_never_ends_is_not_kept(server: Process) -> None:
    """CONTINUATION flood: a header block without an end, 256 MB of it. gRPC's core reads on but keeps none of it."""
    before = server.memory_kb()
    plug, _ = connect(server)
    # a literal header without indexing, name of one letter, value of 16,000
    block = b"\x00\x01a\x7f\x81\x7c" + b"a" * 16_000
    with plug, suppress(ConnectionError):
        first = struct.pack(">I", len(block))[1:] + b"\x01\x00" + struct.pack(">I", 1)
        more = struct.pack(">I", len(block))[1:] + b"\x09\x00" + struct.pack(">I", 1)
        plug.sendall(first + block)
        for _ in range(16_000):
            plug.sendall(more + block)
            drain(plug, None)
    assert infer(server) == [2, 4, 6, 8]
    assert server.memory_kb() - before < GROWTH_KB


def test_bytes_that_are_no_http_2_end_the_connection(server: Process) -> None:
    plug, _ = connect(server)
    with plug, suppress(ConnectionError):
        plug.sendall(b"\xff" * 4096)
        while plug.recv(4096):
            pass
    assert infer(server) == [2, 4, 6, 8]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on PATH")
def test_curl(server: Process, tmp_path: Path) -> None:
    url = f"http://{server.addresses['http']}/v2/models/m"

    def curl(*arguments: str, data: bytes | None = None) -> bytes:
        command = ["curl", "--silent", "--show-error", "--fail", "--max-time", "60", *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True, timeout=90).stdout

    body = json.dumps({"inputs": [floats(1, 2, 3, 4)]}).encode()
    expected = [2, 4, 6, 8]
    as_json = ["-H", "Content-Type: application/json", "--data-binary", "@-"]
    assert json.loads(curl(*as_json, f"{url}/infer", data=body))["outputs"][0]["data"] == expected
    chunked = ["-H", "Transfer-Encoding: chunked", *as_json]
    assert json.loads(curl(*chunked, f"{url}/infer", data=body))["outputs"][0]["data"] == expected
    waiting = ["-H", "Expect: 100-continue", *as_json]
    assert json.loads(curl(*waiting, f"{url}/infer", data=body))["outputs"][0]["data"] == expected
    assert json.loads(curl("--compressed", url))["name"] == "m"
    assert curl("--head", url).startswith(b"HTTP/1.1 200 OK")
    said = curl("--no-fail", "--output", "/dev/null", "--write-out", "%{http_code}", "--http2", url)
    assert said == b"400"  # asks for an upgrade in plain text; none is offered, and none is ignored
