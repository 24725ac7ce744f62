"""Tensors as they travel: JSON lists and raw bytes to numpy and back, with no silent coercion.

A value that its datatype cannot hold exactly as written is refused: 300 in INT8, 1.5 or ``true`` in INT32, ``"1"`` or
1e39 in FP32. (A decimal fraction is rounded to the nearest float of the datatype, as every JSON reader does.)
"""

import struct
from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import orjson

from aiinfra.server.datatypes import Datatype
from aiinfra.server.refusal import Kind, Refusal, bad

Shape = tuple[int, ...]


def count(shape: Sequence[Any], name: str, limit: int) -> int:
    """Elements of ``shape``: every dimension a whole number of at least 0, at most ``limit`` in all.

    Raises:
        Refusal: a dimension is no whole number, negative, or the product is past ``limit``. Python's integers do not
            wrap, so a product of huge dimensions is seen as what it is.
    """
    total = 1
    empty = False
    for dimension in shape:
        if type(dimension) is not int or dimension < 0:
            raise bad(f"input {name!r}: every dimension of shape is a whole number of at least 0")
        if dimension == 0:
            empty = True
            continue
        total *= dimension
        if total > limit:
            raise Refusal(Kind.TOO_LARGE, f"input {name!r}: more than {limit} elements")
    return 0 if empty else total


def from_json(data: Any, shape: Shape, elements: int, datatype: Datatype, name: str, *, plain: bool) -> np.ndarray:
    """The array of a JSON ``data`` list, flat or nested as ``shape`` says.

    ``plain`` promises that the text held neither ``true`` nor ``false``, which saves looking at each element's type.

    Raises:
        Refusal: the list does not fit ``shape`` or a value does not fit ``datatype``.
    """
    if not datatype.in_json:
        raise bad(f"input {name!r}: {datatype.name} cannot travel as JSON; send it as binary data")
    if type(data) is not list:
        raise bad(f"input {name!r}: data must be a list")
    if data and type(data[0]) is list:
        data = _flat(data, shape, name)
    if len(data) != elements:
        raise bad(f"input {name!r}: shape {list(shape)} asks for {elements} elements, data has {len(data)}")
    if datatype.typecode:
        return _floats(data, datatype, name, plain=plain).reshape(shape)
    return _exact(data, datatype, name).reshape(shape)


def _flat(data: list[Any], shape: Shape, name: str) -> list[Any]:
    """The elements of a nested list, row by row; every level must have the length that ``shape`` gives it."""
    rows: list[Any] = [data]
    for dimension in shape:
        for row in rows:
            if type(row) is not list or len(row) != dimension:
                raise bad(f"input {name!r}: data is not nested as shape {list(shape)} says")
        rows = list(chain.from_iterable(rows))
    return rows


def _floats(data: list[Any], datatype: Datatype, name: str, *, plain: bool) -> np.ndarray:
    if not plain and bool in set(map(type, data)):
        raise bad(f"input {name!r}: true and false are no {datatype.name} values")
    try:
        values = np.frombuffer(array(datatype.typecode, data), datatype.numpy)
    except (TypeError, OverflowError):
        raise bad(f"input {name!r}: every element of data must be a number that {datatype.name} can hold") from None
    if b"\0" in np.isfinite(values).tobytes():  # the same as `not all()`, at a third of its cost on small tensors
        raise bad(f"input {name!r}: a value is outside the range of {datatype.name}")
    return values


def _exact(data: list[Any], datatype: Datatype, name: str) -> np.ndarray:
    kinds = set(map(type, data))
    wanted: type = {"BOOL": bool, "BYTES": str}.get(datatype.name, int)
    if kinds and kinds != {wanted}:
        word = {bool: "true or false", str: "text", int: "a whole number"}[wanted]
        raise bad(f"input {name!r}: every element of {datatype.name} data must be {word}")
    try:
        return np.array(data, dtype=datatype.numpy)
    except OverflowError:
        raise bad(f"input {name!r}: a value is outside the range of {datatype.name}") from None


def from_bytes(raw: memoryview | bytes, shape: Shape, elements: int, datatype: Datatype, name: str) -> np.ndarray:
    """The array of raw little-endian ``raw``; a view of it where elements have one width.

    Raises:
        Refusal: the length is not what ``shape`` and ``datatype`` give, a BOOL byte is neither 0 nor 1, or a BYTES
            element is cut short or is not UTF-8.
    """
    if not datatype.width:
        return _texts(raw, elements, name).reshape(shape)
    if len(raw) != elements * datatype.width:
        raise bad(
            f"input {name!r}: {elements} elements of {datatype.name} are {elements * datatype.width} bytes, "
            f"not {len(raw)}"
        )
    values = np.frombuffer(raw, datatype.numpy)
    if datatype.name == "BOOL" and elements and values.view(np.uint8).max() > 1:
        raise bad(f"input {name!r}: a BOOL byte is 0 or 1")
    return values.reshape(shape)


def _texts(raw: memoryview | bytes, elements: int, name: str) -> np.ndarray:
    values: list[str] = []
    at, end = 0, len(raw)
    while at < end:
        if end - at < 4:
            raise bad(f"input {name!r}: BYTES data ends inside an element's length")
        (length,) = struct.unpack_from("<I", raw, at)
        at += 4
        if length > end - at:
            raise bad(f"input {name!r}: BYTES data ends inside an element")
        if len(values) == elements:
            raise bad(f"input {name!r}: BYTES data has more than {elements} elements")
        try:
            values.append(str(raw[at : at + length], "utf-8"))
        except UnicodeDecodeError:
            raise bad(f"input {name!r}: a BYTES element is not UTF-8 text") from None
        at += length
    if len(values) != elements:
        raise bad(f"input {name!r}: shape asks for {elements} BYTES elements, data has {len(values)}")
    result = np.empty(elements, dtype=object)
    result[:] = values
    return result


def to_bytes(values: np.ndarray, datatype: Datatype) -> bytes:
    """Raw little-endian bytes of ``values``; BYTES elements with their 4-byte length before them."""
    if datatype.width:
        return values.tobytes()
    texts = [text.encode() for text in values.ravel().tolist()]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def to_json(values: np.ndarray, datatype: Datatype, name: str) -> bytes:
    """The JSON list of ``values``, flat.

    Raises:
        Refusal: the datatype cannot travel as JSON, or a value is NaN or infinite, which JSON has no word for.
    """
    if not datatype.in_json:
        raise bad(f"output {name!r}: {datatype.name} cannot travel as JSON; ask for it as binary data")
    flat = values.reshape(-1)
    if not datatype.width:
        return orjson.dumps(flat.tolist())
    text = orjson.dumps(np.ascontiguousarray(flat), option=orjson.OPT_SERIALIZE_NUMPY)
    if datatype.typecode and b"null" in text:
        raise Refusal(
            Kind.UNPROCESSABLE, f"output {name!r} holds NaN or infinity, which JSON cannot carry; ask for binary data"
        )
    return text
