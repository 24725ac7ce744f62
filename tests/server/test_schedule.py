"""Lanes: what shares a call, what waits, what is dropped, and that one bad request spoils no other."""

import asyncio
import threading
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any

import numpy as np
import pytest

from aiinfra.server.datatypes import DATATYPES
from aiinfra.server.loop_lane import LoopLane
from aiinfra.server.ports import Port
from aiinfra.server.refusal import Kind, Refusal, bad
from aiinfra.server.requests import Reply
from aiinfra.server.schedule import Call, Lane
from aiinfra.server.statistics import Statistics
from aiinfra.server.thread_lane import ThreadLane
from aiinfra.server.warmup import Pace, difference, feed_of, pace

FP32 = DATATYPES["FP32"]


class Doubler:
    """y = 2x; refuses a 13 anywhere in a call; records how many rows each call had."""

    def __init__(self, shape: tuple[int | None, ...] = (None, 2), gate: threading.Event | None = None) -> None:
        self.inputs = (Port("x", FP32, shape, ("N", "")),)
        self.outputs = (Port("y", FP32, shape, ("N", "")),)
        self.by_input = {"x": self.inputs[0]}
        self.by_output = {"y": self.outputs[0]}
        self.output_names = ["y"]
        self.providers = ("CPUExecutionProvider",)
        self.runtime = "none"
        self.calls: list[int] = []
        self.gate = gate
        self.begun = threading.Event()

    def run(self, feed: Any, names: list[str], options: Any = None) -> list[np.ndarray]:
        self.begun.set()
        while self.gate is not None and not self.gate.wait(0.005):
            if options is not None and options.terminate:
                raise Refusal(Kind.DEADLINE, "stopped")
        if (feed["x"] == 13).any():
            raise bad("13")
        self.calls.append(len(feed["x"]))
        return [feed["x"] * 2]


class Outcome(Reply):
    def __init__(self) -> None:
        self.value: Any = None

    def complete(self, outputs: list[np.ndarray]) -> None:
        self.value = outputs[0].tolist()

    def refuse(self, refusal: Refusal) -> None:
        self.value = refusal.kind


def call(*rows: float, late: bool = False) -> tuple[Call, Outcome]:
    outcome = Outcome()
    now = perf_counter_ns()
    feed = {"x": np.array([[row, row] for row in rows], np.float32)}
    limit = -1 if late else 5_000_000_000
    return Call(feed, ["y"], outcome, rows=len(rows), arrived=now, deadline=now + limit), outcome


def loop_lane(model: Doubler, rows: int = 8, limit: int = 100) -> LoopLane:
    statistics = Statistics()
    found = Pace(1000, True, rows, 64, "")
    return LoopLane(model, found, limit, statistics, lambda: thread_lane(model, rows, limit))


def thread_lane(model: Doubler, rows: int = 8, limit: int = 100, threads: int = 1) -> ThreadLane:
    return ThreadLane(model, limit, Statistics(), threads=threads, batch_rows=rows)


async def submit(lane: Lane, calls: Sequence[tuple[Call, Outcome]]) -> list[Any]:
    for one, _ in calls:
        lane.submit(one)
    for _ in range(400):
        if all(outcome.value is not None for _, outcome in calls):
            break
        await asyncio.sleep(0.005)
    await lane.close()
    return [outcome.value for _, outcome in calls]


def test_one_turn_of_the_loop_is_one_batch_and_every_caller_gets_its_rows() -> None:
    async def check() -> None:
        model = Doubler()
        answers = await submit(loop_lane(model), [call(1), call(2, 3), call(4)])
        assert answers == [[[2, 2]], [[4, 4], [6, 6]], [[8, 8]]]
        assert model.calls == [4]

    asyncio.run(check())


def test_a_batch_holds_at_most_its_rows_and_one_row_where_sharing_is_off() -> None:
    async def check() -> None:
        model = Doubler()
        await submit(loop_lane(model, rows=2), [call(1), call(2), call(3)])
        assert model.calls == [2, 1]
        alone = Doubler()
        await submit(loop_lane(alone, rows=1), [call(1), call(2), call(3)])
        assert alone.calls == [1, 1, 1]

    asyncio.run(check())


