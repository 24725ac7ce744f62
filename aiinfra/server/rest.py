"""REST: an HTTP exchange in, the protocol's answer out: route, decide, decode, queue, answer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np

from aiinfra.server import rest_decode
from aiinfra.server.catalogue import Served, now
from aiinfra.server.compression import compress, decompress
from aiinfra.server.heads import Head
from aiinfra.server.http import START, Exchange
from aiinfra.server.refusal import Kind, Refusal, bad
from aiinfra.server.requests import InferRequest, Reply
from aiinfra.server.rest_encode import dumps
from aiinfra.server.routes import MethodNotAllowed, Operation, Target, resolve
from aiinfra.server.service import Service

JSON = b"content-type: application/json\r\n"
_BINARY = b"content-type: application/octet-stream\r\ninference-header-content-length: %d\r\n"
_OK = START[200]
_CACHED_TARGETS = 4096
_RECORDED = frozenset({Operation.INFER, Operation.LOAD, Operation.UNLOAD})
_DENIALS = frozenset({Kind.FORBIDDEN, Kind.UNAUTHENTICATED})
_INFER_HEADER = b"inference-header-content-length"


class Rest:
    """The REST face of a service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._targets: dict[tuple[str, bytes], Target] = {}
        self._operations: dict[Operation, Callable[[Exchange, Target], None]] = {
            Operation.LIVE: self._live,
            Operation.READY: self._ready,
            Operation.SERVER_METADATA: self._server_metadata,
            Operation.MODEL_METADATA: self._model_metadata,
            Operation.MODEL_READY: self._model_ready,
            Operation.INFER: self._infer,
            Operation.STATISTICS: self._statistics,
            Operation.INDEX: self._index,
            Operation.LOAD: self._manage,
            Operation.UNLOAD: self._manage,
        }
        self._tasks: set[asyncio.Task[None]] = set()

    def gate(self, head: Head, identity: str) -> None:
        """Turn away before the body is read: no such target, or this identity may not use it."""
        target = head.target
        if target is None:
            target = head.target = self._target(head)
        if target.operation is Operation.INFER:
            self._service.gate(identity, target.model)

    def handle(self, exchange: Exchange) -> None:
        """Answer a complete request."""
        try:
            target: Target = exchange.head.target
            self._operations[target.operation](exchange, target)
        except Refusal as refusal:
            self.refuse(exchange, refusal)

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """Answer with a refusal, count it, and record it where it is about inference, management or rights."""
        self._service.count_refusal("rest", refusal.kind)
        head = exchange.head
        target: Target | None = head.target
        if target is not None and (target.operation in _RECORDED or refusal.kind in _DENIALS):
            self._service.record(
                target.operation.value,
                "rest",
                exchange.identity,
                model=target.model,
                refusal=refusal,
                traceparent=head.headers.get(b"traceparent"),
            )
        refuse(exchange, refusal)

    def _target(self, head: Head) -> Target:
        key = (head.method, head.url)
        target = self._targets.get(key)
        if target is None:
            target = resolve(head.method, head.url)
            if len(self._targets) >= _CACHED_TARGETS:
                self._targets.clear()
            self._targets[key] = target
        return target

    def _live(self, exchange: Exchange, _target: Target) -> None:
        exchange.finish(_OK, JSON, b'{"live":true}')

    def _ready(self, exchange: Exchange, _target: Target) -> None:
        ready = self._service.is_ready
        exchange.finish(START[200 if ready else 503], JSON, dumps({"ready": ready}))

    def _server_metadata(self, exchange: Exchange, _target: Target) -> None:
        exchange.finish(_OK, JSON, dumps(self._service.server_metadata(exchange.identity)))

    def _model_metadata(self, exchange: Exchange, target: Target) -> None:
        document = self._service.model_metadata(exchange.identity, target.model, target.version)
        exchange.finish(_OK, JSON, dumps(document))

    def _model_ready(self, exchange: Exchange, target: Target) -> None:
        ready = self._service.model_ready(exchange.identity, target.model, target.version)
        exchange.finish(START[200 if ready else 503], JSON, dumps({"name": target.model, "ready": ready}))

    def _statistics(self, exchange: Exchange, target: Target) -> None:
        document = self._service.statistics(exchange.identity, target.model, target.version)
        exchange.finish(_OK, JSON, dumps(document))

    def _index(self, exchange: Exchange, target: Target) -> None:
        order = rest_decode.read_json(exchange.body) if exchange.body else {}
        if not order.keys() <= {"ready"} or type(order.get("ready", False)) is not bool:
            raise bad("the index takes one key, ready: true or false")
        self._later(exchange, target, self._service.index(exchange.identity, ready=order.get("ready", False)))

    def _manage(self, exchange: Exchange, target: Target) -> None:
        order = rest_decode.read_json(exchange.body) if exchange.body else {}
        parameters = order.get("parameters", {})
        if not order.keys() <= {"parameters"} or type(parameters) is not dict:
            raise bad("load and unload take one key, parameters")
        change = self._service.load if target.operation is Operation.LOAD else self._service.unload
        self._later(exchange, target, change(exchange.identity, target.model, parameters))

    def _later(self, exchange: Exchange, target: Target, work: Coroutine[Any, Any, Any]) -> None:
        """Answer when ``work`` is done; its result is the body."""

        async def answer() -> None:
            try:
                document = await work
            except Refusal as refusal:
                self.refuse(exchange, refusal)
            else:
                if target.operation in _RECORDED:
                    self._service.record(target.operation.value, "rest", exchange.identity, model=target.model)
                exchange.finish(_OK, JSON, b"" if document is None else dumps(document))

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _infer(self, exchange: Exchange, target: Target) -> None:
        arrived = now()
        head = exchange.head
        served = self._service.admit(target.model, target.version)
        headers = head.headers
        body = exchange.body
        encoding = headers.get(b"content-encoding")
        if encoding is not None:
            body = decompress(body, encoding, self._service.limits.decompressed_body.bytes)
        length = headers.get(_INFER_HEADER)
        request = rest_decode.decode(
            body,
            None if length is None else _header_length(length),
            served.session,
            self._service.limits,
            served.plans,
            model=(served.name, served.version),
        )
        exchange.body = b""
        reply = RestReply(exchange, served, request, self._service, arrived)
        call = served.submit(request, reply, arrived)
        exchange.on_gone = lambda: served.lane.abandon(call)


