"""The lane of big models: threads call the model (onnxruntime releases the interpreter's lock), the loop goes on."""

import asyncio
import threading
from collections import deque
from time import perf_counter_ns
from typing import Any

import numpy as np

from aiinfra.server.ports import Model
from aiinfra.server.refusal import Refusal
from aiinfra.server.schedule import Call, Lane, full, join, late, names_of, take
from aiinfra.server.session import Session
from aiinfra.server.statistics import Statistics


class _Run:
    """One call of the model that is under way."""

    __slots__ = ("calls", "options")

    def __init__(self, calls: list[Call], options: Any) -> None:
        self.calls = calls
        self.options = options

    def stop_if_unwanted(self) -> None:
        """Tell the model to stop where nobody waits for this run any more. It looks between operators."""
        if all(call.done for call in self.calls):
            self.options.terminate = True


class ThreadLane(Lane):
    """``threads`` threads take calls from one queue."""

    def __init__(self, model: Model, limit: int, statistics: Statistics, *, threads: int, batch_rows: int) -> None:
        super().__init__(limit, statistics)
        self._model = model
        self._batch_rows = batch_rows
        self._queue: deque[Call] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._taken = 0
        self._runs: dict[Call, _Run] = {}
        self._timers: dict[Call, asyncio.TimerHandle] = {}
        self._loop = asyncio.get_running_loop()
        self._threads = [
            threading.Thread(target=self._work, name=f"model-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Call) -> None:
        """Queue a call for the next free thread."""
        if self._taken >= self._limit:
            raise full(self._limit)
        self._taken += 1
        self._timers[call] = self._loop.call_later((call.deadline - perf_counter_ns()) / 1e9, self._expire, call)
        with self._wake:
            self._queue.append(call)
            self._wake.notify()

    @property
    def waiting(self) -> int:
        """Calls in the queue or under way."""
        return self._taken

    def abandon(self, call: Call) -> None:
        """The caller has gone."""
        if not call.done:
            call.done = True
            self._statistics.refused(perf_counter_ns() - call.arrived)
        run = self._runs.get(call)
        if run is not None:
            run.stop_if_unwanted()

    def _expire(self, call: Call) -> None:
        self._refuse(call, late())
        self.abandon(call)

    async def close(self) -> None:
        """Complete what waits, end the threads."""
        while self._taken:
            await asyncio.sleep(0.005)
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        await asyncio.to_thread(lambda: [thread.join() for thread in self._threads])

    # -- on the threads ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue:
                    if self._closing:
                        return
                    self._wake.wait()
                batch, skipped = take(self._queue, self._batch_rows)
            if skipped:
                self._loop.call_soon_threadsafe(self._forget, skipped)
            if batch:
                self._run(batch)

    def _run(self, batch: list[Call]) -> None:
        run = _Run(batch, Session.new_run_options())
        for call in batch:
            self._runs[call] = run
        run.stop_if_unwanted()
        names = names_of(batch)
        began = perf_counter_ns()
        outcome: dict[str, np.ndarray] | Refusal
        try:
            outcome = dict(zip(names, self._model.run(join(batch), names, run.options), strict=True))
        except Refusal as refusal:
            outcome = refusal
        self._loop.call_soon_threadsafe(self._complete, batch, outcome, began, perf_counter_ns())

    # -- back on the loop ----------------------------------------------------------------------------------------------

    def _forget(self, calls: list[Call]) -> None:
        for call in calls:
            self._taken -= 1
            self._runs.pop(call, None)
            timer = self._timers.pop(call, None)
            if timer is not None:
                timer.cancel()

    def _complete(self, batch: list[Call], outcome: dict[str, np.ndarray] | Refusal, began: int, ended: int) -> None:
        if isinstance(outcome, Refusal) and len(batch) > 1:
            for call in batch:  # one bad request must not spoil its neighbours' answers
                self._runs.pop(call, None)
            with self._wake:
                for call in batch:
                    call.alone = True
                self._queue.extendleft(reversed(batch))
                self._wake.notify()
            return
        self._forget(batch)
        if isinstance(outcome, Refusal):
            self._refuse(batch[0], outcome)
            return
        self._statistics.called(sum(call.rows for call in batch), ended - began)
        self._answer(batch, outcome, began, ended)
        self._statistics.inputs.look(
            batch[0].feed, ended
        )  # last: whatever a sample holds, the answers are on their way
