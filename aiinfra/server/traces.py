"""OpenTelemetry traces of inference requests: sampled, sent over OTLP/HTTP, only where ``[traces]`` names an endpoint.

A span holds the transport, model, version, digest and outcome; no identity and no tensor contents. A caller's W3C
``traceparent`` makes the span part of its trace, and its sampling decision is kept. Loads the OpenTelemetry SDK
(the extra ``traces``), so it is imported only where it is configured.
"""

import logging
from time import perf_counter_ns, time_ns
from typing import Any
from urllib.parse import urlsplit

from aiinfra import __version__
from aiinfra.errors import BadInput
from aiinfra.server.config import Traces as Settings
from aiinfra.server.journal import Journal

_PATH = "/v1/traces"
_EXPORT_S = 5
_COMPLAIN_EVERY_NS = 60_000_000_000


def endpoint_of(settings: Settings) -> tuple[str, int]:
    """The whole URL that spans go to, and its TCP port.

    Raises:
        BadInput: ``traces-endpoint``.
    """
    try:
        parts = urlsplit(settings.endpoint)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            "traces-endpoint",
            f"traces.endpoint {settings.endpoint!r} is not the address of a collector",
            "write it like http://127.0.0.1:4318",
        )
    return settings.endpoint if parts.path not in ("", "/") else settings.endpoint.rstrip("/") + _PATH, port


class Traces:
    """Makes spans and sends them from a thread of its own; what cannot be sent is dropped and the log says so."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        url, _ = endpoint_of(settings)
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
            from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415
            from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415
        except ImportError:
            raise BadInput(
                "traces-unavailable",
                "[traces] needs the OpenTelemetry SDK, which is not installed",
                "pip install 'aiinfra[traces]', or remove the section",
            ) from None
        _log_to(journal)
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample)),
            resource=Resource({"service.name": "aiinfra", "service.version": __version__}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=_EXPORT_S)))
        self._tracer = self._provider.get_tracer("aiinfra.server")
        self._context = TraceContextTextMapPropagator()
        self._server = SpanKind.SERVER
        self._failed = Status(StatusCode.ERROR)

    def add(self, name: str, traceparent: bytes | None, attributes: dict[str, Any], *, began: int, ok: bool) -> None:
        """One span that ends now; ``began`` in nanoseconds of ``perf_counter_ns``, 0 where it has no length."""
        now = time_ns()
        start = now - (perf_counter_ns() - began) if began else now
        parent = self._context.extract({"traceparent": traceparent.decode("latin-1")}) if traceparent else None
        span = self._tracer.start_span(name, parent, self._server, attributes, start_time=start)
        if not ok:
            span.set_status(self._failed)
        span.end(now)

    def close(self) -> None:
        """Send what waits, at most some seconds long. Blocks: call it in a thread."""
        self._provider.shutdown()


class _ToJournal(logging.Handler):
    """The SDK's complaints as lines of the server's log, at most one a minute."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal
        self._next = 0

    def emit(self, record: logging.LogRecord) -> None:
        now = perf_counter_ns()
        if now >= self._next:
            self._next = now + _COMPLAIN_EVERY_NS
            self._journal.warning("traces-not-sent", reason=record.getMessage()[:200])


def _log_to(journal: Journal) -> None:
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.handlers = [_ToJournal(journal)]
