"""What a pull keeps in a model repository, below ``.aiinfra/``: a lock, what arrives, what is begun, the record.

The server reads none of it: names that begin with a dot are no models. Every file but the record is replaced whole.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from aiinfra.errors import Refused
from aiinfra.release.disk import replace_file, sync_folder, writing
from aiinfra.rollout.record import Record
from aiinfra.server import repository

OWN: Final = ".aiinfra"


@dataclass(frozen=True, slots=True)
class Begun:
    """A version that was made current and is not yet kept or rolled back."""

    model: str
    version: str
    digest: str
    """Of the artifact."""
    previous: str
    """The version before; empty: there was none, so there is nothing to go back to."""
    verdict: str = ""
    """``keep`` or ``back`` once that is decided; what follows from it may still have to be done."""
    why: str = ""

    def decided(self, verdict: str, why: str) -> "Begun":
        """The same, with its verdict."""
        return replace(self, verdict=verdict, why=why)


class Home:
    """One model repository, as the process that changes it sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._own = root / OWN
        self.record = Record(self._own / "record.jsonl")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One pull at a time; the lock ends with the process, however that ends.

        Raises:
            Refused: ``pull-running``.
            AiinfraError: ``disk-refused``, ``disk-full``.
        """
        import fcntl  # noqa: PLC0415  # absent on Windows, where nothing else here is

        with writing(self.root):
            self._own.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._own / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Refused(
                "pull-running", f"another pull works on {self.root}", "wait until it ends; it may be watching a release"
            ) from None
        try:
            yield
        finally:
            os.close(descriptor)

    def incoming(self, digest: str) -> Path:
        """Where the artifact of that digest arrives."""
        return self._own / "incoming" / digest.removeprefix("sha256:")

    def arriving(self) -> list[Path]:
        """Everything that is arriving, finished or not."""
        folder = self._own / "incoming"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def folder(self, model: str, version: str) -> Path:
        """Where a version lives."""
        return self.root / model / version

    def place(self, files: Path, model: str, version: str) -> None:
        """Move a fetched release to where it lives. A server without a ``current`` file keeps what it serves."""
        home = self.root / model
        home.mkdir(exist_ok=True)
        there = repository.versions(self.root, model)
        if there and not (home / repository.CURRENT).exists():
            self.make_current(model, there[-1])
        files.replace(home / version)
        sync_folder(home)
        sync_folder(self.root)

    def discard(self, model: str, version: str) -> None:
        """Remove a version, at once: half of one is never there."""
        gone = self.incoming("removed")
        gone.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(gone, ignore_errors=True)
        self.folder(model, version).replace(gone)
        sync_folder(self.root / model)
        shutil.rmtree(gone)

    def current(self, model: str) -> str:
        """The version that is served, or would be; empty where there is none, or ``current`` names one that is gone."""
        file = self.root / model / repository.CURRENT
        there = repository.versions(self.root, model)
        if not file.is_file():
            return there[-1] if there else ""
        named = file.read_text(encoding="utf-8", errors="replace").strip()
        return named if named in there else ""

    def make_current(self, model: str, version: str) -> None:
        """Name the version to serve; the server sees the old name or the new one."""
        replace_file(self.root / model / repository.CURRENT, iter((f"{version}\n".encode(),)))

    def begun(self) -> Begun | None:
        """What an earlier run began and did not end."""
        try:
            return Begun(**json.loads((self._own / "begun.json").read_bytes()))
        except FileNotFoundError:
            return None

    def begin(self, begun: Begun) -> None:
        """Remember what is under way, before it is done."""
        replace_file(self._own / "begun.json", iter((json.dumps(asdict(begun)).encode(),)))

    def end(self) -> None:
        """Nothing is under way any more."""
        (self._own / "begun.json").unlink(missing_ok=True)
        sync_folder(self._own)
