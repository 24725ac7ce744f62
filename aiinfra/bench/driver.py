"""Sends one request over and over: at a stated rate, or with a stated number always under way.

At a rate, a request's time runs from the moment it was due, not from when a connection was free for it, so a server
(or a client) that stalls shows in the percentiles instead of hiding in requests that were never sent. With a stated
number under way there is no such moment: then the driver only says what it saw.
"""

import re
import select
import socket
import ssl
from collections import Counter, deque
from dataclasses import dataclass, field
from time import perf_counter

from aiinfra.bench.arrivals import Arrivals, Schedule, schedule
from aiinfra.bench.request import Site
from aiinfra.errors import AiinfraError

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
PATIENCE_S = 10.0
"""How long answers are waited for after the last request was due."""


@dataclass(slots=True)
class Outcome:
    """What happened. Times are seconds."""

    seconds: float = 0.0
    """From the first request to the last answer."""
    latencies: list[float] = field(default_factory=list)
    """Of the requests that were answered with a prediction (200, or OK)."""
    statuses: Counter[str] = field(default_factory=Counter)
    """How often each answer came: ``200``, ``429``; over gRPC the status code's name, ``OK``, ``UNAVAILABLE``."""
    lost: int = 0
    """Requests whose connection ended without an answer, or that were still open at the end."""
    client_late: float = 0.0
    """The longest time the driver itself did not look at its sockets although something was there or due."""

    def percentile(self, share: float) -> float:
        """Latency that ``share`` (0 to 1) of the answers were at least as fast as."""
        if not self.latencies:
            return float("nan")
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def rate(self) -> float:
        """Predictions a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def clean(self) -> bool:
        """Whether every request was answered with a prediction."""
        return bool(self.latencies) and len(self.latencies) == self.statuses.total() and not self.lost


class _Connection:
    __slots__ = ("began", "buffer", "need", "socket")

    def __init__(self, site: Site) -> None:
        try:
            raw = socket.create_connection((site.host, site.port), timeout=10)
        except OSError as error:
            raise AiinfraError(
                "server-unreachable", f"{site.host}:{site.port} does not answer: {error}", "start it, or correct --url"
            ) from None
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket: socket.socket = site.tls.wrap_socket(raw, server_hostname=site.host) if site.tls else raw
        self.began: float | None = None
        self.buffer = b""
        self.need = -1

    def receive(self) -> int | None:
        """Read what is there; the status once the answer is whole, else None.

        Raises:
            ConnectionError: the server closed the connection.
        """
        chunk = self.socket.recv(1 << 18)
        if isinstance(self.socket, ssl.SSLSocket):
            while self.socket.pending():
                chunk += self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError
        self.buffer = buffer = self.buffer + chunk if self.buffer else chunk
        if self.need < 0 and not self._read_head(buffer):
            return None
        whole = len(buffer) >= self.need if self.need else buffer.endswith(b"0\r\n\r\n")
        if not whole:
            return None
        self.buffer, self.need = b"", -1
        return int(buffer[9:12])

    def _read_head(self, buffer: bytes) -> bool:
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        length = _LENGTH.search(buffer, 0, end + 2)
        if length is None:
            self.need = 0 if _CHUNKED.search(buffer, 0, end + 2) else end + 4
        else:
            self.need = end + 4 + int(length[1])
        return True


class Driver:
    """Drives one server with copies of one request."""

    def __init__(self, site: Site, request: bytes) -> None:
        self._site = site
        self._request = request

    def run(
        self, seconds: float, *, connections: int, rate: float | None = None, arrivals: Arrivals = Arrivals.EVEN
    ) -> Outcome:
        """Load for ``seconds``: ``rate`` requests a second, or without one, ``connections`` always under way.

        Raises:
            AiinfraError: ``server-unreachable``.
        """
        due = None if rate is None else schedule(arrivals, rate, seconds)
        run = _Run(self._site, self._request, seconds, due)
        try:
            run.open(connections)
            run.drive()
        finally:
            run.close()
        return run.outcome


class _Run:
    def __init__(self, site: Site, request: bytes, seconds: float, schedule: Schedule | None) -> None:
        self._site = site
        self._request = request
        self._seconds = seconds
        self._schedule = schedule
        self._poll = select.epoll()
        self._all: dict[int, _Connection] = {}
        self._free: deque[_Connection] = deque()
        self._sent = 0
        self._open = 0
        self.outcome = Outcome()

    def open(self, count: int) -> None:
        """Connect ``count`` times."""
        for _ in range(count):
            connection = _Connection(self._site)
            self._all[connection.socket.fileno()] = connection
            self._poll.register(connection.socket.fileno(), select.EPOLLIN)
            self._free.append(connection)

    def drive(self) -> None:
        """Send and receive until the time is over and the answers are in."""
        start = self._start = perf_counter()
        end, give_up = start + self._seconds, start + self._seconds + PATIENCE_S
        while True:
            now = perf_counter()
            if now < end or self._due(end) > 0:
                self._send(min(now, end), now < end)
            elif not self._open:
                break
            if now > give_up:
                break
            self._receive(self._wait(now, end))
        self.outcome.seconds = perf_counter() - start
        self.outcome.lost += self._open + max(0, self._due(end))

    def _due(self, now: float) -> int:
        """Requests that should have been sent by ``now`` and were not; 0 where there is no rate."""
        return self._schedule.passed(now - self._start) - self._sent if self._schedule is not None else 0

    def _send(self, now: float, more: bool) -> None:  # noqa: FBT001 - private
        while self._free:
            if self._schedule is None:
                if not more:
                    return
                due = perf_counter()
            elif self._due(now) > 0:
                due = self._start + self._schedule.moment(self._sent)
            else:
                return
            self._ask(self._free.popleft(), due)

    def _wait(self, now: float, end: float) -> float:
        if self._schedule is None or not self._free or now >= end:
            return 0.05
        return max(0.0, self._start + self._schedule.moment(self._sent) - now)

    def _receive(self, timeout: float) -> None:
        expected = perf_counter() + timeout
        events = self._poll.poll(timeout)
        now = perf_counter()
        if timeout < 0.05:
            self.outcome.client_late = max(self.outcome.client_late, now - expected)
        for number, _ in events:
            connection = self._all.get(number)
            if connection is None:
                continue
            try:
                status = connection.receive()
            except OSError:
                self._replace(connection)
                continue
            if status is None or connection.began is None:
                continue
            self.outcome.statuses[str(status)] += 1
            if status == 200:
                self.outcome.latencies.append(now - connection.began)
            connection.began = None
            self._open -= 1
            if self._schedule is None:
                self._again(connection)
            else:
                self._free.append(connection)

    def _again(self, connection: _Connection) -> None:
        """The next request on a connection that was just answered, without going round the loop."""
        now = perf_counter()
        if now - self._start >= self._seconds:
            self._free.append(connection)
            return
        self._ask(connection, now)

    def _ask(self, connection: _Connection, due: float) -> None:
        connection.began = due
        self._sent += 1
        self._open += 1
        try:
            connection.socket.sendall(self._request)
        except OSError:
            self._replace(connection)

    def _replace(self, connection: _Connection) -> None:
        """The server closed a connection: what was under way on it is lost; go on with another."""
        number = connection.socket.fileno()
        self._poll.unregister(number)
        del self._all[number]
        connection.socket.close()
        if connection.began is not None:
            self.outcome.lost += 1
            self._open -= 1
        self.open(1)

    def close(self) -> None:
        """Let go of the sockets."""
        for connection in self._all.values():
            connection.socket.close()
        self._poll.close()
