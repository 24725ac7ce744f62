"""Outputs to the body of a REST answer: JSON, or JSON followed by binary tensors."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from aiinfra.server import tensors
from aiinfra.server.ports import Model
from aiinfra.server.requests import InferRequest


class Encoder:
    """Writes the answers of one model version; the parts that never change are made once."""

    def __init__(self, name: str, version: str, session: Model) -> None:
        self._head = b'{"model_name":' + orjson.dumps(name) + b',"model_version":' + orjson.dumps(version)
        self._ports = session.by_output
        self._starts = {
            port.name: b'{"name":' + orjson.dumps(port.name) + b',"datatype":"' + port.datatype.name.encode() + b'"'
            for port in session.outputs
        }

    def encode(
        self, request: InferRequest, names: Sequence[str], values: Sequence[np.ndarray]
    ) -> tuple[bytes, int | None]:
        """The body, and the length of its JSON part where binary data follows (else None).

        Raises:
            Refusal: an output that cannot travel as asked (NaN, FP16 or BF16 in JSON).
        """
        parts = [self._head]
        if request.id:
            parts.append(b',"id":' + orjson.dumps(request.id))
        if request.parameters:
            parts.append(b',"parameters":' + orjson.dumps(request.parameters))
        tail: list[bytes] = []
        separator = b',"outputs":['
        binary = request.binary
        for name, value in zip(names, values, strict=True):
            start = self._starts[name] + b',"shape":' + _shape(value.shape)
            datatype = self._ports[name].datatype
            if binary is True or (binary and name in binary):  # type: ignore[operator]
                raw = tensors.to_bytes(value, datatype)
                tail.append(raw)
                parts.append(b'%b%b,"parameters":{"binary_data_size":%d}}' % (separator, start, len(raw)))
            else:
                parts.append(b'%b%b,"data":%b}' % (separator, start, tensors.to_json(value, datatype, name)))
            separator = b","
        parts.append(b"]}")
        if not tail:
            return b"".join(parts), None
        text = b"".join(parts)
        return b"".join((text, *tail)), len(text)


@lru_cache(maxsize=1024)
def _shape(shape: tuple[int, ...]) -> bytes:
    return b"[%b]" % ",".join(map(str, shape)).encode()


def dumps(document: Any) -> bytes:
    """JSON bytes of plain data."""
    return orjson.dumps(document)