@pytest.mark.parametrize("lane", [loop_lane, thread_lane])
def test_a_refused_request_leaves_its_neighbours_answers_alone(lane: Any) -> None:
    async def check() -> None:
        answers = await submit(lane(Doubler()), [call(1), call(13), call(2)])
        assert answers == [[[2, 2]], Kind.BAD_REQUEST, [[4, 4]]]

    asyncio.run(check())


def test_a_late_call_is_refused_and_not_run() -> None:
    async def check() -> None:
        model = Doubler()
        assert await submit(loop_lane(model), [call(1, late=True), call(2)]) == [Kind.DEADLINE, [[4, 4]]]
        assert model.calls == [1]

    asyncio.run(check())


def test_the_queue_is_bounded() -> None:
    async def check(lane: Lane) -> None:
        first = [call(1), call(2)]
        for one, _ in first:
            lane.submit(one)
        with pytest.raises(Refusal) as caught:
            lane.submit(call(3)[0])
        assert caught.value.kind is Kind.BUSY
        assert caught.value.retry_after == 1

    async def main() -> None:
        small = loop_lane(Doubler(), limit=2)
        await check(small)
        await small.close()
        gate = threading.Event()
        big = thread_lane(Doubler(gate=gate), limit=2)
        await check(big)
        gate.set()
        await big.close()

    asyncio.run(main())


def test_a_call_larger_than_what_was_timed_leaves_the_loop() -> None:
    async def check() -> None:
        names = []
        model = Doubler()
        run = model.run

        def spy(feed: Any, wanted: list[str], options: Any = None) -> list[np.ndarray]:
            names.append(threading.current_thread().name)
            return run(feed, wanted, options)

        model.run = spy  # type: ignore[method-assign]
        await submit(loop_lane(model), [call(1), call(*range(14, 60))])
        assert sorted(names) == ["MainThread", "model-0"]

    asyncio.run(check())


def test_the_deadline_stops_a_run_that_nobody_waits_for() -> None:
    async def check() -> None:
        model = Doubler(gate=threading.Event())
        lane = thread_lane(model)
        slow, outcome = call(1)
        slow.deadline = perf_counter_ns() + 50_000_000
        lane.submit(slow)
        await asyncio.to_thread(model.begun.wait, 5)
        while outcome.value is None:
            await asyncio.sleep(0.005)
        assert outcome.value is Kind.DEADLINE
        await asyncio.wait_for(lane.close(), 5)  # ends only if the run was told to stop
        assert model.calls == []

    asyncio.run(check())


def test_an_abandoned_call_is_never_begun() -> None:
    async def check() -> None:
        gate = threading.Event()
        model = Doubler(gate=gate)
        lane = thread_lane(model, rows=1)
        running, _ = call(1)
        waiting, outcome = call(2)
        lane.submit(running)
        lane.submit(waiting)
        lane.abandon(waiting)
        gate.set()
        await lane.close()
        assert model.calls == [1]
        assert outcome.value is None

    asyncio.run(check())


class Mixer(Doubler):
    """Subtracts the mean over all rows: a row's answer depends on its neighbours."""

    def run(self, feed: Any, names: list[str], options: Any = None) -> list[np.ndarray]:
        return [feed["x"] - feed["x"].mean(axis=0)]


def test_rows_share_a_call_only_where_their_answers_stay_the_same() -> None:
    feed = feed_of(Doubler().inputs)
    assert difference(Doubler(), feed, 4) == ""
    assert "changes with its neighbours" in difference(Mixer(), feed, 4)
    mixed = pace(Mixer(), feed, may_run_on_loop=True, may_batch=True)
    assert mixed.batch_rows == 1
    assert "changes with its neighbours" in mixed.why
    fixed = Doubler((1, 2))
    assert "is fixed" in pace(fixed, feed_of(fixed.inputs), may_run_on_loop=True, may_batch=True).why
    assert not pace(Doubler(), feed, may_run_on_loop=False, may_batch=True).on_loop
