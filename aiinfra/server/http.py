"""HTTP/1.1 on an asyncio transport: llhttp (through httptools) parses, this class keeps order, limits and time.

A connection answers in the order it was asked. Each message becomes an :class:`Exchange`; whoever handles it completes
it with ready bytes, at once or later.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable

import httptools

from aiinfra.server.connections import Bounds, Connections
from aiinfra.server.heads import Head
from aiinfra.server.refusal import Kind, Refusal, bad

_REASONS = {
    200: b"OK",
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    411: b"Length Required",
    413: b"Content Too Large",
    415: b"Unsupported Media Type",
    417: b"Expectation Failed",
    422: b"Unprocessable Content",
    429: b"Too Many Requests",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
    504: b"Gateway Timeout",
}
START = {status: b"HTTP/1.1 %d %b\r\n" % (status, reason) for status, reason in _REASONS.items()}
"""Status lines, by status."""

_METHODS = {b"GET": "GET", b"POST": "POST", b"HEAD": "HEAD"}
_PIPELINE = 64
"""Most requests of one connection that may wait for their answers."""
_LINGER_S = 2.0
"""How long a connection that was refused in mid-message is read from, so that its client sees the answer."""


class Exchange:
    """One request and the place of its answer."""

    __slots__ = ("answer", "body", "connection", "head", "identity", "keep_alive", "on_gone")

    def __init__(self, connection: "Connection", head: Head) -> None:
        self.connection = connection
        self.identity = connection.identity
        """Who sent it."""
        self.head = head
        self.body = b""
        self.keep_alive = True
        self.answer: bytes | None = None
        self.on_gone: Callable[[], None] | None = None
        """Called where the client hangs up before the answer."""

    def finish(self, start: bytes, headers: bytes, body: bytes) -> None:
        """Answer. ``start`` is a status line, ``headers`` complete lines."""
        closing = b"" if self.keep_alive else b"connection: close\r\n"
        length = len(body)
        if self.head.method == "HEAD":
            body = b""
        self.answer = b"%b%b%bcontent-length: %d\r\n\r\n%b" % (start, headers, closing, length, body)
        self.on_gone = None
        self.connection.flush()


Handler = Callable[[Exchange], None]
"""Takes a complete request; must finish the exchange, now or later, whatever the request holds."""
Gate = Callable[[Head, str], None]
"""Looks at a request, and who sends it, before its body is read; raises :class:`Refusal` to turn it away."""
Refuser = Callable[[Exchange, Refusal], None]
"""Answers an exchange with a refusal."""


class Connection(asyncio.BufferedProtocol):
    """One client connection."""

    def __init__(self, limits: Bounds, gate: Gate, handle: Handler, refuse: Refuser, registry: Connections) -> None:
        self._limits = limits
        self._gate = gate
        self._handle = handle
        self._refuse = refuse
        self._registry = registry
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Exchange] = deque()
        self._transport: asyncio.Transport | None = None
        self.identity = ""
        self.valid_until = math.inf
        self._reset()
        self._in_head = True
        self._fresh = False
        self._between = True
        """No message has begun since the last one ended."""
        self._messages = 0
        self._head_bytes = 0
        self._deaf = False
        self._lingers = False
        self._last = False
        self.since = registry.tick
        self.state = "idle"

    def _reset(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._lines = 0
        self._size = 0
        self._chunks = 0
        self._parts: list[bytes] = []
        self._body_bytes = 0
        self._exchange: Exchange | None = None
        self._fault: Refusal | None = None

    # -- asyncio -------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are too many already."""
        self._transport = transport  # type: ignore[assignment]
        client = self._registry.add(self, transport)  # type: ignore[arg-type]
        self.identity, self.valid_until = client.identity, client.expires

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Tell whoever still works for this client that it has gone."""
        self._registry.discard(self)
        for exchange in self._waiting:
            if exchange.on_gone is not None:
                exchange.on_gone()
        self._waiting.clear()
        self._transport = None

    def eof_received(self) -> bool:
        """A client that closes its sending half still gets the answers it waits for."""
        self._last = True
        return bool(self._waiting)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Where the transport puts what came: all connections of a listener share one place, read out at once."""
        return self._registry.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Something came."""
        self.receive(bytes(self._registry.buffer[:nbytes]))

    def receive(self, data: bytes) -> None:
        """Parse what came; answer what cannot be parsed and stop listening."""
        if self._deaf:
            return
        if self._between:
            known = self._registry.heads.find(data)
            if known is not None:
                self._repeat(*known)
                return
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        new = self._messages if self._between else -1
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._abort(bad("no upgrade is offered here"))
            return
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            if not isinstance(cause, Refusal):
                raise
            self._abort(cause)
            return
        except httptools.HttpParserError:
            self._abort(bad("the request is not valid HTTP/1.1"))
            return
        if self._fresh:
            self._fresh = False
        elif self._in_head:
            self._head_bytes += len(data)  # a line that is not complete yet is not counted by on_header
            if self._head_bytes > self._limits.header:
                self._abort(Refusal(Kind.HEAD_TOO_LARGE, f"the head is longer than {self._limits.header} bytes"))
        exchange = self._exchange
        if self._between and not self._deaf and new == self._messages - 1 and exchange is not None:
            self._registry.heads.keep(data, exchange.head)

    def _repeat(self, head: Head, body: bytes) -> None:
        """A whole request whose head llhttp has read before: the same steps as below, without it."""
        exchange = self._exchange = Exchange(self, head)
        exchange.body = body
        if len(self._waiting) >= _PIPELINE:
            self._abort(Refusal(Kind.TOO_MANY, f"more than {_PIPELINE} requests wait on this connection"))
            return
        try:
            self._gate(head, self.identity)
        except Refusal as refusal:
            if refusal.close:
                self._abort(refusal)
                return
            fault: Refusal | None = refusal.with_traceback(
                None
            )  # kept: its traceback would hold this frame, for the collector
        else:
            fault = None
        self.state = "answering"
        self._waiting.append(exchange)
        if fault is not None:
            self._refuse(exchange, fault)
        else:
            self._handle(exchange)

    def pause_writing(self) -> None:
        """The client reads slowly: take nothing more from it."""
        self.since, self.state = self._registry.tick, "writing"
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client caught up."""
        self.since, self.state = self._registry.tick, "idle"
        if self._transport is not None:
            self._transport.resume_reading()

    # -- llhttp --------------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self._reset()
        self._between = False
        self._messages += 1
        self._in_head = self._fresh = True
        self._head_bytes = 0
        self.since, self.state = self._registry.tick, "reading"

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        name = name.lower()
        self._lines += 1
        if self._lines > self._limits.headers:
            raise Refusal(Kind.HEAD_TOO_LARGE, f"more than {self._limits.headers} header lines")
        self._count(len(name) + len(value) + 4)
        if name in self._headers and name in _SINGLE:
            raise bad(f"header {name.decode('latin-1')} stands twice")
        self._headers[name] = value

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self._limits.header:
            raise Refusal(Kind.HEAD_TOO_LARGE, f"the head is longer than {self._limits.header} bytes")

    def on_headers_complete(self) -> None:
        """Decide about the request before its body is read."""
        self._in_head = False
        if self._parser.should_upgrade():
            raise bad("no upgrade is offered here")
        method = self._parser.get_method()
        headers = self._headers
        length = headers.get(b"content-length")
        size = 0 if length is None else int(length)
        head = Head(_METHODS.get(method) or method.decode("latin-1"), self._url, headers, size)
        exchange = Exchange(self, head)
        exchange.keep_alive = self._parser.should_keep_alive()
        self._exchange = exchange
        if len(self._waiting) >= _PIPELINE:
            raise Refusal(Kind.TOO_MANY, f"more than {_PIPELINE} requests wait on this connection")
        if size > self._limits.body:
            raise Refusal(Kind.TOO_LARGE, f"the body is longer than {self._limits.body} bytes")
        try:
            self._gate(head, self.identity)
        except Refusal as refusal:
            if refusal.close or size > _SWALLOW or b"transfer-encoding" in headers:
                raise
            self._fault = refusal.with_traceback(None)
        expected = headers.get(b"expect")
        if expected is not None:
            if expected.lower() != b"100-continue":
                raise Refusal(Kind.EXPECTATION, "only 100-continue can be expected")
            if self._transport is not None and not self._waiting:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._chunks += 1
        if self._chunks > self._limits.chunks + 1:  # the last, empty chunk has a header too
            raise Refusal(Kind.TOO_LARGE, f"the body has more than {self._limits.chunks} chunks")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body:
            raise Refusal(Kind.TOO_LARGE, f"the body is longer than {self._limits.body} bytes")
        if self._fault is None:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """The request is whole: hand it over."""
        exchange = self._exchange
        if exchange is None:
            return
        self.state = "answering"
        self._between = True
        parts = self._parts
        exchange.body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._parts = []
        self._waiting.append(exchange)
        if not exchange.keep_alive:
            self._deaf = True
        if self._fault is not None:
            self._refuse(exchange, self._fault)
        else:
            self._handle(exchange)

    # -- answers -------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Send every answer whose turn has come."""
        waiting = self._waiting
        transport = self._transport
        while waiting and waiting[0].answer is not None:
            exchange = waiting.popleft()
            if transport is None:
                continue
            transport.write(exchange.answer)  # type: ignore[arg-type]
            if not exchange.keep_alive:
                self._deaf = True
                if not self._lingers:
                    transport.close()
                elif (
                    transport.can_write_eof()
                ):  # what the client still sends is read: unread, it would reset the answer
                    transport.write_eof()
                return
        if not waiting:
            if self.state == "answering":
                self.since, self.state = self._registry.tick, "idle"
            if self._last and transport is not None:
                transport.close()

    def _abort(self, refusal: Refusal) -> None:
        """Refuse in mid-message: answer, stop parsing, give the client time to read the answer, close."""
        self._deaf = True
        exchange = self._exchange
        if exchange is None or exchange.answer is not None or exchange in self._waiting:
            exchange = Exchange(self, Head("", self._url, self._headers))
        self._waiting.append(exchange)
        exchange.on_gone = None
        self._lingers = True
        self.since, self.state = self._registry.tick, "lingering"
        refusal.close = True
        self._refuse(exchange, refusal)
        if self._transport is not None:
            asyncio.get_running_loop().call_later(_LINGER_S, self.close)

    def close(self) -> None:
        """End the connection once what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def expire(self) -> None:
        """The client took too long: say so where it was in the middle of a request, else just close."""
        if self.state == "reading":
            self._abort(Refusal(Kind.SLOW, "the request took too long to arrive"))
        else:
            self.drop()

    @property
    def busy(self) -> bool:
        """Whether a request is being read or answered."""
        return bool(self._waiting) or self.state == "reading"

    def drain(self) -> None:
        """Close as soon as nothing is under way."""
        self._last = True
        if not self.busy:
            self.close()


_SINGLE = frozenset(
    {b"host", b"content-length", b"content-type", b"content-encoding", b"inference-header-content-length"}
)
"""Headers that may stand once."""
_SWALLOW = 1 << 20
"""A refused request's body up to this many bytes is read and dropped, so that the connection can go on."""
