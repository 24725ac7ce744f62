"""The lane of small models: everything that arrived in one turn of the event loop runs as one batch at its end.

There is no timer. The first call of a turn asks the loop to come back once it has read what was ready; a lone request
therefore waits for nothing, and under load the batch grows by itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns

from aiinfra.server.ports import Model
from aiinfra.server.refusal import Refusal
from aiinfra.server.schedule import Call, Lane, full, join, late, names_of, take
from aiinfra.server.statistics import Statistics
from aiinfra.server.warmup import Pace

_TURN_NS = 4_000_000
"""Longest time the lane keeps the loop before other sockets get their turn."""


class LoopLane(Lane):
    """Calls the model on the event loop's own thread."""

    def __init__(self, model: Model, pace: Pace, limit: int, statistics: Statistics, spill: Callable[[], Lane]) -> None:
        super().__init__(limit, statistics)
        self._model = model
        self._batch_rows = pace.batch_rows
        self._elements = pace.elements
        self._uniform = all(None not in port.shape[1:] for port in model.inputs)
        self._new_spill = spill
        self._spill: Lane | None = None
        """Takes the calls that are larger than anything that was timed; made when the first one comes."""
        self._queue: deque[Call] = deque()
        self._loop = asyncio.get_running_loop()
        self._awake = False

    def submit(self, call: Call) -> None:
        """Queue a call for the end of this turn; one larger than anything that was timed goes to a thread."""
        if sum([array.size for array in call.feed.values()]) > self._elements:
            if self._spill is None:
                self._spill = self._new_spill()
            self._spill.submit(call)
            return
        if len(self._queue) >= self._limit:
            raise full(self._limit)
        self._queue.append(call)
        if not self._awake:
            self._awake = True
            self._loop.call_soon(self._turn)

    @property
    def waiting(self) -> int:
        """Calls in the queue, and larger ones under way."""
        return len(self._queue) + (self._spill.waiting if self._spill is not None else 0)

    def abandon(self, call: Call) -> None:
        """The caller has gone."""
        if self._spill is not None:
            self._spill.abandon(call)
        elif not call.done:
            call.done = True
            self._statistics.refused(perf_counter_ns() - call.arrived)

    async def close(self) -> None:
        """Run what waits."""
        while self._queue:
            await asyncio.sleep(0)
        if self._spill is not None:
            await self._spill.close()

    def _turn(self) -> None:
        began = perf_counter_ns()
        while self._queue:
            batch, skipped = take(self._queue, self._batch_rows, began, uniform=self._uniform)
            for call in skipped:
                self._refuse(call, late())
            if batch:
                self._run(batch)
            if perf_counter_ns() - began > _TURN_NS:
                break
        self._awake = bool(self._queue)
        if self._awake:
            self._loop.call_soon(self._turn)

    def _run(self, batch: list[Call]) -> None:
        names = names_of(batch)
        began = perf_counter_ns()
        feed = join(batch)
        try:
            values = self._model.run(feed, names)
        except Refusal as refusal:
            self._apart(batch, refusal)
            return
        ended = perf_counter_ns()
        self._statistics.called(sum(call.rows for call in batch), ended - began)
        self._answer(batch, dict(zip(names, values, strict=True)), began, ended)
        self._statistics.inputs.look(feed, ended)  # last: whatever a sample holds, the answers are on their way

    def _apart(self, batch: list[Call], refusal: Refusal) -> None:
        """One bad request must not spoil its neighbours' answers: they run again, each alone."""
        if len(batch) == 1:
            self._refuse(batch[0], refusal)
            return
        for call in batch:
            self._run([call])
