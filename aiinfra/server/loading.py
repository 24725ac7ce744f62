"""From a version's folder to a served model: verify, open, warm up, choose a lane."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from aiinfra.errors import AiinfraError, Refused
from aiinfra.server.catalogue import Served
from aiinfra.server.config import Batching, ModelSettings, ServerConfig
from aiinfra.server.containment import check_folder
from aiinfra.server.loop_lane import LoopLane
from aiinfra.server.ports import Model
from aiinfra.server.refusal import Refusal
from aiinfra.server.repository import Candidate
from aiinfra.server.rest_encode import Encoder
from aiinfra.server.schedule import Lane
from aiinfra.server.statistics import Statistics
from aiinfra.server.vetting import Verdict, Verdicts, vet
from aiinfra.server.warmup import LOOP_CALL_NS, Pace, feed_of, pace
from aiinfra.server.worker_lane import WorkerLane

SIGNATURE = "model.sig"
_CHUNK = 1 << 20


def digest_of(file: Path) -> str:
    """``sha256:...`` of a file."""
    hasher = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return f"sha256:{hasher.hexdigest()}"


class Loader:
    """Loads versions as the configuration says."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config

    def settings(self, model: str) -> ModelSettings:
        """The configuration's entry for a model, or the defaults."""
        return self._config.models.get(model, ModelSettings())

    async def load(self, candidate: Candidate) -> Served:
        """Verify, vet, open and warm up one version; the loop is free meanwhile.

        Raises:
            AiinfraError: the version cannot be served, and why.
        """
        settings = self.settings(candidate.model)
        await asyncio.to_thread(self._check, candidate, settings)
        verdict = await self._vet(candidate, settings)
        digest = await asyncio.to_thread(self._check, candidate, settings, verdict.external)
        if settings.untrusted:
            return await self._load_apart(candidate, settings, digest)
        model = await asyncio.to_thread(_open, candidate.file, settings, candidate.model)
        found = await asyncio.to_thread(_warm, model, settings, verdict)
        statistics = Statistics()
        return Served(
            name=candidate.model,
            version=candidate.version,
            digest=digest,
            settings=settings,
            session=model,
            lane=self._lane(model, found, settings, statistics),
            statistics=statistics,
            encoder=Encoder(candidate.model, candidate.version, model),
            pace=found,
        )

    async def _load_apart(self, candidate: Candidate, settings: ModelSettings, digest: str) -> Served:
        """The version in a process of its own, which this one can kill."""
        limits = self._config.limits
        memory = self._config.vetting.memory.bytes
        lane = WorkerLane(candidate.file, candidate.model, settings, memory, limits.queue)
        remote = await lane.start()
        return Served(
            name=candidate.model,
            version=candidate.version,
            digest=digest,
            settings=settings,
            session=remote,
            lane=lane,
            statistics=lane.statistics,
            encoder=Encoder(candidate.model, candidate.version, remote),
            pace=Pace(0, on_loop=False, batch_rows=1, elements=0, why="off: runs in a process of its own"),
        )

    def _check(self, candidate: Candidate, settings: ModelSettings, external: Sequence[str] = ()) -> str:
        """What needs no look inside the model: signature present, no links, the pinned digest. Returns the digest."""
        check_folder(candidate.folder, external)
        if not self._config.repository.allow_unsigned and not (candidate.folder / SIGNATURE).is_file():
            raise Refused(
                "release-unsigned",
                f"{candidate.folder} has no {SIGNATURE}",
                "sign it (aiinfra release sign), or serve it as it is with --allow-unsigned",
            )
        digest = digest_of(candidate.file)
        if settings.digest and digest != settings.digest:
            raise AiinfraError(
                "model-digest",
                f"{candidate.file} is {digest}, models.{candidate.model}.digest pins {settings.digest}",
                "serve the pinned release, or pin this digest",
            )
        return digest

    async def _vet(self, candidate: Candidate, settings: ModelSettings) -> Verdict:
        """The kept verdict on these very files, or a new one."""
        repository = self._config.repository
        signed = not repository.allow_unsigned
        if not repository.verdicts:
            return await vet(candidate.file, settings, repository, self._config.vetting)
        verdicts = Verdicts(Path(repository.verdicts))
        runs = settings.model_dump_json()
        key = await asyncio.to_thread(verdicts.key, candidate.folder, repository.signers, runs, signed=signed)
        verdict = await asyncio.to_thread(verdicts.get, key)
        if verdict is None:
            verdict = await vet(candidate.file, settings, repository, self._config.vetting)
            await asyncio.to_thread(verdicts.put, key, verdict)
        return verdict

    def _lane(self, model: Model, found: Pace, settings: ModelSettings, statistics: Statistics) -> Lane:
        limit = self._config.limits.queue
        threads = settings.threads or len(os.sched_getaffinity(0))

        def big() -> Lane:
            lane: Lane = import_module("aiinfra.server.thread_lane").ThreadLane(
                model, limit, statistics, threads=threads, batch_rows=found.batch_rows
            )
            return lane

        return LoopLane(model, found, limit, statistics, big) if found.on_loop else big()


def _open(file: Path, settings: ModelSettings, name: str) -> Model:
    model: Model = import_module("aiinfra.server.session").open_session(file, settings, name)
    return model


def _warm(model: Model, settings: ModelSettings, verdict: Verdict) -> Pace:
    """Call the model until it is warm, on its golden inputs where it has some."""
    feed = verdict.golden_feed() or feed_of(model.inputs)
    may_batch = settings.batching is Batching.AUTO and not verdict.random
    try:
        return pace(model, feed, may_run_on_loop=verdict.may_run_on_loop, may_batch=may_batch)
    except Refusal:
        # Made-up inputs need not suit a model; without golden ones nothing is known of its time, so it gets threads.
        return Pace(LOOP_CALL_NS, on_loop=False, batch_rows=1, elements=0, why="off: no inputs to try it with")
