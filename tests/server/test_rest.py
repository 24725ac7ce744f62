"""REST, as a careful and as a careless or hostile client sees it."""

import gzip
import json
import socket
import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.server.conftest import Running, Serve, affine, floats, identity, value, write_model

KINDS = {
    "BOOL": (TensorProto.BOOL, [True, False, True, True], b"\1\0\1\1"),
    "UINT8": (TensorProto.UINT8, [0, 255, 1, 2], None),
    "UINT16": (TensorProto.UINT16, [0, 65535, 1, 2], None),
    "UINT32": (TensorProto.UINT32, [0, 2**32 - 1, 1, 2], None),
    "UINT64": (TensorProto.UINT64, [0, 2**64 - 1, 2**53 + 1, 2], None),
    "INT8": (TensorProto.INT8, [-128, 127, 1, 2], None),
    "INT16": (TensorProto.INT16, [-(2**15), 2**15 - 1, 1, 2], None),
    "INT32": (TensorProto.INT32, [-(2**31), 2**31 - 1, 1, 2], None),
    "INT64": (TensorProto.INT64, [-(2**63), 2**63 - 1, 2**53 + 1, -2], None),
    "FP32": (TensorProto.FLOAT, [0.1, -3.4e38, 1e-45, 2], None),
    "FP64": (TensorProto.DOUBLE, [0.1, -1.7e308, 5e-324, 2], None),
    "FP16": (TensorProto.FLOAT16, None, np.array([1, 2, -0.5, 65504], "<f2").tobytes()),
    "BF16": (TensorProto.BFLOAT16, None, np.array([0x3F80, 0x4000, 0x7F80, 1], "<u2").tobytes()),
    "BYTES": (
        TensorProto.STRING,
        ["", "a", "é:\u0000", '"x":1'],
        b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in ["", "a", "é:\u0000", '"x":1']),
    ),
}


def binary(
    raw: bytes, datatype: str = "FP32", shape: list[int] | None = None, **more: Any
) -> tuple[bytes, dict[str, str]]:
    head = {
        "inputs": [
            {"name": "x", "shape": shape or [1, 4], "datatype": datatype, "parameters": {"binary_data_size": len(raw)}}
        ],
        "parameters": {"binary_data_output": True},
        **more,
    }
    text = json.dumps(head).encode()
    return text + raw, {"Inference-Header-Content-Length": str(len(text))}


def split(headers: dict[str, str], body: bytes) -> tuple[dict[str, Any], bytes]:
    length = int(headers["inference-header-content-length"])
    return json.loads(body[:length]), body[length:]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from tests.server.conftest import configuration, running

    root = tmp_path_factory.mktemp("models")
    affine(root / "m/1/model.onnx")
    for datatype, (kind, _, _) in KINDS.items():
        identity(root / f"{datatype.lower()}/1/model.onnx", kind)
    limits = {
        "header": "4 KiB",
        "body": "2 MiB",
        "decompressed_body": "3 MiB",
        "elements": 1000,
        "chunks": 50,
        "idle": "1 s",
    }
    with running(configuration(root, limits=limits)) as server:
        yield server


@pytest.mark.parametrize("datatype", KINDS)
def test_every_datatype_comes_back_to_the_last_bit(plain: Running, datatype: str) -> None:
    _, data, raw = KINDS[datatype]
    if data is not None:
        status, answer = plain.infer(one(data, datatype), datatype.lower())
        assert status == 200, answer
        got = answer["outputs"][0]["data"]
        same = np.array_equal(np.float32(got), np.float32(data)) if datatype == "FP32" else got == data
        assert same, got
    if raw is None and datatype != "BYTES":
        raw = np.array(data, _numpy(datatype)).tobytes()
    payload, headers = binary(raw, datatype)
    status, fields, answer = plain.request("POST", f"/v2/models/{datatype.lower()}/infer", payload, headers)
    assert status == 200, answer
    document, tail = split(fields, answer)
    assert tail == raw
    assert document["outputs"][0]["parameters"] == {"binary_data_size": len(raw)}


