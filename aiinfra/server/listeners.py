"""Addresses: binding them, keeping plain text on this machine, and which protocol answers where."""

import asyncio
import errno
import socket
from time import time
from typing import Any

from aiinfra.errors import BadInput, Refused
from aiinfra.server.authority import ANONYMOUS, LOCAL
from aiinfra.server.config import Endpoint, is_loopback, split_address
from aiinfra.server.connections import Bounds, Client, Connections, Identify
from aiinfra.server.http import Connection, Gate, Handler, Refuser
from aiinfra.server.tls import Material


class HttpListener:
    """One HTTP address with its connections."""

    def __init__(self, bounds: Bounds, gate: Gate, handle: Handler, refuse: Refuser) -> None:
        self._bounds = bounds
        self._gate = gate
        self._handle = handle
        self._refuse = refuse
        self.connections: Connections | None = None
        self._server: asyncio.Server | None = None
        self.address = ""

    async def start(self, address: str, material: Material | None, identify: Identify) -> None:
        """Listen; with ``material``, TLS."""
        connections = self.connections = Connections(self._bounds, identify)
        loop = asyncio.get_running_loop()
        connections.sweep(loop.time(), time())
        listening = bind(address)
        self._server = await loop.create_server(
            lambda: Connection(self._bounds, self._gate, self._handle, self._refuse, connections),
            sock=listening,
            backlog=1024,
            ssl=material.context if material is not None else None,
            ssl_handshake_timeout=10 if material is not None else None,
            ssl_shutdown_timeout=5 if material is not None else None,
        )
        self.address = address_of(listening)

    async def stop(self, grace: float) -> None:
        """Take no new connections, end those that stand once they are answered, at most ``grace`` seconds on."""
        if self._server is None or self.connections is None:
            return
        self._server.close()
        self.connections.drain()
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        while len(self.connections) and loop.time() < end:
            await asyncio.sleep(0.01)
        self.connections.drop()
        await self._server.wait_closed()


def identifier(endpoint: Endpoint, read: Any) -> Identify:
    """How a connection's identity is found: its certificate where there is TLS, else whether it is of this machine."""
    if read is None:
        client = Client(LOCAL if is_loopback(endpoint.address) else ANONYMOUS)
        return lambda _transport: client

    def identify(transport: asyncio.Transport) -> Client:
        session = transport.get_extra_info("ssl_object")
        found: Client = read(session.getpeercert(binary_form=True))
        return found

    return identify


def require_private(endpoint: Endpoint, section: str, *, tls: bool) -> None:
    """Plain text stays on this machine unless the configuration says otherwise.

    Raises:
        Refused: ``plaintext-refused``.
    """
    if not tls and not is_loopback(endpoint.address) and not endpoint.allow_plaintext:
        raise Refused(
            "plaintext-refused",
            f"{section}.address {endpoint.address} can be reached from other machines, and there is no [tls] section",
            "add [tls], listen on 127.0.0.1, or say --allow-plaintext",
        )


def bind(address: str) -> socket.socket:
    """A listening socket.

    Raises:
        Refused: ``port-taken``.
        BadInput: ``address-unusable``: no address of this machine, or a port that needs rights.
    """
    host, port = split_address(address)
    unusable = BadInput("address-unusable", f"{address} cannot be listened on", "use an address of this machine")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError):
        raise unusable from None
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
        raise unusable from None
    listening.setblocking(False)
    return listening


def address_of(listening: socket.socket) -> str:
    """``HOST:PORT`` of a bound socket, IPv6 in brackets."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class GrpcListener:
    """The gRPC address."""

    def __init__(self) -> None:
        self._server: Any = None
        self.address = ""

    async def start(self, address: str, handlers: Any, options: list[tuple[str, int]], credentials: Any) -> None:
        """Listen; ``credentials`` None: plain text."""
        import grpc.aio  # noqa: PLC0415 - 30 MB that only those who serve gRPC pay for

        server = grpc.aio.server(options=options)
        server.add_generic_rpc_handlers((handlers,))
        probe = bind(address)  # grpc's own error does not say that the port is taken
        self.address = address_of(probe)
        probe.close()
        if credentials is None:
            server.add_insecure_port(self.address)
        else:
            server.add_secure_port(self.address, credentials)
        await server.start()
        self._server = server

    async def stop(self, grace: float) -> None:
        """Refuse new calls, answer those under way, at most ``grace`` seconds on."""
        if self._server is not None:
            await self._server.stop(grace)
