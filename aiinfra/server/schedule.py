"""Calls that wait for a model, and what every lane (a way to run them) has in common.

A lane takes calls on the event loop and completes each one's reply on the event loop, whatever runs the model.
"""

from collections import deque
from collections.abc import Sequence
from time import perf_counter_ns

import numpy as np

from aiinfra.server.refusal import Kind, Refusal
from aiinfra.server.requests import Reply
from aiinfra.server.statistics import Statistics


class Call:
    """One request on its way through a lane."""

    __slots__ = ("alone", "arrived", "deadline", "done", "feed", "names", "reply", "rows")

    def __init__(
        self, feed: dict[str, np.ndarray], names: list[str], reply: Reply, *, rows: int, arrived: int, deadline: int
    ) -> None:
        self.feed = feed
        self.names = names
        self.rows = rows
        """First dimension of the inputs; 1 where they have none."""
        self.reply = reply
        self.arrived = arrived
        self.deadline = deadline
        """Both in nanoseconds of ``perf_counter_ns``."""
        self.alone = False
        """Shared a call that the model refused: runs by itself the next time."""
        self.done = False
        """Answered, refused or abandoned: nobody waits for it any more."""


class Lane:
    """Runs one model version's calls. ``limit`` bounds how many may wait."""

    def __init__(self, limit: int, statistics: Statistics) -> None:
        self._limit = limit
        self._statistics = statistics

    def submit(self, call: Call) -> None:
        """Take a call.

        Raises:
            Refusal: the queue is full (kind ``BUSY``).
        """
        raise NotImplementedError

    def abandon(self, call: Call) -> None:
        """The caller has gone: do not begin the call; stop it where nobody else shares it."""
        call.done = True

    @property
    def waiting(self) -> int:
        """Calls that were taken and are not complete."""
        raise NotImplementedError

    async def close(self) -> None:
        """Complete what waits, then let go of the model."""
        raise NotImplementedError

    def _answer(self, calls: Sequence[Call], outputs: dict[str, np.ndarray], began: int, ended: int) -> None:
        """Give each call its rows of ``outputs``."""
        compute = ended - began
        single = len(calls) == 1
        at = 0
        for call in calls:
            if not call.done:
                call.done = True
                self._statistics.answered(began - call.arrived, compute, ended - call.arrived)
                if single:
                    call.reply.complete([outputs[name] for name in call.names])
                else:
                    call.reply.complete([outputs[name][at : at + call.rows] for name in call.names])
            at += call.rows

    def _refuse(self, call: Call, refusal: Refusal) -> None:
        if not call.done:
            call.done = True
            self._statistics.refused(perf_counter_ns() - call.arrived)
            call.reply.refuse(refusal)


def full(limit: int) -> Refusal:
    """The refusal of a full queue."""
    return Refusal(Kind.BUSY, f"{limit} requests wait for this model already", retry_after=1)


def late() -> Refusal:
    """The refusal of a call whose deadline passed while it waited."""
    return Refusal(Kind.DEADLINE, "the deadline passed before the model could answer")


def row_key(feed: dict[str, np.ndarray]) -> tuple[tuple[int, ...], ...]:
    """Calls with the same key may share a call of the model: all but the first dimension of their inputs agree."""
    return tuple(array.shape[1:] for array in feed.values())


def take(queue: deque[Call], most_rows: int, now: int = 0, *, uniform: bool = False) -> tuple[list[Call], list[Call]]:
    """The next calls that can share one call of the model, and those before them that nobody waits for any more.

    ``now`` also skips calls whose deadline has passed by then. ``uniform`` promises that all calls have the same
    :func:`row_key`.
    """
    batch: list[Call] = []
    skipped: list[Call] = []
    rows = 0
    while queue:
        call = queue[0]
        if call.done or call.deadline <= now:
            skipped.append(queue.popleft())
            continue
        if batch:
            first = batch[0]
            if rows + call.rows > most_rows or call.alone or first.alone:
                break
            if not uniform and row_key(call.feed) != row_key(first.feed):
                break
        batch.append(queue.popleft())
        rows += call.rows
    return batch, skipped


def join(calls: Sequence[Call]) -> dict[str, np.ndarray]:
    """One feed with the rows of all calls, in order."""
    first = calls[0].feed
    if len(calls) == 1:
        return first
    return {name: np.concatenate([call.feed[name] for call in calls]) for name in first}


def names_of(calls: Sequence[Call]) -> list[str]:
    """Every output that one of the calls wants."""
    first = calls[0].names
    if all(call.names is first or call.names == first for call in calls):
        return first
    return list(dict.fromkeys(name for call in calls for name in call.names))
