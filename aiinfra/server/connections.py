"""All connections of a listener: their limits, their number, who is at the other end, and which are too slow."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aiinfra.server.config import Limits
from aiinfra.server.heads import Heads

_BUFFER = 256 * 1024


@dataclass(frozen=True, slots=True)
class Client:
    """Who is at the other end, and until when its certificate says so."""

    identity: str
    expires: float = math.inf
    """Seconds since the epoch."""


Identify = Callable[[asyncio.Transport], Client]
"""Who is at the other end."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits a connection enforces, as plain numbers."""

    header: int
    headers: int
    body: int
    chunks: int
    connections: int
    idle: float

    @classmethod
    def of(cls, limits: Limits) -> "Bounds":
        """From the configuration."""
        return cls(
            header=limits.header.bytes,
            headers=limits.headers,
            body=limits.body.bytes,
            chunks=limits.chunks,
            connections=limits.connections,
            idle=limits.idle.seconds,
        )


class Peer(Protocol):
    """One connection, as far as its listener looks after it."""

    since: float
    """When its state last changed, on the coarse clock."""
    state: str
    valid_until: float
    """When its client's certificate expires: seconds since the epoch."""

    def expire(self) -> None:
        """The client took too long."""
        ...

    def drain(self) -> None:
        """End after what is under way."""
        ...

    def drop(self) -> None:
        """End now."""
        ...


class Connections:
    """All connections of a listener: counts them, gives each its identity, ends the slow ones."""

    def __init__(self, bounds: Bounds, identify: Identify) -> None:
        self._bounds = bounds
        self._identify = identify
        self._open: set[Peer] = set()
        self.heads = Heads()
        self.buffer = memoryview(bytearray(_BUFFER))
        """What a read puts here is taken out before the next read: one allocation, not one a read."""
        self.tick = 0.0
        """Coarse clock, seconds on the loop's clock: read by every message, set by :meth:`sweep`."""

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Peer, transport: asyncio.Transport) -> Client:
        """Count a new connection; one too many is dropped. Returns who the client is."""
        if len(self._open) >= self._bounds.connections:
            transport.abort()
            return Client("")
        self._open.add(connection)
        return self._identify(transport)

    def discard(self, connection: Peer) -> None:
        """Forget a connection."""
        self._open.discard(connection)

    def sweep(self, now: float, date: float) -> None:
        """Set the coarse clock; end connections that were silent, or in the middle of a request, for too long, and
        those whose client's certificate has expired by ``date``, seconds since the epoch.
        """
        self.tick = now
        for connection in tuple(self._open):
            if connection.valid_until <= date:
                connection.drop()
            elif connection.state != "answering" and now - connection.since > self._bounds.idle:
                connection.expire()

    def drain(self) -> None:
        """Ask every connection to end after what it is doing."""
        for connection in tuple(self._open):
            connection.drain()

    def drop(self) -> None:
        """End every connection now."""
        for connection in tuple(self._open):
            connection.drop()
