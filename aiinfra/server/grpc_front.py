"""gRPC: the same operations as REST, behind ``inference.GRPCInferenceService`` on grpc.aio.

Requests and answers cross this border as bytes, so another HTTP/2 implementation could take grpc.aio's place: it would
call :meth:`Grpc.methods` with the caller's identity and the time left.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
from google.protobuf.message import DecodeError

from aiinfra.server import grpc_codec
from aiinfra.server.catalogue import Served, now
from aiinfra.server.grpc_messages import METHODS, SERVICE, message
from aiinfra.server.refusal import Kind, Refusal, bad
from aiinfra.server.repository import is_name
from aiinfra.server.requests import InferRequest, Reply
from aiinfra.server.service import Service

_InferRequest = message("ModelInferRequest")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and how many seconds it will wait (None: as long as the model's deadline)."""

    identity: str
    remaining: float | None
    traceparent: bytes | None = None


Method = Callable[[bytes, Caller], Awaitable[bytes]]


class _Waiting(Reply):
    """Hands an outcome to the coroutine that waits for it."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[list[np.ndarray]] = asyncio.get_running_loop().create_future()

    def complete(self, outputs: list[np.ndarray]) -> None:
        if not self.future.done():
            self.future.set_result(outputs)

    def refuse(self, refusal: Refusal) -> None:
        if not self.future.done():
            self.future.set_exception(refusal)


class Grpc:
    """The gRPC face of a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def traced(self) -> bool:
        """Whether a caller's ``traceparent`` is worth looking for."""
        return self._service.traces is not None

    def methods(self) -> dict[str, Method]:
        """Method name -> coroutine from request bytes to answer bytes; each raises :class:`Refusal`."""
        plain: dict[str, Callable[[Any, Caller], Any]] = {
            "ServerLive": self._live,
            "ServerReady": self._ready,
            "ModelReady": self._model_ready,
            "ServerMetadata": self._server_metadata,
            "ModelMetadata": self._model_metadata,
            "ModelStatistics": self._statistics,
            "RepositoryIndex": self._index,
            "RepositoryModelLoad": self._load,
            "RepositoryModelUnload": self._unload,
        }
        methods = {name: _typed(name, plain[name]) for name in METHODS if name in plain}
        return {**methods, "ModelInfer": self._infer}

    async def _infer(self, raw: bytes, caller: Caller) -> bytes:
        arrived = now()
        given = _InferRequest()
        _parse(given, raw)
        self._service.gate(caller.identity, given.model_name)
        served = self._service.admit(given.model_name, given.model_version)
        request = grpc_codec.decode(given, served.session, self._service.limits)
        if caller.remaining is not None and (request.timeout is None or caller.remaining < request.timeout):
            request.timeout = max(caller.remaining, 0.0)
        answer = await _run(served, request, arrived)
        self._service.record(
            "infer", "grpc", caller.identity, served=served, arrived=arrived, traceparent=caller.traceparent
        )
        return answer

    def refused(self, name: str, caller: Caller, raw: bytes, refusal: Refusal) -> None:
        """Count a refusal, and record it where it is about inference, management or rights."""
        self._service.count_refusal("grpc", refusal.kind)
        if name in _RECORDED or refusal.kind in _DENIALS:
            model = _model_named(name, raw)
            self._service.record(
                _RECORDED.get(name, name),
                "grpc",
                caller.identity,
                model=model,
                refusal=refusal,
                traceparent=caller.traceparent,
            )

    def _live(self, _given: Any, _caller: Caller) -> dict[str, Any]:
        return {"live": True}

    def _ready(self, _given: Any, _caller: Caller) -> dict[str, Any]:
        return {"ready": self._service.is_ready}

    def _model_ready(self, given: Any, caller: Caller) -> dict[str, Any]:
        return {"ready": self._service.model_ready(caller.identity, given.name, given.version)}

    def _server_metadata(self, _given: Any, caller: Caller) -> dict[str, Any]:
        return self._service.server_metadata(caller.identity)

    def _model_metadata(self, given: Any, caller: Caller) -> dict[str, Any]:
        return self._service.model_metadata(caller.identity, given.name, given.version)

    def _statistics(self, given: Any, caller: Caller) -> dict[str, Any]:
        return self._service.statistics(caller.identity, given.name, given.version)

    async def _index(self, given: Any, caller: Caller) -> dict[str, Any]:
        return {"models": await self._service.index(caller.identity, ready=given.ready)}

    async def _load(self, given: Any, caller: Caller) -> dict[str, Any]:
        await self._service.load(caller.identity, given.model_name, _parameters(given))
        self._service.record("load", "grpc", caller.identity, model=given.model_name)
        return {}

    async def _unload(self, given: Any, caller: Caller) -> dict[str, Any]:
        await self._service.unload(caller.identity, given.model_name, _parameters(given))
        self._service.record("unload", "grpc", caller.identity, model=given.model_name)
        return {}


