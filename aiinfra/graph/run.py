"""Runs a Pulumi program in this process, against a monitor instead of the engine."""

import asyncio
import contextvars
import ctypes
import gc
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

from pulumi.runtime import config as pulumi_config
from pulumi.runtime import settings
from pulumi.runtime.stack import run_in_stack

from aiinfra.errors import AiinfraError
from aiinfra.graph.callbacks import Callbacks, Engine
from aiinfra.graph.monitor import Monitor
from aiinfra.graph.tuning import tuned

Program = Callable[[], Awaitable[None] | None]

GRACE: Final = 2.0
"""Seconds a program that was told to stop has before it is left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a program may ask the SDK about its own run."""

    project: str
    stack: str
    dry_run: bool
    config: Mapping[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()
    root_directory: str = ""


def run(
    program: Program, setting: Setting, monitor: Monitor, *, callbacks: Callbacks, engine: Engine, timeout: float
) -> None:
    """Run ``program`` to its end in a thread, an event loop and a context of its own.

    Raises:
        AiinfraError: ``program-timeout``.
        BaseException: what the program raised.
    """
    runner = _Runner(program, setting, monitor, callbacks, engine)
    thread = threading.Thread(target=runner, name=f"aiinfra {setting.project}", daemon=True)
    with _patient_collector(), _defaults_kept(), tuned():
        thread.start()
        try:
            thread.join(timeout)
            if thread.is_alive():
                raise AiinfraError(
                    "program-timeout",
                    f"the program of project {setting.project} did not end within {timeout:g} s",
                    "look for a wait without end; a resource that depends on its own output is one; or allow more time",
                )
        finally:
            runner.stop(thread)
    if runner.error is not None:
        raise runner.error


class _Runner:
    """The thread's body."""

    def __init__(
        self, program: Program, setting: Setting, monitor: Monitor, callbacks: Callbacks, engine: Engine
    ) -> None:
        self.error: BaseException | None = None
        self._own: BaseException | None = None
        self._trace: TracebackType | None = None
        self._program = program
        self._setting = setting
        self._monitor = monitor
        self._callbacks = callbacks
        self._engine = engine
        self._loop = _Loop()

    def __call__(self) -> None:
        try:
            # All of the SDK's settings are context variables: in a new context no earlier run is seen.
            contextvars.Context().run(self._run)
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            # The SDK raises the program's own error again, with the traceback of the call it came from.
            self.error = self._own.with_traceback(self._trace) if self._own is not None else error

    def stop(self, thread: threading.Thread) -> None:
        """End the program if it still runs: cancel what it awaits, then raise in its thread."""
        if not thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._cancel)
        thread.join(GRACE / 2)
        if thread.is_alive() and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
            thread.join(GRACE / 2)

    async def _body(self) -> None:
        """The program; what it raises itself counts for more than what its outputs raise afterwards."""
        try:
            awaitable = self._program()
            if awaitable is not None:
                await awaitable
        except BaseException as error:
            self._own, self._trace = error, error.__traceback__
            raise

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        setting = self._setting
        bag = settings.Settings(
            project=setting.project,
            stack=setting.stack,
            monitor=self._monitor,
            engine=self._engine,
            dry_run=setting.dry_run,
            legacy_apply_enabled=False,
            organization="organization",
            root_directory=setting.root_directory,
        )
        settings.configure(bag)
        _assign({"callbacks": self._callbacks})
        pulumi_config.set_all_config(dict(setting.config), sorted(setting.secret_keys))
        loop = self._loop
        asyncio.set_event_loop(loop)
        # After an error every output that waited for the failed resource would be reported as "never retrieved".
        loop.set_exception_handler(lambda _loop, _context: None)
        try:
            loop.run_until_complete(run_in_stack(self._body))
        finally:
            self._close()

    def _close(self) -> None:
        loop = self._loop
        try:
            tasks = asyncio.all_tasks(loop)
            self._cancel()
            if tasks:
                loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


class _Loop(asyncio.SelectorEventLoop):
    """Runs the SDK's calls of the monitor at once, in the order they come: threads would make the order random."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - the awaiting side raises it
            future.set_exception(error)
        return future


@contextmanager
def _defaults_kept() -> Iterator[None]:
    """Undo what a run leaves behind: a value set in a new context also becomes the SDK's default in all others."""

    def read() -> dict[str, Any]:
        return {name: getattr(settings.SETTINGS, name) for name in _CONTEXT_PROPERTIES}

    before = contextvars.Context().run(read)
    try:
        yield
    finally:
        contextvars.Context().run(_assign, before)


def _assign(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings.SETTINGS, name, value)


_CONTEXT_PROPERTIES: Final = tuple(
    name for name, value in vars(settings.Settings).items() if type(value).__name__ == "ContextProperty"
)


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Collect garbage rarely while a program runs.

    Nothing that a run makes is garbage before its end, and looking again and again doubles to quadruples its time.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
