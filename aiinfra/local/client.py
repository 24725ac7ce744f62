"""A small client of the Open Inference Protocol v2 over HTTP: enough to ask one model for predictions."""

import http.client
import json
import math
from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
from onnx import helper

from aiinfra.errors import AiinfraError
from aiinfra.model.dtypes import OF_ONNX
from aiinfra.release.golden import dtype_of
from aiinfra.server.config import split_address

_NUMPY: Final = {dtype.value: helper.tensor_dtype_to_np_dtype(kind) for kind, dtype in OF_ONNX.items()}
_TIMEOUT_S: Final = 30.0
HEADER: Final = "Inference-Header-Content-Length"


class Client:
    """One kept connection to one model. Use as a context manager."""

    def __init__(self, address: str, model: str) -> None:
        host, port = split_address(address)
        self._connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        self.path = f"/v2/models/{model}/infer"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def infer(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs by name for ``inputs`` by name. JSON where JSON can carry the values, else binary tensors.

        Raises:
            AiinfraError: ``request-failed``: no answer, or not the expected one; with the server's own words.
        """
        head, body = request_of(inputs)
        headers = {"Content-Type": "application/json"}
        if body:
            headers = {"Content-Type": "application/octet-stream", HEADER: str(len(head))}
        try:
            self._connection.request("POST", self.path, head + body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise AiinfraError(
                "request-failed", f"no answer to POST {self.path}: {reason}", "see the server's log"
            ) from None
        if response.status != 200:
            raise AiinfraError(
                "request-failed",
                f"POST {self.path} was answered {response.status}: {_said(content)}",
                "see the server's log",
            )
        try:
            return answer_of(content, response.headers.get(HEADER))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise _failed(f"the answer to POST {self.path} does not read: {error}") from None


def _failed(message: str) -> AiinfraError:
    return AiinfraError("request-failed", message, "see the server's log")


def _said(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")


def request_of(inputs: Mapping[str, np.ndarray]) -> tuple[bytes, bytes]:
    """The JSON part of a request, and its binary part (empty where JSON can carry every value)."""
    if all(_in_json(value) for value in inputs.values()):
        tensors = [{**_shape(name, value), "data": _plain(value)} for name, value in inputs.items()]
        return json.dumps({"inputs": tensors}).encode(), b""
    parts = {name: _raw(value) for name, value in inputs.items()}
    tensors = [
        {**_shape(name, value), "parameters": {"binary_data_size": len(parts[name])}} for name, value in inputs.items()
    ]
    head = {"inputs": tensors, "parameters": {"binary_data_output": True}}
    return json.dumps(head).encode(), b"".join(parts.values())


def _shape(name: str, value: np.ndarray) -> dict[str, Any]:
    return {"name": name, "datatype": dtype_of(value), "shape": list(value.shape)}


def _in_json(value: np.ndarray) -> bool:
    """FP16 and BF16 have no JSON form in the protocol, NaN and infinity none in JSON, nor bytes that are no text."""
    dtype = dtype_of(value)
    if dtype == "BYTES":
        try:
            _plain(value)
        except UnicodeDecodeError:
            return False
        return True
    return dtype not in ("FP16", "BF16") and (value.dtype.kind != "f" or bool(np.isfinite(value).all()))


def _plain(value: np.ndarray) -> list[Any]:
    if dtype_of(value) == "BYTES":
        return [item.decode() if isinstance(item, bytes) else str(item) for item in value.reshape(-1).tolist()]
    return value.reshape(-1).tolist()


def _raw(value: np.ndarray) -> bytes:
    if dtype_of(value) == "BYTES":
        items = [item.encode() if isinstance(item, str) else item for item in value.reshape(-1).tolist()]
        return b"".join(len(item).to_bytes(4, "little") + item for item in items)
    return np.asarray(value, order="C").tobytes()


def answer_of(content: bytes, head_length: str | None) -> dict[str, np.ndarray]:
    """The outputs of an answer, by name."""
    end = int(head_length) if head_length is not None else len(content)
    outputs: dict[str, np.ndarray] = {}
    at = end
    for tensor in json.loads(content[:end])["outputs"]:
        size = tensor.get("parameters", {}).get("binary_data_size")
        if size is None:
            outputs[tensor["name"]] = _array(tensor["datatype"], tensor["shape"], tensor["data"])
        else:
            outputs[tensor["name"]] = _from_raw(tensor["datatype"], tensor["shape"], content[at : at + size])
            at += size
    return outputs


def _array(datatype: str, shape: list[int], data: list[Any]) -> np.ndarray:
    if datatype == "BYTES":
        return np.array([str(item).encode() for item in data], dtype=np.object_).reshape(shape)
    values = [math.nan if item is None else item for item in data]  # how some servers write what JSON has no word for
    return np.array(values, dtype=_NUMPY[datatype]).reshape(shape)


def _from_raw(datatype: str, shape: list[int], raw: bytes) -> np.ndarray:
    if datatype != "BYTES":
        return np.frombuffer(raw, dtype=_NUMPY[datatype]).reshape(shape)
    items: list[bytes] = []
    at = 0
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 4], "little")
        items.append(raw[at + 4 : at + 4 + size])
        at += 4 + size
    return np.array(items, dtype=np.object_).reshape(shape)
