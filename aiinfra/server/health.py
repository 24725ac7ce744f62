"""The health address: live and ready, nothing else, for probes that carry no certificate."""

from aiinfra.server.heads import Head
from aiinfra.server.http import START, Exchange
from aiinfra.server.refusal import Kind, Refusal
from aiinfra.server.rest import JSON, refuse
from aiinfra.server.rest_encode import dumps
from aiinfra.server.routes import Operation, resolve
from aiinfra.server.service import Service


class Health:
    """Answers ``GET /v2/health/live`` and ``GET /v2/health/ready``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def gate(self, head: Head, _identity: str) -> None:
        """Turn everything else away before its body is read."""
        if resolve(head.method, head.url).operation not in (Operation.LIVE, Operation.READY):
            raise Refusal(Kind.NOT_FOUND, "no such path")

    def handle(self, exchange: Exchange) -> None:
        """Answer."""
        try:
            operation = resolve(exchange.head.method, exchange.head.url).operation
        except Refusal as refusal:
            refuse(exchange, refusal)
            return
        if operation is Operation.LIVE:
            exchange.finish(START[200], JSON, b'{"live":true}')
        else:
            ready = self._service.is_ready
            exchange.finish(START[200 if ready else 503], JSON, dumps({"ready": ready}))
