"""REST inference bodies to :class:`InferRequest`: JSON, or JSON followed by binary tensors.

Strict: a key that the protocol does not have, a key given twice, a value of another kind than its place wants, bytes
left over or missing are all refused.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from aiinfra.server import tensors
from aiinfra.server.config import Limits
from aiinfra.server.plans import Plans, Tensor
from aiinfra.server.ports import Model
from aiinfra.server.refusal import Kind, Refusal, bad
from aiinfra.server.requests import InferRequest, check_complete, check_output, check_ports, read_parameters

_REQUEST_KEYS = frozenset({"id", "parameters", "inputs", "outputs", "model_name", "model_version"})
"""The last two are no part of the protocol, but KServe's client sends them; they must agree with the path."""
_INPUT_KEYS = frozenset({"name", "shape", "datatype", "parameters", "data"})
_OUTPUT_KEYS = frozenset({"name", "parameters"})
_LEVELS_ABOVE_DATA = 3
"""A body's levels around a tensor's ``data`` list: the object, the list of inputs, the input."""


def decode(
    body: bytes,
    header_length: int | None,
    session: Model,
    limits: Limits,
    plans: Plans | None = None,
    *,
    model: tuple[str, str] = ("", ""),
) -> InferRequest:
    """Read one request body.

    ``header_length`` is the value of ``Inference-Header-Content-Length``: where the JSON ends and binary data begins;
    None where the whole body is JSON. ``plans`` remembers heads of binary requests: a client that sends the same
    shapes again pays for its bytes alone. ``model`` is the name and version that answer.

    Raises:
        Refusal: anything that is not exactly what the protocol describes.
    """
    if header_length is None:
        text: bytes = body
        known = plans.read_json(text) if plans is not None else None
    elif header_length > len(body):
        raise bad(f"inference-header-content-length is {header_length}, the body has {len(body)} bytes")
    else:
        text = body[:header_length]
        known = plans.read_binary(body, header_length) if plans is not None else None
    if known is not None:
        return known
    document = read_json(text)
    _only(document, _REQUEST_KEYS, "the request")
    if "model_name" in document or "model_version" in document:
        _check_names(document, model)
    inputs = document.get("inputs")
    if type(inputs) is not list:
        raise bad("inputs must be a list")
    reader = _Reader(body, text, session, limits)
    reader.keys = len(document)
    for given in inputs:
        reader.read_input(given)
    check_complete(session, reader.feed)
    if reader.at != len(body):
        raise bad(f"{len(body) - reader.at} bytes are left over after the last binary tensor")
    request = reader.read_rest(document)
    if text.count(b":") != reader.keys:
        _refuse_duplicates(text)
    if plans is not None:
        reader.leave_plan(plans, request)
    return request


