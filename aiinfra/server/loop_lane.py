"""The lane of small models: everything that arrived in one turn of the event loop runs as one batch at its end.

There is no timer. The first call of a turn asks the loop to come back once it has read what was ready; a lone request
therefore waits for nothing, and under load the batch grows by itself.
"""

import asyncio
from collections import deque
from time import perf_counter_ns

from aiinfra.server.ports import Model
from aiinfra.server.refusal import Refusal
from aiinfra.server.schedule import Call, Lane, full, join, late, names_of, row_key
from aiinfra.server.statistics import Statistics

_TURN_NS = 4_000_000
"""Longest time the lane keeps the loop before other sockets get their turn."""


class LoopLane(Lane):
    """Calls the model on the event loop's own thread."""

    def __init__(self, session: Model, batch_rows: int, limit: int, statistics: Statistics) -> None:
        super().__init__(limit, statistics)
        self._session = session
        self._batch_rows = batch_rows
        """Most rows of one call; 1 where requests may not share one."""
        self._queue: deque[Call] = deque()
        self._loop = asyncio.get_running_loop()
        self._awake = False

    def submit(self, call: Call) -> None:
        """Queue a call for the end of this turn."""
        if len(self._queue) >= self._limit:
            raise full(self._limit)
        self._queue.append(call)
        if not self._awake:
            self._awake = True
            self._loop.call_soon(self._turn)

    @property
    def waiting(self) -> int:
        """Calls in the queue."""
        return len(self._queue)

    async def close(self) -> None:
        """Run what waits."""
        while self._queue:
            await asyncio.sleep(0)

    def _turn(self) -> None:
        began = perf_counter_ns()
        while self._queue:
            batch = self._take(began)
            if batch:
                self._run(batch)
            if perf_counter_ns() - began > _TURN_NS:
                break
        self._awake = bool(self._queue)
        if self._awake:
            self._loop.call_soon(self._turn)

    def _take(self, now: int) -> list[Call]:
        """The next calls that can run together; abandoned and late ones are dropped."""
        queue = self._queue
        batch: list[Call] = []
        rows = 0
        key = None
        while queue:
            call = queue[0]
            if call.done or call.deadline <= now:
                self._refuse(queue.popleft(), late())
                continue
            if batch:
                if rows + call.rows > self._batch_rows:
                    break
                if key is None:
                    key = row_key(batch[0].feed)
                if row_key(call.feed) != key:
                    break
            batch.append(queue.popleft())
            rows += call.rows
        return batch

    def _run(self, batch: list[Call]) -> None:
        names = names_of(batch)
        began = perf_counter_ns()
        try:
            values = self._session.run(join(batch), names)
        except Refusal as refusal:
            self._apart(batch, refusal)
            return
        ended = perf_counter_ns()
        self._statistics.called(sum(call.rows for call in batch), ended - began)
        self._answer(batch, dict(zip(names, values, strict=True)), began, ended)

    def _apart(self, batch: list[Call], refusal: Refusal) -> None:
        """One bad request must not spoil its neighbours' answers: they run again, each alone."""
        if len(batch) == 1:
            self._refuse(batch[0], refusal)
            return
        for call in batch:
            self._run([call])
