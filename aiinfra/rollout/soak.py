"""The first minutes of a version: is it served, does it answer, and fast enough. Decides; changes nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiinfra.rollout.observe import Seen
from aiinfra.units import Duration, Share

Look = Callable[[], Seen | None]

_ENOUGH = 20
"""Requests from which a share or a quantile is judged before the soak has ended."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a version must keep to while it is watched."""

    time: Duration = field(default_factory=lambda: Duration("10 min"))
    """How long it is watched once it is served."""
    load: Duration = field(default_factory=lambda: Duration("2 min"))
    """How long the server may take to serve it."""
    failed: Share = field(default_factory=lambda: Share("1 %"))
    """Part of the requests that may fail."""
    p99: Duration | None = None
    """Longest 99th percentile of the time from a request to its answer; none: not judged."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Keep it or not, and why."""

    keep: bool
    why: str


@dataclass(slots=True)
class Clock:
    """Time as the soak sees it; tests give another."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    every: float = 2.0
    """Seconds between two looks."""


def watch(look: Look, version: str, limits: Limits, clock: Clock) -> Verdict:
    """Watch ``version`` until it has been served for the whole time, or is known to be bad."""
    first = _served(look, version, limits, clock)
    if isinstance(first, Verdict):
        return first
    end = clock.now() + limits.time.seconds
    last, silent = first, 0
    while clock.now() < end:
        clock.sleep(min(clock.every, max(end - clock.now(), 0.01)))
        seen = look()
        if seen is None:
            silent += 1
            if silent >= 3:
                return Verdict(keep=False, why="the server stopped answering")
            continue
        silent = 0
        if seen.started != first.started:
            return Verdict(keep=False, why="the server ended and was started again")
        if seen.version != version:
            return Verdict(keep=False, why=f"the server went over to version {seen.version or 'none'} by itself")
        last = seen
        if wrong := problem(seen, limits, ended=False):
            return Verdict(keep=False, why=wrong)
    if wrong := problem(last, limits, ended=True):
        return Verdict(keep=False, why=wrong)
    return Verdict(keep=True, why=_told(last, limits))


def _served(look: Look, version: str, limits: Limits, clock: Clock) -> Seen | Verdict:
    """Wait until the server serves the version."""
    end = clock.now() + limits.load.seconds
    seen = None
    while clock.now() < end:
        seen = look() or seen
        if seen is not None and seen.version == version:
            return seen
        clock.sleep(min(clock.every, 0.5))
    if seen is None:
        return Verdict(keep=False, why=f"no server answered within {limits.load}")
    served = f"still serves version {seen.version}" if seen.version else "serves no version"
    return Verdict(keep=False, why=f"the server {served} after {limits.load}: its log says why it dropped {version}")


def problem(seen: Seen, limits: Limits, *, ended: bool) -> str:
    """What is wrong with what was seen; empty where nothing is."""
    if seen.requests < (1 if ended else _ENOUGH):
        return ""
    share = seen.failed / seen.requests
    if share > limits.failed.fraction:
        return f"{seen.failed} of {seen.requests} requests failed ({share:.1%}; allowed: {limits.failed})"
    p99 = seen.quantile(0.99)
    if limits.p99 is not None and seen.answered >= _ENOUGH and p99 >= limits.p99.seconds:
        return f"of {seen.answered} requests, one in a hundred took over {p99 * 1000:g} ms (allowed: {limits.p99})"
    return ""


def _told(seen: Seen, limits: Limits) -> str:
    if not seen.requests:
        return f"served for {limits.time}; nobody asked it anything"
    return f"served for {limits.time}: {seen.requests} requests, {seen.failed} failed"
