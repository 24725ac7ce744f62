"""A measurement of a server under load, and the words it is told in."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiinfra.bench.arrivals import Arrivals
from aiinfra.bench.driver import Driver, Outcome
from aiinfra.bench.request import grpc_address, is_grpc, make_request, metadata_of, site_of
from aiinfra.errors import BadInput

if TYPE_CHECKING:
    from aiinfra.bench.grpc_driver import GrpcDriver

_SHARES = (0.5, 0.9, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked of the server and what came back."""

    url: str
    model: str
    connections: int
    rate: float | None
    """Requests a second that were due; None: every connection was always busy."""
    arrivals: Arrivals
    """How they were spread over time."""
    binary: bool
    rows: int
    outcome: Outcome

    @property
    def clean(self) -> bool:
        """Whether every request was answered with a prediction."""
        return self.outcome.clean

    @property
    def encoding(self) -> str:
        """How tensors travel."""
        if is_grpc(self.url):
            return "grpc"
        return "binary" if self.binary else "json"

    def as_json(self) -> dict[str, Any]:
        """Plain data; latencies in milliseconds."""
        outcome = self.outcome
        return {
            "url": self.url,
            "model": self.model,
            "connections": self.connections,
            "rate": self.rate,
            "arrivals": None if self.rate is None else self.arrivals.value,
            "encoding": self.encoding,
            "rows": self.rows,
            "seconds": round(outcome.seconds, 3),
            "answered_per_second": round(outcome.rate, 1),
            "latency_ms": {f"p{share * 100:g}": round(outcome.percentile(share) * 1e3, 3) for share in _SHARES}
            if outcome.latencies
            else {},
            "latency_max_ms": round(max(outcome.latencies) * 1e3, 3) if outcome.latencies else None,
            "statuses": dict(sorted(outcome.statuses.items())),
            "lost": outcome.lost,
            "client_late_ms": round(outcome.client_late * 1e3, 3),
        }

    def render(self) -> str:
        """Text for a terminal."""
        data = self.as_json()
        load = (
            f"{self.rate:g} requests a second due ({self.arrivals.value})" if self.rate is not None else "always busy"
        )
        lines = [
            f"{self.model} at {self.url}: {self.connections} connections, {load}, {data['encoding']}, {self.rows} rows",
            f"  answered   {data['answered_per_second']:,.1f} a second over {data['seconds']} s",
        ]
        if data["latency_ms"]:
            times = "  ".join(f"{name} {value} ms" for name, value in data["latency_ms"].items())
            lines.append(f"  latency    {times}  max {data['latency_max_ms']} ms")
        wrong = {status: count for status, count in data["statuses"].items() if status not in ("200", "OK")}
        lines.append("  errors     " + (", ".join(f"{count} x {status}" for status, count in wrong.items()) or "none"))
        if self.outcome.lost:
            lines.append(f"  lost       {self.outcome.lost} requests got no answer")
        if self.rate is not None and self.outcome.client_late > 0.01:
            lines.append(f"  this client was up to {data['client_late_ms']} ms late itself; its machine is busy")
        return "\n".join(lines)


def measure(
    url: str,
    model: str,
    *,
    rate: float | None = None,
    arrivals: str = "even",
    connections: int = 8,
    seconds: float = 10.0,
    rows: int = 1,
    binary: bool = False,
    ca: Path | None = None,
    cert: Path | None = None,
    key: Path | None = None,
) -> Report:
    """Load ``model`` at ``url`` with made-up inputs.

    Raises:
        BadInput: ``url-invalid``, ``tls-files`` or ``binary-over-grpc``.
        AiinfraError: ``server-unreachable`` or ``model-absent``.
    """
    spread = Arrivals(arrivals)
    if is_grpc(url):
        if binary:
            raise BadInput("binary-over-grpc", "--binary is for HTTP", "leave it out: gRPC's tensors are binary always")
        outcome = _grpc_driver(url, model, rows, ca, cert, key).run(
            seconds, connections=connections, rate=rate, arrivals=spread
        )
    else:
        site = site_of(url, _context(ca, cert, key))
        request = make_request(site, model, metadata_of(site, model), binary=binary, rows=rows)
        outcome = Driver(site, request).run(seconds, connections=connections, rate=rate, arrivals=spread)
    return Report(url, model, connections, rate, spread, binary, rows, outcome)


def _context(ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if ca is None and cert is None:
        return None
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca is not None else None)
        if cert is not None:
            context.load_cert_chain(cert, key)
    except OSError:
        raise _unusable() from None
    return context


def _unusable() -> BadInput:
    return BadInput("tls-files", "--ca, --cert or --key cannot be used", "name PEM files")


def _grpc_driver(url: str, model: str, rows: int, *files: Path | None) -> "GrpcDriver":
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # a failed handshake is said by the error, not by forty lines
    import grpc  # noqa: PLC0415 - heavy, and load over HTTP does without

    from aiinfra.bench.grpc_driver import GrpcDriver, GrpcSite  # noqa: PLC0415

    address, secure = grpc_address(url)
    credentials = None
    if secure:
        try:
            ca, cert, key = (file.read_bytes() if file is not None else None for file in files)
        except OSError:
            raise _unusable() from None
        credentials = grpc.ssl_channel_credentials(ca, key, cert)
    return GrpcDriver(GrpcSite(address, credentials), model, rows)
