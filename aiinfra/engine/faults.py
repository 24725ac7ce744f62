"""What can go wrong in a rehearsal, on purpose: slow calls, throttling, a resource that cannot be made."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from aiinfra.engine.cloud import ProviderError
from aiinfra.graph import urn as urns


@dataclass(frozen=True, slots=True)
class Failure:
    """Calls of ``methods`` for one resource fail. ``resource``: a URN, or a logical name."""

    resource: str
    methods: frozenset[str] = frozenset({"create", "update", "delete"})
    message: str = "InternalError: the rehearsal was told to let this fail"

    def hits(self, method: str, urn: str) -> bool:
        """Whether this call is meant."""
        return method in self.methods and self.resource in (urn, urns.name(urn))


@dataclass
class Faults:
    """What every create, update and delete goes through.

    Attributes:
        latency: Seconds a call takes; by type token where it differs, ``"*"`` for all others.
        rate: Calls a second that are let through, all types together; 0: any number.
        patience: Seconds a call waits for its turn, as a provider's own retries do, before it fails as throttled.
        failure: What fails.
    """

    latency: Mapping[str, float] = field(default_factory=dict)
    rate: float = 0.0
    patience: float = 60.0
    failure: Failure | None = None
    _next: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def seconds(self, type_: str) -> float:
        """How long a call for this type takes."""
        return self.latency.get(type_, self.latency.get("*", 0.0))

    def meet(self, method: str, urn: str, type_: str) -> None:
        """Let a call through, late or not at all.

        Raises:
            ProviderError: it fails.
        """
        self._throttle(urn)
        time.sleep(self.seconds(type_))
        if self.failure is not None and self.failure.hits(method, urn):
            raise ProviderError(self.failure.message)

    def _throttle(self, urn: str) -> None:
        if self.rate <= 0:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            if turn - now > self.patience:
                raise ProviderError(f"ThrottlingException: Rate exceeded ({urns.name(urn)})")
            self._next = turn + 1 / self.rate
        time.sleep(turn - now)