def _numpy(datatype: str) -> str:
    return {"FP32": "<f4", "FP64": "<f8"}.get(datatype) or datatype.lower()


def one(data: Any, datatype: str = "FP32", shape: Any = None) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "shape": shape or [1, 4], "datatype": datatype, "data": data}]}


GOOD = [1, 2, 3, 4]
BAD_BODIES: dict[str, tuple[Any, int, str]] = {
    "empty": (b"", 400, "not JSON"),
    "no JSON": (b"hello", 400, "not JSON"),
    "NaN": (b'{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[NaN,1,1,1]}]}', 400, "not JSON"),
    "1e400": (b'{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1e400,1,1,1]}]}', 400, "not JSON"),
    "5,000 digits": (
        b'{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[' + b"9" * 5000 + b",1,1,1]}]}",
        400,
        "not JSON",
    ),
    "100,000 deep": (b"[" * 100_000, 400, "not JSON"),
    "1,000 deep": (b'{"inputs":' + b"[" * 1000 + b"]" * 1000 + b"}", 400, "must be a JSON object"),
    "a list": (b"[]", 400, "must be a JSON object"),
    "a key twice": (b'{"id":"a","id":"b","inputs":[]}', 400, "missing"),
    "an input's key twice": (
        b'{"inputs":[{"name":"x","shape":[1,4],"shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}',
        400,
        "stands twice",
    ),
    "unknown key": ({**one(GOOD), "output": []}, 400, "has no key 'output'"),
    "another model's name": ({**one(GOOD), "model_name": "other"}, 400, "not the one in the path"),
    "no inputs": ({}, 400, "inputs must be a list"),
    "inputs missing": ({"inputs": []}, 400, "input 'x' is missing"),
    "input twice": ({"inputs": [floats(*GOOD), floats(*GOOD)]}, 400, "given twice"),
    "unknown input": ({"inputs": [floats(*GOOD, name="z")]}, 400, "no input 'z'"),
    "input is text": ({"inputs": ["x"]}, 400, "must be a JSON object"),
    "wrong datatype": (one(GOOD, "FP64"), 400, "datatype is FP32"),
    "datatype is a number": (one(GOOD, 1), 400, "must be text"),  # type: ignore[arg-type]
    "shape is text": (one(GOOD, shape="14"), 400, "shape must be a list"),
    "shape of text": (one(GOOD, shape=["1", 4]), 400, "whole number"),
    "shape of booleans": (one(GOOD, shape=[True, 4]), 400, "whole number"),
    "negative dimensions": (one(GOOD, shape=[-1, -4]), 400, "whole number"),
    "wrapping product": (one(GOOD, shape=[2**62, 4]), 413, "elements"),
    "a billion rows without data": (one([], shape=[1_000_000_000, 4]), 413, "elements"),
    "huge and zero": (one([], shape=[2**63, 0, 2**63]), 413, "elements"),
    "wrong rank": (one(GOOD, shape=[4]), 400, "does not fit"),
    "wrong fixed dimension": (one(GOOD, shape=[2, 2]), 400, "does not fit"),
    "too few": (one([1, 2, 3]), 400, "asks for 4 elements"),
    "too many": (one([1, 2, 3, 4, 5]), 400, "asks for 4 elements"),
    "ragged": (one([[1, 2], [3]]), 400, "not nested"),
    "nested and flat": (one([[1, 2, 3], 4]), 400, "not nested"),
    "text in floats": (one(["1", 2, 3, 4]), 400, "must be a number"),
    "null in floats": (one([None, 2, 3, 4]), 400, "must be a number"),
    "true in floats": (one([True, 2, 3, 4]), 400, "no FP32 values"),
    "1e39 in FP32": (one([1e39, 2, 3, 4]), 400, "outside the range"),
    "data is a number": (one(5), 400, "data must be a list"),
    "no data": ({"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32"}]}, 400, "neither data"),
    "unknown output": ({**one(GOOD), "outputs": [{"name": "q"}]}, 400, "no output 'q'"),
    "output twice": ({**one(GOOD), "outputs": [{"name": "y"}, {"name": "y"}]}, 400, "asked for twice"),
    "100,000 outputs": ({**one(GOOD), "outputs": [{"name": "y"}] * 100_000}, 413, "more than 64 outputs"),
    "outputs is text": ({**one(GOOD), "outputs": "y"}, 400, "outputs must be a list"),
    "id is a number": ({**one(GOOD), "id": 7}, 400, "id must be text"),
    "sequence": ({**one(GOOD), "parameters": {"sequence_id": 5}}, 400, "not supported"),
    "nested parameter": ({**one(GOOD), "parameters": {"a": {}}}, 400, "must be text"),
    "classification": (
        {**one(GOOD), "outputs": [{"name": "y", "parameters": {"classification": 3}}]},
        400,
        "classification is not supported",
    ),
    "shared memory": (
        {"inputs": [{**floats(*GOOD), "parameters": {"shared_memory_region": "r"}}]},
        400,
        "shared memory is not supported",
    ),
    "binary_data_output is text": ({**one(GOOD), "parameters": {"binary_data_output": "yes"}}, 400, "true or false"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_gets_a_client_error_that_says_why(plain: Running, case: str) -> None:
    body, status, words = BAD_BODIES[case]
    got, answer = plain.infer(body)
    assert (got, words in answer["error"]) == (status, True), answer
    assert plain.infer(one(GOOD))[0] == 200


COERCED: list[tuple[str, list[Any]]] = [
    ("INT8", [300, 0, 0, 0]),
    ("INT8", [-129, 0, 0, 0]),
    ("INT32", [1.5, 0, 0, 0]),
    ("INT32", [1.0, 0, 0, 0]),
    ("INT32", ["1", 0, 0, 0]),
    ("INT32", [True, 0, 0, 0]),
    ("INT64", [2**63, 0, 0, 0]),
    ("UINT64", [-1, 0, 0, 0]),
    ("UINT64", [2**64, 0, 0, 0]),
    ("BOOL", [1, 0, 0, 0]),
    ("BOOL", ["true", True, True, True]),
    ("BYTES", [1, "a", "a", "a"]),
    ("BYTES", [None, "a", "a", "a"]),
]


@pytest.mark.parametrize(("datatype", "data"), COERCED)
def test_nothing_is_coerced(plain: Running, datatype: str, data: list[Any]) -> None:
    status, answer = plain.infer(one(data, datatype), datatype.lower())
    assert status == 400
    assert "data must be" in answer["error"] or "outside the range" in answer["error"]


SIZES: list[tuple[bytes, Any, str]] = [
    (b"\0" * 15, 15, "are 16 bytes"),
    (b"\0" * 15, 16, "15 bytes left"),
    (b"\0" * 17, 16, "left over"),
    (b"\0" * 16, -1, "at least 0"),
    (b"\0" * 16, 2**60, "bytes left"),
    (b"\0" * 16, 2**70, "at least 0"),
    (b"\0" * 16, "16", "at least 0"),
    (b"\0" * 16, True, "at least 0"),
]


@pytest.mark.parametrize(("raw", "size", "words"), SIZES)
def test_binary_data_is_exactly_as_long_as_it_says(plain: Running, raw: bytes, size: Any, words: str) -> None:
    status, answer = sized(plain, raw, size)
    assert status == 400
    assert words in answer["error"]


def sized(plain: Running, raw: bytes, size: Any) -> tuple[int, Any]:
    entry = {"name": "x", "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": size}}
    head = json.dumps({"inputs": [entry]}).encode()
    return plain.infer(head + raw, **{"Inference-Header-Content-Length": str(len(head))})


