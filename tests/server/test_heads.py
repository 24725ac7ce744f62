"""What a head means does not depend on whether it was read before."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.server.config import Limits
from aiinfra.server.connections import Bounds, Client, Connections
from aiinfra.server.heads import Head, Heads
from aiinfra.server.http import START, Connection, Exchange
from aiinfra.server.refusal import Kind, Refusal


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False


def connect(registry: Connections) -> tuple[Connection, Wire]:
    """A connection whose answers tell what was asked; ``/no`` is forbidden before the body, ``/end`` closes."""

    def gate(head: Head, identity: str) -> None:
        if head.url in (b"/no", b"/end"):
            raise Refusal(Kind.FORBIDDEN, identity, close=head.url == b"/end")

    def handle(exchange: Exchange) -> None:
        head = exchange.head
        told = repr((head.method, head.url, sorted(head.headers.items()), exchange.body, exchange.identity))
        exchange.finish(START[200], b"", told.encode())

    def refuse(exchange: Exchange, refusal: Refusal) -> None:
        if refusal.close:
            exchange.keep_alive = False
        exchange.finish(START[refusal.kind.status], b"", refusal.message.encode())

    connection, wire = Connection(Bounds.of(Limits()), gate, handle, refuse, registry), Wire()
    connection.connection_made(wire)
    return connection, wire


MESSAGES = [
    b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz",
    b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcd",
    b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
    b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    b"POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
    b"POST /end HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
    b"GET /a HTTP/1.1\nHost: a\n\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a HT",
    b"TP/1.1\r\nHost: a\r\n\r\n",
    b"\r\n",
    b"\r\n\r\n",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(MESSAGES), max_size=6), st.lists(st.sampled_from(MESSAGES), max_size=6))
def test_a_connection_answers_as_if_it_read_every_head_for_the_first_time(
    before: list[bytes], now: list[bytes]
) -> None:
    async def check() -> None:
        registry = Connections(Bounds.of(Limits()), lambda _transport: Client("someone"))
        for message in before:  # whatever others taught the listener
            connect(registry)[0].receive(message)
        one, known = connect(registry)
        other, anew = connect(Connections(Bounds.of(Limits()), lambda _transport: Client("someone")))
        other._registry.heads.keep = lambda data, head: None  # type: ignore[method-assign]
        for message in now:
            one.receive(message)
            other.receive(message)
            assert (known.sent, known.closed) == (anew.sent, anew.closed)

    asyncio.run(check())


def test_a_known_head_is_not_parsed_again_and_keeps_each_callers_identity() -> None:
    async def check() -> None:
        names = iter(["one", "two"])
        registry = Connections(Bounds.of(Limits()), lambda _transport: Client(next(names)))
        (first, _), (second, wire) = connect(registry), connect(registry)
        first.receive(MESSAGES[0])
        second._parser = None
        second.receive(MESSAGES[1])
        assert b"b'xyz', 'two')" in wire.sent

    asyncio.run(check())


@pytest.mark.parametrize("size", [1000, 1100])
def test_heads_are_few_and_short(size: int) -> None:
    heads = Heads()
    for number in range(3000):
        start = b"GET /%d HTTP/1.1\r\nx: " % number
        data = start + b"a" * (size - len(start) - 4) + b"\r\n\r\n"
        heads.keep(data, Head("GET", b"/", {}))
        assert (heads.find(data) is not None) == (size <= 1024)
    assert len(heads._known) <= 1024
