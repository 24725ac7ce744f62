"""The lane of untrusted models: one call at a time in a process that can be killed, others go on.

A call whose time is over, or whose caller has gone, is asked to stop; onnxruntime looks at that between operators only,
so a process that has not answered soon after is killed and another one started.
"""

import asyncio
import json
import os
import sys
from collections import deque
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from aiinfra.errors import AiinfraError
from aiinfra.server import frames
from aiinfra.server.config import ModelSettings
from aiinfra.server.datatypes import DATATYPES, Datatype
from aiinfra.server.ports import Port
from aiinfra.server.refusal import Kind, Refusal
from aiinfra.server.schedule import Call, Lane, full, late
from aiinfra.server.statistics import Statistics

_STOP_S = 0.25
"""How long a call that was asked to stop may go on before its process is killed."""
_START_S = 60.0
_MOST_BACKOFF_S = 30.0
_MOST_BODY = 1 << 30


class RemoteModel:
    """What a worker says of its model. It is called through its lane only."""

    def __init__(self, header: dict[str, Any]) -> None:
        self.inputs = tuple(_port(*entry) for entry in header["inputs"])
        self.outputs = tuple(_port(*entry) for entry in header["outputs"])
        self.by_input = {port.name: port for port in self.inputs}
        self.by_output = {port.name: port for port in self.outputs}
        self.output_names = [port.name for port in self.outputs]
        self.providers = tuple(str(name) for name in header["providers"])
        self.runtime = str(header["runtime"])[:100]
        self.unconfined = [str(name)[:40] for name in header["unconfined"]]

    def run(self, feed: Any, names: list[str], options: Any = None) -> list[np.ndarray]:
        """Not here: the process is another."""
        raise NotImplementedError


def _port(name: str, datatype: str, shape: list[int]) -> Port:
    return Port(
        str(name), DATATYPES[datatype], tuple(None if own < 0 else int(own) for own in shape), ("",) * len(shape)
    )


class WorkerLane(Lane):
    """Owns the process; :meth:`start` must have returned before calls come."""

    def __init__(self, file: Path, name: str, settings: ModelSettings, memory: int, limit: int) -> None:
        super().__init__(limit, Statistics())
        self.statistics = self._statistics
        self._order = {
            "file": str(file),
            "name": name,
            "settings": settings.model_dump(mode="json"),
            "memory": memory,
            "most": _MOST_BODY,
        }
        self._queue: deque[Call] = deque()
        self._running: Call | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._datatypes: dict[str, Datatype] = {}
        self._closing = False
        self.restarts = 0

    async def start(self) -> RemoteModel:
        """Start the process; returns what it says of its model.

        Raises:
            AiinfraError: ``model-hostile``: it did not come up.
        """
        model = await self._spawn()
        self._datatypes = {port.name: port.datatype for port in model.inputs}
        self._pump = asyncio.get_running_loop().create_task(self._work())
        return model

    async def _spawn(self) -> RemoteModel:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "aiinfra.server.worker_child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._process = process
        assert process.stdin is not None  # noqa: S101 - PIPE above
        process.stdin.write(json.dumps(self._order).encode() + b"\n")
        try:
            header, _ = await asyncio.wait_for(self._read(process), _START_S)
            return RemoteModel(header)
        except (TimeoutError, OSError, EOFError, ValueError, KeyError, TypeError, Refusal):
            await self._kill(process)
            raise AiinfraError(
                "model-hostile",
                f"the process for untrusted model {self._order['name']!r} did not come up",
                "see whether the model loads with: aiinfra model inspect",
            ) from None

    @staticmethod
    async def _kill(process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.kill()
        await process.wait()

    @staticmethod
    async def _read(process: asyncio.subprocess.Process) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        assert process.stdout is not None  # noqa: S101
        prefix = await process.stdout.readexactly(frames.PREFIX_SIZE)
        header, body = frames.sizes(prefix, _MOST_BODY)
        return frames.unpack(await process.stdout.readexactly(header), await process.stdout.readexactly(body))

    def submit(self, call: Call) -> None:
        """Queue a call for the process."""
        if self.waiting >= self._limit:
            raise full(self._limit)
        self._queue.append(call)
        asyncio.get_running_loop().call_later((call.deadline - perf_counter_ns()) / 1e9, self._expire, call)
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Calls in the queue or under way."""
        return len(self._queue) + (self._running is not None)

    def _expire(self, call: Call) -> None:
        if not call.done:
            self._refuse(call, late())
            self._interrupt(call)

    def abandon(self, call: Call) -> None:
        """The caller has gone."""
        if not call.done:
            call.done = True
            self._statistics.refused(perf_counter_ns() - call.arrived)
            self._interrupt(call)

    def _interrupt(self, call: Call) -> None:
        """Ask the running call to stop; kill its process where it does not."""
        process = self._process
        if call is not self._running or process is None or process.stdin is None or process.stdin.is_closing():
            return
        process.stdin.write(frames.pack({"stop": True}, {}))
        asyncio.get_running_loop().call_later(_STOP_S, self._kill_if_still, call, process)

    def _kill_if_still(self, call: Call, process: asyncio.subprocess.Process) -> None:
        if call is self._running and process.returncode is None:
            process.kill()

    async def _work(self) -> None:
        """Hand calls to the process one after the other; bring it back where it ended."""
        while True:
            while not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
            call = self._queue.popleft()
            if call.done:
                continue
            self._running = call
            try:
                await self._one(call)
            except (OSError, EOFError, ValueError, KeyError, TypeError, Refusal):
                self._refuse(call, _ended())
                self._running = None
                await self._respawn()
            finally:
                self._running = None

    async def _one(self, call: Call) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise EOFError
        began = perf_counter_ns()
        feed = {name: (array, self._datatypes[name]) for name, array in call.feed.items()}
        process.stdin.write(frames.pack({"names": call.names}, feed))
        await process.stdin.drain()
        header, outputs = await self._read(process)
        ended = perf_counter_ns()
        if "kind" in header:
            kind = Kind[header["kind"]]
            self._refuse(call, Refusal(kind, str(header["message"])[:300]))
            return
        if set(outputs) != set(call.names):
            raise ValueError("the worker answered something else")
        self._statistics.called(call.rows, ended - began)
        self._answer([call], outputs, began, ended)

    async def _respawn(self) -> None:
        """Start another process, more and more slowly where it keeps ending; calls that wait are refused meanwhile."""
        pause = 0.0
        while not self._closing:
            if self._process is not None:
                await self._kill(self._process)
            await asyncio.sleep(pause)
            try:
                await self._spawn()
            except AiinfraError:
                pause = min(_MOST_BACKOFF_S, max(0.5, pause * 2))
                while self._queue:
                    self._refuse(self._queue.popleft(), _ended())
                continue
            self.restarts += 1
            return

    async def close(self) -> None:
        """Complete what waits, end the process."""
        while self.waiting and self._pump is not None and not self._pump.done():
            await asyncio.sleep(0.005)
        self._closing = True
        self._wake.set()
        if self._pump is not None:
            await self._pump
        if self._process is not None:
            await self._kill(self._process)


def _ended() -> Refusal:
    return Refusal(Kind.UNAVAILABLE, "the model's process ended; another one is being started", retry_after=1)