def test_a_boolean_byte_is_0_or_1(plain: Running) -> None:
    body, headers = binary(b"\0\1\2\0", "BOOL")
    assert plain.infer(body, "bool", **headers)[0] == 400


def test_a_models_own_name_may_stand_in_the_body(plain: Running) -> None:
    assert plain.infer({**one(GOOD), "model_name": "m", "model_version": None})[0] == 200


@pytest.mark.parametrize("length", ["999999", "-1", "1e3", "", "0x10", "9" * 30])
def test_a_wrong_header_length_is_refused(plain: Running, length: str) -> None:
    assert plain.infer(json.dumps(one(GOOD)), **{"Inference-Header-Content-Length": length})[0] == 400


@pytest.mark.parametrize(
    "raw", [b"\1\0\0", b"\5\0\0\0ab", b"\xff\xff\xff\xff", b"\0\0\0\0" * 5, b"\0\0\0\0" * 3, b"\1\0\0\0\xff" * 4]
)
def test_bytes_elements_are_whole_counted_and_text(plain: Running, raw: bytes) -> None:
    body, headers = binary(raw, "BYTES")
    assert plain.infer(body, "bytes", **headers)[0] == 400


def test_requested_outputs_id_and_parameters_are_echoed(plain: Running) -> None:
    body = {**one(GOOD), "id": "ä", "parameters": {"tag": "t", "n": 1}, "outputs": [{"name": "y"}]}
    status, answer = plain.infer(body)
    assert status == 200
    assert (answer["id"], answer["parameters"]) == ("ä", {"tag": "t", "n": 1})


