"""The server as a library: start, serve, drain, stop, on the running asyncio loop."""

import asyncio
import errno
import socket
from pathlib import Path
from typing import Self

from aiinfra.errors import AiinfraError, BadInput, Refused
from aiinfra.server.authority import ANONYMOUS, LOCAL
from aiinfra.server.catalogue import Catalogue
from aiinfra.server.config import Endpoint, ServerConfig, is_loopback, split_address
from aiinfra.server.http import Bounds, Connection, Connections
from aiinfra.server.journal import Journal
from aiinfra.server.lifecycle import Lifecycle
from aiinfra.server.loading import Loader
from aiinfra.server.rest import Rest, refuse
from aiinfra.server.service import Service

_SWEEP_S = 0.25
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
        self._listeners: list[asyncio.Server] = []
        self._connections: Connections | None = None
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
        """Bind, load every model of the repository, become ready.

        Raises:
            AiinfraError: an address is taken, plain text would leave this machine, or a model cannot be served.
        """
        if self.config.http is not None:
            await self._listen_http(self.config.http)
        await self.lifecycle.load_all()
        self._tasks.append(asyncio.get_running_loop().create_task(self.lifecycle.watch()))
        self.service.ready = True

    async def _listen_http(self, endpoint: Endpoint) -> None:
        require_private(endpoint, "http")
        bounds = Bounds.of(self.config.limits)
        rest = Rest(self.service)
        local = is_loopback(endpoint.address)
        connections = Connections(bounds, lambda _transport: LOCAL if local else ANONYMOUS)
        self._connections = connections
        loop = asyncio.get_running_loop()
        listening = bind(endpoint.address)
        self._listeners.append(
            await loop.create_server(
                lambda: Connection(bounds, rest.gate, rest.handle, refuse, connections), sock=listening, backlog=1024
            )
        )
        self.addresses["http"] = address_of(listening)
        connections.tick = loop.time()
        self._tasks.append(loop.create_task(self._sweep(connections)))

    async def _sweep(self, connections: Connections) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            connections.sweep(loop.time())

    async def stop(self, grace: float = _DRAIN_S) -> None:
        """Take no new work, answer what was taken (at most ``grace`` seconds), close everything."""
        self.service.draining = True
        for listener in self._listeners:
            listener.close()
        if self._connections is not None:
            self._connections.drain()
            end = asyncio.get_running_loop().time() + grace
            while len(self._connections) and asyncio.get_running_loop().time() < end:
                await asyncio.sleep(0.01)
            self._connections.drop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.lifecycle.close()
        for listener in self._listeners:
            await listener.wait_closed()


def require_private(endpoint: Endpoint, section: str) -> None:
    """Plain text stays on this machine unless the configuration says otherwise.

    Raises:
        Refused: ``plaintext-refused``.
    """
    if not is_loopback(endpoint.address) and not endpoint.allow_plaintext:
        raise Refused(
            "plaintext-refused",
            f"{section}.address {endpoint.address} can be reached from other machines, and there is no [tls] section",
            "add [tls], listen on 127.0.0.1, or say --allow-plaintext",
        )


def bind(address: str) -> socket.socket:
    """A listening socket.

    Raises:
        Refused: ``port-taken``.
        AiinfraError: ``address-unusable``: the address is not of this machine, or the port needs rights.
    """
    host, port = split_address(address)
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError):
        raise BadInput("address-unusable", f"{address} is not an address", "write it as HOST:PORT") from None
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(where)
        listening.listen(1024)
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise Refused(
                "port-taken", f"{address} is already in use", "end the program that uses it, or name another port"
            ) from None
        raise AiinfraError(
            "address-unusable", f"{address} cannot be listened on", "use an address of this machine and a free port"
        ) from None
    listening.setblocking(False)
    return listening


def address_of(listening: socket.socket) -> str:
    """``HOST:PORT`` of a bound socket, IPv6 in brackets."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
