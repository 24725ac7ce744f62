"""A new version is opened in a disposable child first; what the child found is the version's verdict.

A verdict can be kept in a folder of the server's own (``[repository] verdicts``) under the digest of everything it
depends on, so that a restart does not pay for it again. That folder must not be writable by others.
"""

import asyncio
import hashlib
import json
import os
import sys
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from aiinfra import __version__
from aiinfra.errors import AiinfraError
from aiinfra.server.config import ModelSettings, Repository, Vetting


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a model that may be served."""

    operators: tuple[str, ...]
    control_flow: bool
    sized_by_values: bool
    random: bool
    external: tuple[str, ...]
    peak_bytes: int
    golden: dict[str, dict[str, Any]]
    """The first golden inputs, as plain data; empty where the version has none, or large ones."""

    @property
    def may_run_on_loop(self) -> bool:
        """Whether the shapes of its inputs alone say how long a call takes."""
        return not (self.control_flow or self.sized_by_values)

    def golden_feed(self) -> dict[str, np.ndarray]:
        """The first golden inputs as arrays."""
        return {name: unpack(packed) for name, packed in self.golden.items()}


_MOST_GOLDEN = 4 << 20
"""Golden inputs up to this many bytes come back with the verdict, to warm the model up with."""


def pack(feed: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Arrays as plain data; empty where they are texts or larger than a verdict should be."""
    if any(array.dtype == object for array in feed.values()) or sum(a.nbytes for a in feed.values()) > _MOST_GOLDEN:
        return {}
    return {
        name: {"dtype": array.dtype.str, "shape": array.shape, "data": b64encode(array.tobytes()).decode()}
        for name, array in feed.items()
    }


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """The array of :func:`pack`."""
    return np.frombuffer(b64decode(packed["data"]), np.dtype(packed["dtype"])).reshape(packed["shape"])


async def vet(file: Path, settings: ModelSettings, repository: Repository, limits: Vetting) -> Verdict:
    """Open ``file`` in a child with limits on memory, processor time and files; the loop is free meanwhile.

    Raises:
        AiinfraError: the child refused the model (its code), or ended without a verdict (``model-hostile``).
    """
    order = {
        "file": str(file),
        "signed": not repository.allow_unsigned,
        "signers": list(repository.signers),
        "expired": repository.allow_expired,
        "settings": settings.model_dump(mode="json"),
        "memory": limits.memory.bytes,
        "cpu": max(1, round(limits.time.seconds)),
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "aiinfra.server.vetting_child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={
            "PATH": os.defpath,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HOME": "/nonexistent",
        },
    )
    try:
        out, _ = await asyncio.wait_for(child.communicate(json.dumps(order).encode()), limits.time.seconds * 2)
    except TimeoutError:
        out = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return _read(out, file, child.returncode)


def _read(out: bytes, file: Path, code: int | None) -> Verdict:
    try:
        document: dict[str, Any] = json.loads(out)
    except ValueError:
        raise AiinfraError(
            "model-hostile",
            f"{file} ended the process that tried it (status {code}): it crashed, hung, or used too much",
            "do not serve it; raise [vetting] memory or time only for a model whose origin you know",
        ) from None
    refused = document.get("refused")
    if refused:
        raise AiinfraError(refused["code"], refused["message"], refused.get("remedy", ""))
    document["operators"] = tuple(document["operators"])
    document["external"] = tuple(document["external"])
    return Verdict(**document)


class Verdicts:
    """Kept verdicts: one file each, named by what it depends on. A folder that cannot be written keeps none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def key(folder: Path, signers: tuple[str, ...], settings: str, *, signed: bool) -> str:
        """Digest of the version's files, the signers' files, the settings, and the programs that judged them."""
        programs = [__version__, version("onnxruntime"), version("onnx"), sys.version]
        whole = hashlib.sha256(json.dumps([programs, settings, signed]).encode())
        for file in (*sorted(path for path in folder.rglob("*") if path.is_file()), *map(Path, signers)):
            with file.open("rb") as stream:
                inner = hashlib.file_digest(stream, "sha256").digest()
            whole.update(str(file).encode() + b"\0" + inner)
        return whole.hexdigest()

    def get(self, key: str) -> Verdict | None:
        """The kept verdict, if there is one that nobody else could have written."""
        file = self._folder / f"{key}.json"
        try:
            for path in (self._folder, file):
                status = path.lstat()
                if status.st_uid != os.getuid() or status.st_mode & 0o022:
                    return None
            return _read(file.read_bytes(), file, None)
        except (OSError, AiinfraError, TypeError, KeyError):
            return None

    def put(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._folder / f".{key}.{os.getpid()}"
            beside.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
            beside.chmod(0o600)
            beside.replace(self._folder / f"{key}.json")
        except OSError:
            return