def test_nested_data_is_taken_as_its_shape_says(plain: Running) -> None:
    assert plain.infer(one([[1, 2, 3, 4], [5, 6, 7, 8]], shape=[2, 4]))[1]["outputs"][0]["data"] == [
        2, 4, 6, 8, 10, 12, 14, 16,
    ]  # fmt: skip


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_bodies_are_compressed_both_ways(plain: Running, encoding: str, pack: Any) -> None:
    values = [0.5] * 1000
    body = pack(json.dumps(one(values, shape=[250, 4])).encode())
    headers = {"Content-Encoding": encoding, "Accept-Encoding": encoding}
    status, fields, answer = plain.request("POST", "/v2/models/m/infer", body, headers)
    assert status == 200
    assert fields["content-encoding"] == encoding
    assert json.loads(_unpack(encoding, answer))["outputs"][0]["data"] == [1.0] * 1000


def _unpack(encoding: str, body: Any) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return gzip.decompress(raw) if encoding == "gzip" else zlib.decompress(raw)


def test_damaged_cut_trailing_and_unknown_encodings_are_refused(plain: Running) -> None:
    whole = gzip.compress(json.dumps(one(GOOD)).encode())
    damaged = whole[:-8] + b"\0\0\0\0" + whole[-4:]
    for body, encoding, status in [
        (damaged, "gzip", 400),
        (whole[:-1], "gzip", 400),
        (whole + b"x", "gzip", 400),
        (b"x", "gzip", 400),
        (whole, "br", 415),
        (whole, "gzip, gzip", 415),
    ]:
        assert plain.infer(body, **{"Content-Encoding": encoding})[0] == status


def test_a_small_bomb_is_refused_before_it_grows(plain: Running) -> None:
    bomb = gzip.compress(b" " * (300 << 20))
    assert len(bomb) < 2 << 20
    status, answer = plain.infer(bomb, **{"Content-Encoding": "gzip"})
    assert (status, "after decompression" in answer["error"]) == (413, True)


def exchange(port: int, data: bytes, timeout: float = 8) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        got = b""
        with suppress(OSError):
            connection.sendall(data)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                got += chunk
        return got


def head(size: int) -> bytes:
    """A request whose head counts ``size``: target, then names, values and 4 a line."""
    fixed = b"GET /v2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    used = len("/v2") + len("hostx") + 4 + len("connectionclose") + 4
    return fixed + b"a: " + b"b" * (size - used - 1 - 4) + b"\r\n\r\n"


