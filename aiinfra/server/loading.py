"""From a version's folder to a served model: verify, open, warm up, choose a lane."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from aiinfra.errors import AiinfraError, Refused
from aiinfra.server.catalogue import Served
from aiinfra.server.config import ModelSettings, ServerConfig
from aiinfra.server.loop_lane import LoopLane
from aiinfra.server.ports import Model, Port
from aiinfra.server.repository import Candidate
from aiinfra.server.rest_encode import Encoder
from aiinfra.server.statistics import Statistics

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
        """Verify, open and warm up one version; the loop is free meanwhile.

        Raises:
            AiinfraError: the version cannot be served, and why.
        """
        settings = self.settings(candidate.model)
        digest = await asyncio.to_thread(self._verify, candidate, settings)
        session = await asyncio.to_thread(_open, candidate.file, settings, candidate.model)
        await asyncio.to_thread(session.run, zeros(session.inputs), session.output_names)
        statistics = Statistics()
        lane = LoopLane(session, 1, self._config.limits.queue, statistics)
        return Served(
            name=candidate.model,
            version=candidate.version,
            digest=digest,
            settings=settings,
            session=session,
            lane=lane,
            statistics=statistics,
            encoder=Encoder(candidate.model, candidate.version, session),
            deadline_ns=int(settings.deadline.seconds * 1e9),
            batched=False,
        )

    def _verify(self, candidate: Candidate, settings: ModelSettings) -> str:
        """The model's digest, once its folder is known to be what its signer released."""
        repository = self._config.repository
        if not repository.allow_unsigned:
            if not (candidate.folder / "model.sig").is_file():
                raise Refused(
                    "release-unsigned",
                    f"{candidate.folder} has no model.sig",
                    "sign it (aiinfra release sign), or serve it as it is with --allow-unsigned",
                )
            _verifier()(candidate.folder, [Path(signer) for signer in repository.signers])
        digest = digest_of(candidate.file)
        if settings.digest and digest != settings.digest:
            raise AiinfraError(
                "model-digest",
                f"{candidate.file} is {digest}, models.{candidate.model}.digest pins {settings.digest}",
                "serve the pinned release, or pin this digest",
            )
        return digest


def _open(file: Path, settings: ModelSettings, name: str) -> Model:
    return import_module("aiinfra.server.session").open_session(file, settings, name)  # brings onnxruntime with it


def _verifier() -> Callable[[Path, Sequence[Path]], Any]:
    """Release's verification; model-signing comes with it, and it is heavy."""
    return import_module("aiinfra.release.verify").verify


def zeros(inputs: tuple[Port, ...]) -> dict[str, np.ndarray]:
    """A feed of zeros (empty texts), with 1 for every free dimension."""
    feed = {}
    for port in inputs:
        shape = tuple(1 if dimension is None else dimension for dimension in port.shape)
        feed[port.name] = (
            np.full(shape, "", object) if not port.datatype.width else np.zeros(shape, port.datatype.numpy)
        )
    return feed
