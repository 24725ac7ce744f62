"""Loading, swapping and dropping versions while others answer; the ``current`` files are watched.

A new version is loaded beside the old one and only then put in its place; the old one answers what it was asked before
and is let go. A version that fails is named in the log with the reason, and the last good one keeps answering.
"""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.server import repository
from aiinfra.server.catalogue import Catalogue, Served
from aiinfra.server.journal import Journal
from aiinfra.server.loading import Loader

READY = "READY"
LOADING = "LOADING"
UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class State:
    """Where a version stands; ``reason`` is an error's code, or empty."""

    state: str
    reason: str = ""


class Lifecycle:
    """Brings versions into the catalogue and takes them out."""

    def __init__(self, root: Path, catalogue: Catalogue, loader: Loader, journal: Journal) -> None:
        self._root = root
        self._catalogue = catalogue
        self._loader = loader
        self._journal = journal
        self._locks: dict[str, asyncio.Lock] = {}
        self._states: dict[tuple[str, str], State] = {}
        self._seen: dict[str, tuple[int, ...]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def reconfigure(self, loader: Loader) -> None:
        """Load with new settings from now on."""
        self._loader = loader

    async def load_all(self) -> None:
        """Load the version to serve of every model in the repository.

        Raises:
            AiinfraError: the repository is empty, or a version cannot be served.
        """
        names = await asyncio.to_thread(repository.models, self._root)
        if not names:
            raise BadInput(
                "repository-empty", f"{self._root} holds no model", "put a model at MODEL/VERSION/model.onnx below it"
            )
        few = asyncio.Semaphore(len(os.sched_getaffinity(0)))

        async def load(name: str) -> None:
            async with few:
                await self.load(name)

        results = await asyncio.gather(*(load(name) for name in names), return_exceptions=True)
        for result in results:
            if result is not None:
                raise result

    async def load(self, name: str) -> Served:
        """Load the version that is to be served and put it in the place of the one before.

        Raises:
            BadInput: ``model-absent``: there is no such model.
            AiinfraError: the version cannot be served; whatever was served before still is.
        """
        async with self._locks.setdefault(name, asyncio.Lock()):
            self._seen[name] = await asyncio.to_thread(self._mark, name)
            version = await asyncio.to_thread(repository.current, self._root, name)
            if version is None:
                raise BadInput("model-absent", f"{self._root / name} holds no version", "see the repository's index")
            self._states[name, version] = State(LOADING)
            try:
                served = await self._loader.load(repository.candidate(self._root, name, version))
            except AiinfraError as error:
                self._states[name, version] = State(UNAVAILABLE, error.code)
                self._journal.warning(
                    "version-dropped", model=name, version=version, code=error.code, reason=error.message
                )
                raise
            self._states[name, version] = State(READY)
            before = self._catalogue.put(served)
            self._journal.info(
                "version-served",
                model=name,
                version=version,
                digest=served.digest,
                lane="loop" if served.pace.on_loop else "threads",
                batching=served.pace.why,
                call_us=served.pace.call_ns // 1000,
                providers=served.session.providers,
            )
            if before is not None:
                self._let_go(before, replaced=version)
            return served

    async def unload(self, name: str) -> None:
        """Stop serving a model; what it was asked before is still answered.

        Raises:
            BadInput: ``model-absent``: it is not loaded.
        """
        async with self._locks.setdefault(name, asyncio.Lock()):
            gone = self._catalogue.remove(name)
            if not gone:
                raise BadInput("model-absent", f"model {name!r} is not loaded", "see the repository's index")
            for served in gone:
                self._let_go(served, replaced="")

    def _let_go(self, served: Served, replaced: str) -> None:
        key = (served.name, served.version)
        if replaced != served.version:
            self._states[key] = State(UNAVAILABLE, "unloaded")
        self._journal.info("version-let-go", model=served.name, version=served.version)
        task = asyncio.get_running_loop().create_task(served.lane.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def index(self) -> list[dict[str, str]]:
        """Every version in the repository with its state, sorted by name, then version."""
        found = await asyncio.to_thread(
            lambda: [
                (name, version)
                for name in repository.models(self._root)
                for version in repository.versions(self._root, name)
            ]
        )
        entries = []
        for name, version in found:
            state = self._states.get((name, version), State(UNAVAILABLE, "not loaded"))
            entries.append({"name": name, "version": version, "state": state.state, "reason": state.reason})
        return entries

    def _mark(self, name: str) -> tuple[int, ...]:
        """Changes when the ``current`` file is replaced, or a version folder appears or goes."""
        marks: list[int] = []
        for path in (self._root / name / repository.CURRENT, self._root / name):
            try:
                status = path.stat()
            except OSError:
                marks.append(0)
            else:
                marks += [status.st_mtime_ns, status.st_ino]
        return tuple(marks)

    async def watch(self, interval: float = 1.0) -> None:
        """Look at the ``current`` files every ``interval`` seconds and load what they newly name; never ends."""
        while True:
            await asyncio.sleep(interval)
            for name in self._catalogue.names():
                mark = await asyncio.to_thread(self._mark, name)
                if mark != self._seen.get(name):
                    await self._follow(name, mark)

    async def _follow(self, name: str, mark: tuple[int, ...]) -> None:
        self._seen[name] = mark
        try:
            version = await asyncio.to_thread(repository.current, self._root, name)
            if version is not None and version != self._catalogue.find(name).version:
                await self.load(name)
        except AiinfraError as error:
            if error.code == "current-unreadable":
                self._journal.warning("current-unreadable", model=name, reason=error.message)

    async def close(self) -> None:
        """Let go of every version; returns when their last requests are answered."""
        for name in self._catalogue.names():
            for served in self._catalogue.remove(name):
                self._let_go(served, replaced="")
        await asyncio.gather(*self._closing)