def status_of(raw: bytes) -> int:
    return int(raw.split(b" ", 2)[1])


def test_the_head_at_and_past_its_limit(plain: Running) -> None:
    assert status_of(exchange(plain.port, head(4096))) == 200
    assert status_of(exchange(plain.port, head(4097))) == 431
    endless = b"GET /v2 HTTP/1.1\r\nhost: x\r\na: " + b"b" * (4 << 20)
    assert status_of(exchange(plain.port, endless)) == 431


def test_header_lines_at_and_past_their_limit(plain: Running) -> None:
    def lines(count: int) -> bytes:
        extra = b"".join(b"a%d: b\r\n" % number for number in range(count - 2))
        return b"GET /v2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + extra + b"\r\n"

    assert status_of(exchange(plain.port, lines(100))) == 200
    assert status_of(exchange(plain.port, lines(101))) == 431


def test_the_body_at_and_past_its_limit(plain: Running) -> None:
    text = json.dumps(one(GOOD))
    assert plain.infer(text.ljust(2 << 20))[0] == 200
    assert plain.infer(text.ljust((2 << 20) + 1))[0] == 413
    assert plain.infer(gzip.compress(text.ljust(3 << 20).encode()), **{"Content-Encoding": "gzip"})[0] == 200
    assert plain.infer(gzip.compress(text.ljust((3 << 20) + 1).encode()), **{"Content-Encoding": "gzip"})[0] == 413
    assert plain.infer(b" " * (2 << 20), **{"Content-Length": str(2**62)})[0] == 413


def test_a_client_that_goes_on_sending_still_reads_its_refusal(plain: Running) -> None:
    """A connection closed with bytes unread is reset, and the reset takes the answer with it."""
    head = f"POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\ncontent-length: {4 << 20}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", plain.port), timeout=30) as client:
        client.sendall(head.encode())
        for _ in range(16):
            time.sleep(0.01)
            client.sendall(b" " * (256 << 10))
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert status_of(answer) == 413
    assert b"the body is longer than 2097152 bytes" in answer


def test_elements_at_and_past_their_limit(plain: Running) -> None:
    assert plain.infer(one([1] * 1000, shape=[250, 4]))[0] == 200
    assert plain.infer(one([1] * 1004, shape=[251, 4]))[0] == 413


def test_json_depth_at_and_past_its_limit(serve: Serve, tmp_path: Path) -> None:
    identity(tmp_path / "models/m/1/model.onnx", shape=["a"] * 6)
    server = serve(limits={"json_depth": 8})

    def nested(rank: int) -> Any:
        data: Any = 1.0
        for _ in range(rank):
            data = [data]
        return data

    assert server.infer(one(nested(5), shape=[1] * 5))[0] == 400  # the model's rank is 6
    assert server.infer({"inputs": [{"name": "x", "shape": [1] * 6, "datatype": "FP32", "data": nested(6)}]})[1][
        "error"
    ].startswith("JSON is nested deeper than 8")
    wider = serve(limits={"json_depth": 9})
    assert wider.infer(one(nested(6), shape=[1] * 6))[0] == 200


def chunked(count: int) -> bytes:
    text = json.dumps(one(GOOD)).encode().ljust(count)
    size = len(text) // count
    pieces = [text[at : at + size] for at in range(0, size * (count - 1), size)]
    pieces.append(text[size * (count - 1) :])
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return (
        b"POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n" + body
    )


def test_chunks_at_and_past_their_limit(plain: Running) -> None:
    assert status_of(exchange(plain.port, chunked(50))) == 200
    assert status_of(exchange(plain.port, chunked(51))) == 413


