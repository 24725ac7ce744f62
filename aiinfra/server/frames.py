"""How the server and a worker process talk: a JSON header and raw tensors in one frame, over pipes.

The worker may be under the control of the model that it runs, so nothing of it is unpickled or trusted: sizes are
bounded, datatypes come from the table, and a frame that does not add up ends the worker.
"""

import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import orjson

from aiinfra.server.datatypes import DATATYPES, Datatype
from aiinfra.server.tensors import from_bytes, to_bytes

_PREFIX = struct.Struct(">IQ")
PREFIX_SIZE = _PREFIX.size
_MOST_HEADER = 1 << 20


def pack(header: dict[str, Any], tensors: Mapping[str, tuple[np.ndarray, Datatype]]) -> bytes:
    """A frame."""
    parts = []
    entries = []
    for name, (array, datatype) in tensors.items():
        raw = to_bytes(array, datatype)
        entries.append([name, datatype.name, list(array.shape), len(raw)])
        parts.append(raw)
    text = orjson.dumps({**header, "tensors": entries})
    body = b"".join(parts)
    return b"".join((_PREFIX.pack(len(text), len(body)), text, body))


def sizes(prefix: bytes, most: int) -> tuple[int, int]:
    """Lengths of a frame's header and body.

    Raises:
        ValueError: larger than a frame may be.
    """
    header, body = _PREFIX.unpack(prefix)
    if header > _MOST_HEADER or body > most:
        raise ValueError("the frame is too large")
    return header, body


def unpack(text: bytes, body: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A frame's header and tensors.

    Raises:
        ValueError, KeyError, TypeError, Refusal: it does not add up.
    """
    header = orjson.loads(text)
    tensors = {}
    at = 0
    for name, datatype, shape, length in header["tensors"]:
        if any(type(dimension) is not int or dimension < 0 for dimension in shape) or type(length) is not int:
            raise ValueError("a tensor's shape or length is no whole number")
        elements = 1
        for dimension in shape:
            elements *= dimension
        raw = memoryview(body)[at : at + length]
        tensors[str(name)] = from_bytes(raw, tuple(shape), elements, DATATYPES[datatype], "frame")
        at += length
    if at != len(body):
        raise ValueError("the frame's tensors are not as long as its body")
    return header, tensors


def read(stream: BinaryIO, most: int) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """The next frame of a blocking stream; None at its end."""
    prefix = stream.read(PREFIX_SIZE)
    if len(prefix) < PREFIX_SIZE:
        return None
    header, body = sizes(prefix, most)
    return unpack(stream.read(header), stream.read(body))