def read_json(text: bytes) -> dict[str, Any]:
    """A JSON object; ``NaN``, ``Infinity``, numbers past a double and deep nesting are not JSON here."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise bad(f"the body is not JSON: {error.msg}") from None
    if type(document) is not dict:
        raise bad("the body must be a JSON object")
    return document


def _refuse_duplicates(text: bytes) -> None:
    """Colons beyond one a key: either text that holds colons, or a key that stands twice. The latter is refused."""

    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise bad("a key stands twice in one JSON object")
        return result

    json.loads(text, object_pairs_hook=unique)


class _Reader:
    """Reads one body in order: where an input's binary data begins depends on those before it."""

    __slots__ = ("_binary", "_body", "_json", "_limits", "_plain", "_session", "_text", "at", "feed", "keys")

    def __init__(self, body: bytes, text: bytes, session: Model, limits: Limits) -> None:
        self._body = body
        self._text = text
        self._session = session
        self._limits = limits
        self._plain = b"true" not in text and b"false" not in text
        self.at = len(text)
        """Where the next binary tensor begins."""
        self.keys = 0
        """Keys of all objects read so far."""
        self.feed: dict[str, np.ndarray] = {}
        self._binary: list[Tensor] = []
        self._json: list[Tensor] = []

    def read_input(self, given: Any) -> None:
        """Add one input to ``feed``."""
        _only(_object(given, "an input"), _INPUT_KEYS, "an input")
        name = _text(given.get("name"), "an input's name")
        shape = given.get("shape")
        if type(shape) is not list:
            raise bad(f"input {name!r}: shape must be a list")
        elements = tensors.count(shape, name, self._limits.elements)
        datatype = _text(given.get("datatype"), f"input {name!r}: datatype")
        port = check_ports(self._session, name, shape, datatype, self.feed)
        self.keys += len(given)
        size = None
        if "parameters" in given:
            parameters = _object(given["parameters"], f"input {name!r}: parameters")
            self.keys += len(parameters)
            _refuse_shared_memory(parameters, name)
            size = parameters.get("binary_data_size")
        if size is not None:
            if "data" in given:
                raise bad(f"input {name!r} has both data and binary_data_size")
            raw = self._next(size, name)
            self.feed[name] = tensors.from_bytes(raw, tuple(shape), elements, port.datatype, name)
            self._binary.append(Tensor(name, size, tuple(shape), elements, port.datatype))
            return
        if "data" not in given:
            raise bad(f"input {name!r} has neither data nor binary_data_size")
        data = given["data"]
        _check_depth(data, self._limits)
        self.feed[name] = tensors.from_json(data, tuple(shape), elements, port.datatype, name, plain=self._plain)
        self._json.append(Tensor(name, 0, tuple(shape), elements, port.datatype))

    def _next(self, size: Any, name: str) -> memoryview:
        """The next ``size`` bytes of binary data."""
        if type(size) is not int or size < 0:
            raise bad(f"input {name!r}: binary_data_size is a whole number of at least 0")
        left = len(self._body) - self.at
        if size > left:
            raise bad(f"input {name!r}: binary_data_size is {size}, the body has {left} bytes left")
        raw = memoryview(self._body)[self.at : self.at + size]
        self.at += size
        return raw

    def leave_plan(self, plans: Plans, request: InferRequest) -> None:
        """Remember the wording of this request, where that is enough to read the next one like it."""
        if not self._json:
            plans.keep_binary(self._text, self._binary, request)
        elif len(self._json) == 1 and not self._binary:
            plans.keep_json(self._text, self._json[0], request)

    def read_rest(self, document: dict[str, Any]) -> InferRequest:
        """The request around the inputs: id, parameters, outputs."""
        request = InferRequest(self.feed)
        if "parameters" in document:
            parameters = _object(document["parameters"], "parameters")
            self.keys += len(parameters)
            request.parameters, request.timeout = read_parameters(parameters)
            request.binary = _flag(parameters, "binary_data_output", default=False)
        if "id" in document:
            request.id = _text(document["id"], "id")
        if "outputs" in document:
            self.read_outputs(document["outputs"], request)
        return request

    def read_outputs(self, given: Any, request: InferRequest) -> None:
        """Which outputs are wanted, and which of them as binary data. An empty list wants all of them."""
        if type(given) is not list:
            raise bad("outputs must be a list")
        if len(given) > self._limits.outputs:
            raise Refusal(Kind.TOO_LARGE, f"more than {self._limits.outputs} outputs are asked for")
        names: list[str] = []
        binary = []
        for output in given:
            _only(_object(output, "an output"), _OUTPUT_KEYS, "an output")
            name = check_output(self._session, output.get("name"), names)
            names.append(name)
            parameters = _object(output.get("parameters", {}), f"output {name!r}: parameters")
            self.keys += len(output) + len(parameters)
            if parameters.get("classification"):
                raise bad(f"output {name!r}: classification is not supported")
            _refuse_shared_memory(parameters, name)
            if _flag(parameters, "binary_data", default=request.binary is True):
                binary.append(name)
        if names:
            request.outputs = names
            request.binary = frozenset(binary)


def _check_names(document: dict[str, Any], model: tuple[str, str]) -> None:
    for key, own in zip(("model_name", "model_version"), model, strict=True):
        if document.get(key) not in (None, own):
            raise bad(f"{key} is not the one in the path, {own!r}")


def _check_depth(data: Any, limits: Limits) -> None:
    depth = _LEVELS_ABOVE_DATA
    while type(data) is list:
        depth += 1
        if depth > limits.json_depth:
            raise bad(f"JSON is nested deeper than {limits.json_depth}")
        data = data[0] if data else None


def _refuse_shared_memory(parameters: dict[str, Any], name: str) -> None:
    if any(key.startswith("shared_memory") for key in parameters):
        raise bad(f"{name!r}: shared memory is not supported; send the tensor in the body")


def _only(document: dict[str, Any], allowed: frozenset[str], what: str) -> None:
    if not document.keys() <= allowed:
        unknown = next(key for key in document if key not in allowed)
        raise bad(f"{what} has no key {unknown[:64]!r}; it may have {', '.join(sorted(allowed))}")


def _object(value: Any, what: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise bad(f"{what} must be a JSON object")
    return value


def _text(value: Any, what: str) -> str:
    if type(value) is not str:
        raise bad(f"{what} must be text")
    return value


def _flag(parameters: dict[str, Any], key: str, *, default: bool) -> bool:
    value = parameters.get(key, default)
    if type(value) is not bool:
        raise bad(f"parameter {key!r} is true or false")
    return value
