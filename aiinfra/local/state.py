"""What runs locally, kept in a folder beside the declaration: the instance file, and how the last one ended."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import Refused
from aiinfra.local.process import Process

_INSTANCE: Final = "instance.json"
_ENDED: Final = "ended.json"
_LOCK: Final = "starting.lock"


@dataclass(frozen=True, slots=True)
class Instance:
    """A server that ``aiinfra up --local`` started."""

    id: str
    """Random, part of the server's command line."""
    name: str
    version: str
    pid: int
    started: str
    """When the process started, in the system's words (:mod:`aiinfra.local.process`)."""
    http: str
    """``HOST:PORT`` of REST."""
    release: str
    """The release folder that is served."""
    declaration: str
    """The file it was started from."""
    stopping: bool = False
    """Whether ``aiinfra down`` asked it to end."""

    @property
    def process(self) -> Process:
        """The process, by identity."""
        return Process(self.pid, self.started, self.id)

    @property
    def url(self) -> str:
        """Where REST answers."""
        return f"http://{self.http}"


class State:
    """The folder of one deployment's local plane: ``.aiinfra/local/NAME`` beside its declaration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def beside(cls, declaration: Path, name: str) -> "State":
        """The state of deployment ``name`` declared in the file ``declaration``."""
        return cls(declaration.absolute().parent / ".aiinfra" / "local" / name)

    @property
    def config(self) -> Path:
        """The configuration that the server was started with."""
        return self.folder / "server.toml"

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self.folder / "server.log"

    @property
    def request(self) -> Path:
        """The golden request as JSON, for people to send again."""
        return self.folder / "golden-request.json"

    @property
    def releases(self) -> Path:
        """Dev-signed releases, one repository for each."""
        return self.folder / "releases"

    def ready(self, instance: str) -> Path:
        """The file that an instance's server writes when it is ready."""
        return self.folder / f"ready-{instance}.json"

    def prepare(self) -> None:
        """Make the folder; version control is told to leave it alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = self.folder.parent.parent / ".gitignore"
        if self.folder.parent.name == "local" and not ignore.exists():
            ignore.write_text("local/\n", encoding="utf-8")

    def instance(self) -> Instance | None:
        """What was started last and not taken down; it may have ended since."""
        data = _read(self.folder / _INSTANCE)
        try:
            return Instance(**data) if data is not None else None
        except TypeError:
            return None

    def save(self, instance: Instance) -> None:
        """Keep ``instance``, whole or not at all."""
        _write(self.folder / _INSTANCE, asdict(instance))
        (self.folder / _ENDED).unlink(missing_ok=True)

    def forget(self, instance: Instance, *, gone: str = "") -> bool:
        """Remove ``instance``, if it is still the one kept; ``gone`` says how it ended where nobody asked it to."""
        kept = self.instance()
        if kept is None or kept.id != instance.id:
            return False
        if gone:
            _write(self.folder / _ENDED, {"instance": asdict(instance), "how": gone})
        (self.folder / _INSTANCE).unlink(missing_ok=True)
        self.ready(instance.id).unlink(missing_ok=True)
        return True

    @property
    def origin(self) -> str:
        """The declaration that the last instance was started from; empty where there was none."""
        kept = self.instance()
        if kept is not None:
            return kept.declaration
        ended = _read(self.folder / _ENDED) or {}
        return str(ended.get("instance", {}).get("declaration", ""))

    def ended(self) -> str:
        """How the last server ended where nobody asked it to; empty otherwise."""
        data = _read(self.folder / _ENDED)
        return str(data.get("how", "")) if data is not None else ""

    def clear_ended(self) -> None:
        """Forget how the last one ended."""
        (self.folder / _ENDED).unlink(missing_ok=True)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Held while a server is started, so that two ``up`` at the same moment do not start two.

        Raises:
            Refused: ``already-up``.
        """
        with (self.folder / _LOCK).open("w", encoding="utf-8") as stream:
            if os.name == "posix":
                import fcntl  # noqa: PLC0415  # not on Windows

                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    message = f"{self.folder.name} is being started by another aiinfra up"
                    raise Refused("already-up", message, "wait for it, then: aiinfra status") from None
            yield


def states(declaration: Path) -> tuple[State, ...]:
    """What was started from ``declaration`` (a file, or a folder for all of its files), without reading it."""
    folder = declaration if declaration.is_dir() else declaration.parent
    found = [State(path) for path in sorted((folder.absolute() / ".aiinfra" / "local").glob("*")) if path.is_dir()]
    if declaration.is_dir():
        return tuple(found)
    return tuple(state for state in found if state.origin in ("", str(declaration.absolute())))


def _read(file: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _write(file: Path, data: dict[str, Any]) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    draft.replace(file)
