"""The load driver over gRPC: the same question, schedule and figures as over HTTP, on ``grpc.aio``.

Each connection is a channel of its own and carries one call at a time, as over HTTP, so that the two compare.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import grpc

from aiinfra.bench.arrivals import Arrivals, Schedule, schedule
from aiinfra.bench.driver import PATIENCE_S, Outcome
from aiinfra.bench.request import make_inputs
from aiinfra.errors import AiinfraError
from aiinfra.server.datatypes import DATATYPES
from aiinfra.server.grpc_messages import SERVICE, message
from aiinfra.server.tensors import to_bytes

_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1))


@dataclass(frozen=True, slots=True)
class GrpcSite:
    """Where a server is. ``credentials`` None: plain text."""

    address: str
    credentials: grpc.ChannelCredentials | None

    def channel(self) -> grpc.aio.Channel:
        """A connection of its own."""
        if self.credentials is None:
            return grpc.aio.insecure_channel(self.address, _OPTIONS)
        return grpc.aio.secure_channel(self.address, self.credentials, _OPTIONS)


class GrpcDriver:
    """Drives one model of one server with copies of one request."""

    def __init__(self, site: GrpcSite, model: str, rows: int = 1) -> None:
        self._site = site
        self._model = model
        self._rows = rows

    def run(
        self, seconds: float, *, connections: int, rate: float | None = None, arrivals: Arrivals = Arrivals.EVEN
    ) -> Outcome:
        """Load for ``seconds``: ``rate`` requests a second, or without one, ``connections`` always under way.

        Raises:
            AiinfraError: ``server-unreachable`` or ``model-absent``.
        """
        due = None if rate is None else schedule(arrivals, rate, seconds)
        return asyncio.run(self._drive(seconds, connections, due))

    async def _drive(self, seconds: float, connections: int, due: Schedule | None) -> Outcome:
        async with _channels(self._site, connections) as channels:
            request = await self._request(channels[0])
            for channel in channels[1:]:
                await channel.channel_ready()
            run = _Run(request, seconds, due)
            await asyncio.gather(*(run.keep_calling(channel) for channel in channels))
        return run.finished()

    async def _request(self, channel: grpc.aio.Channel) -> bytes:
        """One inference request, made from the model's own metadata."""
        ask = channel.unary_unary(f"/{SERVICE}/ModelMetadata")
        asked: bytes = message("ModelMetadataRequest")(name=self._model).SerializeToString()
        try:
            answer = message("ModelMetadataResponse").FromString(await ask(asked, timeout=PATIENCE_S))
        except grpc.aio.AioRpcError as error:
            raise _wrong(self._site, self._model, error) from None
        ports = [
            {"name": port.name, "datatype": port.datatype, "shape": [int(size) for size in port.shape]}
            for port in answer.inputs
        ]
        feed = make_inputs({"inputs": ports}, self._rows)
        inputs: list[dict[str, Any]] = [
            {"name": port["name"], "datatype": port["datatype"], "shape": feed[str(port["name"])].shape}
            for port in ports
        ]
        raw = [to_bytes(feed[one["name"]], DATATYPES[one["datatype"]]) for one in inputs]
        made = message("ModelInferRequest")(model_name=self._model, inputs=inputs, raw_input_contents=raw)
        text: bytes = made.SerializeToString()
        return text


@asynccontextmanager
async def _channels(site: GrpcSite, count: int) -> AsyncIterator[list[grpc.aio.Channel]]:
    channels = [site.channel() for _ in range(count)]
    try:
        yield channels
    finally:
        await asyncio.gather(*(channel.close() for channel in channels))


def _wrong(site: GrpcSite, model: str, error: grpc.aio.AioRpcError) -> AiinfraError:
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return AiinfraError(
            "server-unreachable",
            f"{site.address} does not answer gRPC{' over TLS' if site.credentials is not None else ''}",
            "start it, or correct --url; a server that wants TLS needs grpcs:// with --ca, --cert and --key",
        )
    return AiinfraError(
        "model-absent", f"{site.address} has no model {model!r} ({error.code().name})", "see its repository index"
    )


class _Run:
    def __init__(self, request: bytes, seconds: float, due: Schedule | None) -> None:
        self._request = request
        self._seconds = seconds
        self._due = due
        self._total = 0 if due is None else due.passed(seconds)
        self._sent = 0
        self._start = perf_counter()
        self._outcome = Outcome()

    async def keep_calling(self, channel: grpc.aio.Channel) -> None:
        """Call, one at a time, until the time is over."""
        infer = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        give_up = self._start + self._seconds + PATIENCE_S
        while (began := await self._turn()) is not None:
            try:
                await infer(self._request, timeout=give_up - perf_counter())
            except grpc.aio.AioRpcError as error:
                if perf_counter() >= give_up:
                    self._outcome.lost += 1
                    return
                self._outcome.statuses[error.code().name] += 1
            else:
                self._outcome.statuses["OK"] += 1
                self._outcome.latencies.append(perf_counter() - began)

    async def _turn(self) -> float | None:
        """When the next call is due, once it is; None where there is none left."""
        if self._due is None:
            now = perf_counter()
            return now if now < self._start + self._seconds else None
        if self._sent >= self._total:
            return None
        at = self._start + self._due.moment(self._sent)
        self._sent += 1
        wait = at - perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
            self._outcome.client_late = max(self._outcome.client_late, perf_counter() - at)
        return at

    def finished(self) -> Outcome:
        """What happened; requests that were due and never sent are lost."""
        self._outcome.seconds = perf_counter() - self._start
        self._outcome.lost += self._total - self._sent if self._due is not None else 0
        return self._outcome
