"""Small models written with onnx, and a server that runs beside the test in a thread of its own."""

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from aiinfra.server.config import ServerConfig
from aiinfra.server.server import Server

Nodes = list[onnx.NodeProto]


def write_model(path: Path, nodes: Nodes, inputs: list[Any], outputs: list[Any], weights: list[Any] = []) -> Path:  # noqa: B006
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def value(name: str, kind: int, shape: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def identity(path: Path, kind: int = TensorProto.FLOAT, shape: list[Any] | None = None) -> Path:
    """y = x."""
    dims = ["N", 4] if shape is None else shape
    return write_model(
        path, [helper.make_node("Identity", ["x"], ["y"])], [value("x", kind, dims)], [value("y", kind, dims)]
    )


def affine(path: Path, factor: float = 2.0) -> Path:
    """y = x * factor, rows of four."""
    weight = numpy_helper.from_array(np.float32(factor), "factor")
    return write_model(
        path,
        [helper.make_node("Mul", ["x", "factor"], ["y"])],
        [value("x", TensorProto.FLOAT, ["N", 4])],
        [value("y", TensorProto.FLOAT, ["N", 4])],
        [weight],
    )


class Running:
    """A server in a thread; requests to it block."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self.loop = loop

    @property
    def port(self) -> int:
        return int(self.server.addresses["http"].rpartition(":")[2])

    def call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers (lower case), body: parsed where it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            payload = json.dumps(body) if isinstance(body, dict | list) else body
            connection.request(method, path, payload, headers or {})
            answer = connection.getresponse()
            raw = answer.read()
            fields = {name.lower(): text for name, text in answer.getheaders()}
            parsed = (
                json.loads(raw) if fields.get("content-type") == "application/json" and raw[:1] in (b"{", b"[") else raw
            )
            return answer.status, fields, parsed
        finally:
            connection.close()

    def infer(self, body: Any, model: str = "m", **headers: str) -> tuple[int, Any]:
        status, _, answer = self.request("POST", f"/v2/models/{model}/infer", body, headers)
        return status, answer


@contextmanager
def running(config: ServerConfig) -> Iterator[Running]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = Server(config)
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(60)
        try:
            yield Running(server, loop)
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def configuration(root: Path, **sections: Any) -> ServerConfig:
    """Unsigned models of ``root`` on a free loopback port; ``sections`` replace or add."""
    document: dict[str, Any] = {
        "repository": {"dir": str(root), "allow_unsigned": True},
        "http": {"address": "127.0.0.1:0"},
    }
    return ServerConfig.model_validate({**document, **sections})


Serve = Callable[..., Running]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a server over ``tmp_path/models`` with configuration sections as keywords; ended after the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **sections: stack.enter_context(running(configuration(tmp_path / "models", **sections)))


def floats(*values: float, name: str = "x", shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(values) // 4, 4], "datatype": "FP32", "data": list(values)}
