"""How often one identity may ask: a token bucket each, filled at its rate, a second's worth deep."""

from time import monotonic

from aiinfra.server.config import Limits
from aiinfra.server.refusal import Kind, Refusal

_MOST = 10_000
"""Identities that are remembered; the longest idle are forgotten first, which only gives them a full bucket again."""


class Rates:
    """The buckets of all identities. ``take`` costs a dictionary look-up where nothing is limited."""

    def __init__(self, limits: Limits) -> None:
        self._default = limits.rate.per_second if limits.rate is not None else None
        self._own = {identity: rate.per_second for identity, rate in limits.identities.items()}
        self._off = self._default is None and not self._own
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, identity: str) -> None:
        """Spend one request of ``identity``.

        Raises:
            Refusal: kind ``TOO_MANY``, with the time until there is one again.
        """
        if self._off:
            return
        rate = self._own.get(identity, self._default)
        if rate is None:
            return
        now = monotonic()
        deep = max(1.0, rate)
        tokens, then = self._buckets.pop(identity, (deep, now))
        tokens = min(deep, tokens + (now - then) * rate)
        if len(self._buckets) >= _MOST:
            del self._buckets[next(iter(self._buckets))]
        if tokens >= 1:
            self._buckets[identity] = (tokens - 1, now)
            return
        self._buckets[identity] = (tokens, now)
        wait = (1 - tokens) / rate if rate else 3600.0
        raise Refusal(Kind.TOO_MANY, f"more than {rate:g} requests a second", retry_after=wait)