_RECORDED = {"ModelInfer": "infer", "RepositoryModelLoad": "load", "RepositoryModelUnload": "unload"}
_DENIALS = frozenset({Kind.FORBIDDEN, Kind.UNAUTHENTICATED})


def _model_named(name: str, raw: bytes) -> str:
    """The model that a refused request was about, where it can be read and is a name at all."""
    given = message(f"{name}Request")()
    try:
        given.ParseFromString(raw)
    except DecodeError:
        return ""
    model: str = getattr(given, "model_name", "") or getattr(given, "name", "")
    return model if is_name(model) else ""


def _parameters(given: Any) -> dict[str, Any]:
    return {
        key: getattr(value, value.WhichOneof("parameter_choice") or "bool_param")
        for key, value in given.parameters.items()
    }


def _parse(given: Any, raw: bytes) -> None:
    try:
        given.ParseFromString(raw)
    except DecodeError:
        raise bad("the message is not of this method's type") from None


def _typed(name: str, answer: Callable[[Any, Caller], Any]) -> Method:
    """A method whose answer is plain data, maybe awaited."""
    request, response = message(f"{name}Request"), message(f"{name}Response")

    async def method(raw: bytes, caller: Caller) -> bytes:
        given = request()
        _parse(given, raw)
        document = answer(given, caller)
        if asyncio.iscoroutine(document):
            document = await document
        data: bytes = response(**document).SerializeToString()
        return data

    return method


async def _run(served: Served, request: InferRequest, arrived: int) -> bytes:
    waiting = _Waiting()
    call = served.submit(request, waiting, arrived)
    try:
        outputs = await waiting.future
    except asyncio.CancelledError:
        served.lane.abandon(call)
        raise
    return grpc_codec.encode(served, request, outputs)


Identify = Callable[[Any], str]
"""Who a call's context says the caller is."""


class Handlers(grpc.GenericRpcHandler):
    """Puts :class:`Grpc` behind grpc.aio: bytes in, bytes out, a refusal becomes a status."""

    def __init__(self, front: Grpc, identify: Identify) -> None:
        self._handlers = {
            f"/{SERVICE}/{name}": grpc.unary_unary_rpc_method_handler(_handler(name, method, front, identify))
            for name, method in front.methods().items()
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        """The handler of a method; None where there is no such method."""
        return self._handlers.get(handler_call_details.method)


def _handler(name: str, method: Method, front: Grpc, identify: Identify) -> Any:
    async def handle(raw: bytes, context: Any) -> bytes:
        caller = Caller(identify(context), context.time_remaining(), _traceparent(context) if front.traced else None)
        try:
            return await method(raw, caller)
        except Refusal as refusal:
            front.refused(name, caller, raw, refusal)
            # Not context.abort: its exception holds the frames it went through, forty objects a refusal, and collecting
            # what a flood of refusals leaves is a pause for everybody.
            context.set_code(grpc.StatusCode[refusal.kind.grpc])
            context.set_details(refusal.message)
            if refusal.retry_after is not None:
                context.set_trailing_metadata((("retry-after", str(max(1, round(refusal.retry_after)))),))
            return b""

    return handle


def _traceparent(context: Any) -> bytes | None:
    for key, value in context.invocation_metadata() or ():
        if key == "traceparent":
            return value.encode("latin-1") if isinstance(value, str) else value
    return None


def options(body: int, header: int, connections_idle_s: float) -> list[tuple[str, int]]:
    """Channel options that carry the configured limits."""
    return [
        ("grpc.max_receive_message_length", body),
        ("grpc.max_metadata_size", header),
        ("grpc.absolute_max_metadata_size", header),
        ("grpc.max_concurrent_streams", 1024),
        ("grpc.so_reuseport", 0),
        ("grpc.max_connection_idle_ms", round(connections_idle_s * 1000)),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 2),
    ]
