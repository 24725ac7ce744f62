"""Requests whose wording was read before: what is the same in two requests need not be read twice.

A client sends the same text again and again, with other numbers in it. The reader leaves a plan of what it found, under
the text around the numbers; the next request with that very text is read by its plan: the numbers alone are new. A
plan is only left where the text decides everything else, so reading by plan and reading anew give the same result.
"""

from dataclasses import dataclass

import numpy as np
import orjson

from aiinfra.server import tensors
from aiinfra.server.datatypes import Datatype
from aiinfra.server.requests import InferRequest

_MOST = 256
_LONGEST = 2048
"""Longest text that is kept, in bytes; larger ones are no repeated wording but data."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input as the text describes it."""

    name: str
    size: int
    """Bytes of its binary data; 0 for an input whose data is JSON."""
    shape: tuple[int, ...]
    elements: int
    datatype: Datatype


@dataclass(frozen=True, slots=True)
class _Plan:
    tensors: tuple[Tensor, ...]
    """In the order of the data."""
    size: int
    """Bytes of all binary data."""
    request: InferRequest
    """All but the feed."""

    def asks(self, feed: dict[str, np.ndarray]) -> InferRequest:
        known = self.request
        return InferRequest(feed, known.id, known.outputs, known.binary, known.parameters, known.timeout)


class Plans:
    """The plans of one model version under one set of limits."""

    def __init__(self) -> None:
        self._binary: dict[bytes, _Plan] = {}
        self._json: dict[tuple[bytes, bytes], _Plan] = {}

    # -- all tensors binary: the whole JSON part is the wording --------------------------------------------------------

    def read_binary(self, body: bytes, header_length: int) -> InferRequest | None:
        """The request, where its JSON part is known; None: read it anew.

        Raises:
            Refusal: a tensor's bytes do not fit its datatype.
        """
        plan = self._binary.get(body[:header_length])
        if plan is None or plan.size != len(body) - header_length:
            return None
        view = memoryview(body)
        at = header_length
        feed = {}
        for tensor in plan.tensors:
            end = at + tensor.size
            feed[tensor.name] = tensors.from_bytes(
                view[at:end], tensor.shape, tensor.elements, tensor.datatype, tensor.name
            )
            at = end
        return plan.asks(feed)

    def keep_binary(self, text: bytes, given: list[Tensor], request: InferRequest) -> None:
        """Leave a plan for ``text``, the JSON part of a request whose tensors are all binary."""
        if not request.id and len(text) <= _LONGEST:
            _keep(self._binary, text, given, request)

    # -- one tensor, as a flat JSON list: the wording is the text before and after the list ----------------------------

    def read_json(self, text: bytes) -> InferRequest | None:
        """The request, where the text around its one list of data is known; None: read it anew.

        Raises:
            Refusal: the list does not fit.
        """
        start, end = _list_in(text)
        plan = self._json.get((text[:start], text[end:]))
        if plan is None:
            return None
        numbers = text[start:end]
        try:
            data = orjson.loads(numbers)
        except orjson.JSONDecodeError:
            return None
        (tensor,) = plan.tensors
        plain = b"u" not in numbers and b"l" not in numbers  # true has a u, false has an l: single bytes are found fast
        array = tensors.from_json(data, tensor.shape, tensor.elements, tensor.datatype, tensor.name, plain=plain)
        return plan.asks({tensor.name: array})

    def keep_json(self, text: bytes, tensor: Tensor, request: InferRequest) -> None:
        """Leave a plan for a request with one tensor as JSON, where the text shows beyond doubt which list is its data:
        no other ``"data"``, no escapes that could hide one, and no list inside the list.
        """
        start, end = _list_in(text)
        before, after = text[:start], text[end:]
        if (
            not request.id
            and len(before) + len(after) <= _LONGEST
            and b"\\" not in before
            and b"\\" not in after
            and before.count(_DATA) == 1
            and _DATA not in after
            and before.rpartition(_DATA)[2].strip() == b":"
            and text.count(b"[", start, end) == 1
            and b'"' not in text[start:end]
        ):
            _keep(self._json, (before, after), [tensor], request)


_DATA = b'"data"'


def _list_in(text: bytes) -> tuple[int, int]:
    """Where the first list after the word ``"data"`` begins and ends, if it holds no other list; else anything."""
    start = text.find(b"[", text.find(_DATA))
    return start, text.find(b"]", start) + 1


def _keep(plans: dict, key: bytes | tuple[bytes, bytes], given: list[Tensor], request: InferRequest) -> None:  # type: ignore[type-arg]
    if len(plans) >= _MOST:
        plans.clear()
    known = InferRequest({}, "", request.outputs, request.binary, request.parameters, request.timeout)
    plans[key] = _Plan(tuple(given), sum(tensor.size for tensor in given), known)