class RestReply(Reply):
    """Writes the outcome of an inference to its exchange."""

    __slots__ = ("_arrived", "_exchange", "_request", "_served", "_service")

    def __init__(
        self, exchange: Exchange, served: Served, request: InferRequest, service: Service, arrived: int
    ) -> None:
        self._exchange = exchange
        self._served = served
        self._request = request
        self._service = service
        self._arrived = arrived

    def complete(self, outputs: list[np.ndarray]) -> None:
        """Send the tensors."""
        served, request = self._served, self._request
        names = request.outputs if request.outputs is not None else served.session.output_names
        try:
            body, length = served.encoder.encode(request, names, outputs)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        kind = JSON if length is None else _BINARY % length
        exchange = self._exchange
        accepted = exchange.head.headers.get(b"accept-encoding")
        if accepted is not None:
            body, encoded = compress(body, accepted)
            kind += encoded
        exchange.finish(_OK, kind + served.answer_head, body)
        if self._service.recording:
            self._record(None)

    def _record(self, refusal: Refusal | None) -> None:
        self._service.record(
            "infer",
            "rest",
            self._exchange.identity,
            served=self._served,
            refusal=refusal,
            arrived=self._arrived,
            traceparent=self._exchange.head.headers.get(b"traceparent"),
        )

    def refuse(self, refusal: Refusal) -> None:
        """Send the refusal."""
        self._service.count_refusal("rest", refusal.kind)
        self._record(refusal)
        refuse(self._exchange, refusal)


def refuse(exchange: Exchange, refusal: Refusal) -> None:
    """Answer with a refusal: the protocol's error object."""
    headers = JSON
    if refusal.retry_after is not None:
        headers += b"retry-after: %d\r\n" % max(1, round(refusal.retry_after))
    if isinstance(refusal, MethodNotAllowed):
        headers += b"allow: " + refusal.allowed.encode() + b"\r\n"
    if refusal.close:
        exchange.keep_alive = False
    exchange.finish(START[refusal.kind.status], headers, dumps({"error": refusal.message}))


def _header_length(value: bytes) -> int:
    if not value.isdigit() or len(value) > 12:
        raise bad("inference-header-content-length is a whole number of at least 0")
    return int(value)