AMBIGUOUS = [
    b"GET /v2 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    b"GET /v2 HTTP/1.1\r\nhost: x\r\ncontent-length: +3\r\n\r\nabc",
    b"GET /v2 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nhost : x\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
    b"GET /v2 HTTP/9.9\r\nhost: x\r\n\r\n",
    b"GET /v2 HTTP/1.1\nhost: x\n a: b\n\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET /v2 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
]


@pytest.mark.parametrize("request_", AMBIGUOUS)
def test_what_could_be_read_two_ways_is_refused_and_the_connection_ends(plain: Running, request_: bytes) -> None:
    answer = exchange(plain.port, request_)
    assert 400 <= status_of(answer) < 500
    assert answer.count(b"HTTP/1.1 ") == 1


PATHS = [
    ("GET", "/", 404),
    ("GET", "/v1", 404),
    ("GET", "/v2/models/absent", 404),
    ("GET", "/v2/models/m/versions/9", 404),
    ("GET", "/v2/models/../m", 404),
    ("GET", "/v2/models/%2e%2e", 404),
    ("GET", "/v2/models/m%00", 404),
    ("GET", "/v2/models/m%2f1", 404),
    ("GET", "/v2/models/m%5c", 404),
    ("GET", "/v2/models/m.", 404),
    ("GET", "/v2/models/%ff", 400),
    ("GET", "/v2/models/" + "m" * 2000, 404),
    ("GET", "/v2?x=1", 400),
    ("GET", "/v2/models/m/infer", 405),
    ("POST", "/v2/models/m", 405),
    ("DELETE", "/v2", 405),
    ("GET", "/v2/systemsharedmemory/status", 404),
    ("POST", "/v2/repository/models/m/load", 403),
    ("POST", "/v2/repository/models/m/unload", 403),
]


@pytest.mark.parametrize(("method", "path", "status"), PATHS)
def test_other_paths_and_methods_get_their_status(plain: Running, method: str, path: str, status: int) -> None:
    assert plain.request(method, path)[0] == status


def test_a_slow_request_is_ended_and_a_silent_connection_closed(plain: Running) -> None:
    assert status_of(exchange(plain.port, b"POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\ncontent-le")) == 408
    assert exchange(plain.port, b"") == b""


def test_pipelined_requests_are_answered_in_order(plain: Running) -> None:
    one_request = b"GET /v2/health/%b HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    body = json.dumps(one(GOOD)).encode()
    infer = b"POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    got = exchange(plain.port, infer + one_request % b"ready" + last)
    assert [got.find(mark) for mark in (b'"outputs"', b'"ready"', b'"live"')] == sorted(
        got.find(mark) for mark in (b'"outputs"', b'"ready"', b'"live"')
    )
    assert got.count(b"HTTP/1.1 200") == 3


def test_connections_past_the_limit_are_dropped(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    server = serve(limits={"connections": 2})
    held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    try:
        for connection in held:
            connection.sendall(b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert exchange(server.port, b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n") == b""
    finally:
        for connection in held:
            connection.close()


def test_expect_continue_is_answered(plain: Running) -> None:
    body = json.dumps(one(GOOD)).encode()
    with socket.create_connection(("127.0.0.1", plain.port), timeout=60) as connection:
        connection.sendall(
            b"POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n"
            % len(body)
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_nan_in_an_answer_travels_as_binary_only(serve: Serve, tmp_path: Path) -> None:
    write_model(
        tmp_path / "models/m/1/model.onnx",
        [helper.make_node("Log", ["x"], ["y"])],
        [value("x", TensorProto.FLOAT, ["N", 4])],
        [value("y", TensorProto.FLOAT, ["N", 4])],
    )
    server = serve()
    status, answer = server.infer(one([-1, 1, 1, 1]))
    assert (status, "NaN or infinity" in answer["error"]) == (422, True)
    body, headers = binary(np.array([-1, 1, 1, 1], np.float32).tobytes())
    status, fields, raw = server.request("POST", "/v2/models/m/infer", body, headers)
    assert np.isnan(np.frombuffer(split(fields, raw)[1], np.float32)[0])
