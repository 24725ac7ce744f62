"""The server as a library: start, serve, drain, stop, on the running asyncio loop."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from time import time
from typing import Any, Self

from aiinfra.errors import BadInput
from aiinfra.server.audit import AuditLog
from aiinfra.server.authority import ANONYMOUS, LOCAL
from aiinfra.server.catalogue import Catalogue
from aiinfra.server.config import Endpoint, ServerConfig, is_loopback
from aiinfra.server.connections import Bounds, Client
from aiinfra.server.health import Health
from aiinfra.server.journal import Journal
from aiinfra.server.lifecycle import Lifecycle
from aiinfra.server.listeners import GrpcListener, HttpListener, identifier, require_private
from aiinfra.server.loading import Loader
from aiinfra.server.rest import Rest, refuse
from aiinfra.server.service import Service
from aiinfra.server.tls import Material

_SWEEP_S = 0.25
_WATCH_S = 1.0
_DRAIN_S = 10.0


class Server:
    """An inference server. ``async with Server(config) as server:`` loads the models and listens.

    ``addresses`` then holds what each listener bound (``{"http": "127.0.0.1:41234"}``), which matters where the
    configuration asked for port 0.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.catalogue = Catalogue()
        self.journal = Journal(config.log)
        self.lifecycle = Lifecycle(Path(config.repository.dir), self.catalogue, Loader(config), self.journal)
        self.service = Service(config, self.catalogue, self.lifecycle)
        self.addresses: dict[str, str] = {}
        self._material: Material | None = None
        self._read_der: Any = None
        self._read_pem: Any = None
        self._http: list[HttpListener] = []
        self._grpc: GrpcListener | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, load every model of the repository, become ready.

        Raises:
            AiinfraError: an address is taken, plain text would leave this machine, or a model cannot be served.
        """
        if self.config.traces is not None:
            from aiinfra.server.traces import Traces  # noqa: PLC0415 - the OpenTelemetry SDK, only where it is asked for

            self.service.traces = Traces(self.config.traces, self.journal)
        self._prepare_tls()
        if self.config.audit is not None:
            audit = self.service.audit = AuditLog(self.config.audit, self.journal)
            self._every(self.config.audit.checkpoint.seconds, audit.checkpoint)
        await self._listen()
        self._every(_SWEEP_S, self._sweep)
        await self.lifecycle.load_all()
        self._task(self.lifecycle.watch(_WATCH_S))
        if self._material is not None:
            self._every(_WATCH_S, self._reload_tls)
        self.service.ready = True

    def reconfigure(self, config: ServerConfig) -> None:
        """Take over grants, rates and model settings of ``config``; addresses, limits and files need a restart."""
        self.config = config
        self.service.apply(config)
        self.lifecycle.reconfigure(Loader(config))
        self.journal.info("reconfigured")

    def _prepare_tls(self) -> None:
        settings = self.config.tls
        if settings is None:
            return
        from aiinfra.server.identity import reader  # noqa: PLC0415 - cryptography, only where there is TLS

        self._material = Material(settings)
        self._read_der = reader(settings.trust_domain, pem=False)
        self._read_pem = reader(settings.trust_domain, pem=True)

    async def _listen(self) -> None:
        config = self.config
        bounds = Bounds.of(config.limits)
        tls = self._material is not None
        for section, endpoint in (("http", config.http), ("grpc", config.grpc), ("metrics", config.metrics)):
            if endpoint is not None:
                require_private(endpoint, section, tls=tls)
                if not tls and not is_loopback(endpoint.address):
                    self.journal.warning("plaintext-allowed", listener=section, address=endpoint.address)
        if config.repository.allow_unsigned:
            self.journal.warning("unsigned-allowed", repository=config.repository.dir)
        if config.http is not None:
            rest = Rest(self.service)
            await self._listen_http("http", config.http, HttpListener(bounds, rest.gate, rest.handle, rest.refuse))
        if config.metrics is not None:
            from aiinfra.server.metrics import Metrics  # noqa: PLC0415 - prometheus_client, only where it is asked for

            metrics = Metrics(self.service)
            await self._listen_http(
                "metrics", config.metrics, HttpListener(bounds, metrics.gate, metrics.handle, refuse)
            )
        if config.watch is not None:
            from aiinfra.server.metrics import Metrics  # noqa: PLC0415

            metrics = Metrics(self.service)
            watched = HttpListener(bounds, metrics.gate, metrics.handle, refuse)
            await watched.start(config.watch.address, None, lambda _transport: Client(LOCAL))
            self._http.append(watched)
            self.addresses["watch"] = watched.address
        if config.health is not None:
            health = Health(self.service)
            listener = HttpListener(bounds, health.gate, health.handle, refuse)
            await listener.start(config.health.address, None, lambda _transport: Client(ANONYMOUS))
            self._http.append(listener)
            self.addresses["health"] = listener.address
        if config.grpc is not None:
            await self._listen_grpc(config.grpc)
        if not self.addresses:
            raise BadInput("no-listener", "the configuration names no address to serve on", "add [http] or [grpc]")

    async def _listen_http(self, section: str, endpoint: Endpoint, listener: HttpListener) -> None:
        await listener.start(endpoint.address, self._material, identifier(endpoint, self._read_der))
        self._http.append(listener)
        self.addresses[section] = listener.address

    async def _listen_grpc(self, endpoint: Endpoint) -> None:
        credentials = self._material.grpc_credentials() if self._material is not None else None
        from aiinfra.server.grpc_front import Grpc, Handlers, options  # noqa: PLC0415 - brings grpc with it

        local = LOCAL if is_loopback(endpoint.address) else ANONYMOUS
        read = self._read_pem

        def identify(context: Any) -> str:
            if read is None:
                return local
            client: Client = read(next(iter(context.auth_context().get("x509_pem_cert", [])), None))
            # gRPC ends no connection for us: what an expired client still sends on one proves nothing any more
            return client.identity if client.expires > time() else ANONYMOUS

        limits = self.config.limits
        listener = GrpcListener()
        await listener.start(
            endpoint.address,
            Handlers(Grpc(self.service), identify),
            options(limits.body.bytes, limits.header.bytes, limits.idle.seconds * 10),
            credentials,
        )
        self._grpc = listener
        self.addresses["grpc"] = listener.address

    def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        for listener in self._http:
            if listener.connections is not None:
                listener.connections.sweep(now, time())

    def _reload_tls(self) -> None:
        if self._material is None:
            return
        try:
            if self._material.reload():
                self.journal.info("certificates-reloaded")
        except BadInput as error:
            self.journal.warning("certificates-refused", code=error.code, reason=error.message)

    def _every(self, seconds: float, work: Callable[[], Awaitable[None] | None]) -> None:
        async def again() -> None:
            while True:
                await asyncio.sleep(seconds)
                pending = work()
                if pending is not None:
                    await pending

        self._task(again())

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def stop(self, grace: float = _DRAIN_S) -> None:
        """Take no new work, answer what was taken (at most ``grace`` seconds), close everything."""
        self.service.draining = True
        stops = [listener.stop(grace) for listener in self._http]
        if self._grpc is not None:
            stops.append(self._grpc.stop(grace))
        await asyncio.gather(*stops)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.lifecycle.close()
        if self.service.audit is not None:
            self.service.audit.close()
        if self.service.traces is not None:
            await asyncio.to_thread(self.service.traces.close)
