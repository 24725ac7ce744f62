"""A Python environment for the libraries that one version of a program asks for, made once and kept.

Only where the two versions ask for different libraries; else both run with the one Python that there is.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.graph.places import OURS
from aiinfra.review.credentials import mask_text

REQUIREMENTS: Final = "requirements.txt"
_INCLUDES: Final = ("-r", "--requirement", "-c", "--constraint")
_LAST_LINES: Final = 8
_VERSIONS: Final = (
    "import importlib.metadata as m, json; "
    "print(json.dumps({d.metadata['Name'].lower(): d.version for d in m.distributions() if d.metadata['Name']}))"
)

Told = Callable[[str], None]
"""Told in a few words what takes a while."""


def requirements_of(program: Path, root: Path) -> Path | None:
    """The nearest ``requirements.txt`` at or above ``program``, not above ``root``."""
    folder = program if program.is_dir() else program.parent
    for place in (folder, *folder.parents):
        if not place.is_relative_to(root):
            return None
        if (place / REQUIREMENTS).is_file():
            return place / REQUIREMENTS
    return None


def wanted(file: Path | None) -> str:
    """What a requirements file asks for, with the files it includes; lines that say nothing left out.

    Raises:
        BadInput: ``requirements-missing`` where a file that it includes is not there.
    """
    return "\n".join(_lines(file, ())) if file is not None else ""


def environment(file: Path, python: str, told: Told = lambda _words: None) -> str:
    """The interpreter of an environment that holds what ``file`` asks for, made by ``python`` where there is none yet.

    Environments are kept below the user's cache folder, by what is asked for. uv makes them where it is on PATH, else
    the interpreter's own venv and pip. The aiinfra that runs is added where the file does not ask for one.

    Raises:
        AiinfraError: ``environment-failed``.
        BadInput: ``requirements-missing``.
    """
    key = hashlib.sha256(f"{wanted(file)}\0{_tag(python)}\0{OURS}".encode()).hexdigest()[:16]
    place = cache() / "environments" / key
    own = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with _locked(place.with_suffix(".lock")):
        if not (place / "complete").is_file():
            shutil.rmtree(place, ignore_errors=True)
            told(f"Installs {file.name} of this version into {place} (kept for the next review)")
            try:
                _make(place, own, file, python)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            (place / "complete").touch()
    return str(own)


def cache() -> Path:
    """The user's cache folder for aiinfra."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aiinfra"


def libraries(python: str) -> Mapping[str, str]:
    """Name -> version of what is installed for an interpreter."""
    return dict(json.loads(_output([python, "-c", _VERSIONS], "its libraries cannot be listed")))


def upgrades(before: str, after: str) -> tuple[tuple[str, str, str], ...]:
    """Libraries whose version differs between two interpreters' environments: name, version before and after.

    A version is empty where the library is not there. Sorted by name.
    """
    if before == after:
        return ()
    old, new = libraries(before), libraries(after)
    names = sorted(old.keys() | new.keys())
    return tuple((each, old.get(each, ""), new.get(each, "")) for each in names if old.get(each) != new.get(each))


def _lines(file: Path, inside: tuple[Path, ...]) -> Iterator[str]:
    if not file.is_file():
        message = f"{inside[-1] if inside else file.parent} includes {file.name}, which is not there"
        raise BadInput("requirements-missing", message, "add the file, or take the line out")
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        option, _, path = text.replace("=", " ", 1).partition(" ") if text.startswith("--") else text.partition(" ")
        if option in _INCLUDES and path.strip():
            other = (file.parent / path.strip()).resolve()
            if other not in inside:
                yield from _lines(other, (*inside, file.resolve()))
        else:
            yield text


def _tag(python: str) -> str:
    if python == sys.executable:
        return f"{sysconfig.get_platform()} {sys.version}"
    return _output([python, "-c", "import sys; print(sys.platform, sys.version)"], "it cannot be run")


def _make(place: Path, own: Path, file: Path, python: str) -> None:
    uv = shutil.which("uv")
    place.parent.mkdir(parents=True, exist_ok=True)
    if uv is not None:
        _run([uv, "venv", "--quiet", "--python", python, str(place)], file)
        _run([uv, "pip", "install", "--quiet", "--python", str(own), "-r", str(file)], file)
    else:
        _run([python, "-m", "venv", str(place)], file)
        _run([str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(file)], file)
    if not _imports(own, "aiinfra.graph"):
        # A folder that holds our package alone: its neighbours are not this version's libraries.
        (place / "aiinfra-here").mkdir()
        (place / "aiinfra-here" / "aiinfra").symlink_to(OURS, target_is_directory=True)
        found = _output([str(own), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], "it cannot be run")
        (Path(found.strip()) / "aiinfra-here.pth").write_text(f"{place / 'aiinfra-here'}\n", encoding="utf-8")


def _imports(python: Path, module: str) -> bool:
    done = subprocess.run(  # noqa: S603 - the environment just made
        [str(python), "-P", "-c", f"import {module}"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.returncode == 0


def _run(command: list[str], file: Path) -> None:
    done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=file.parent
    )
    if done.returncode != 0:
        written = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
        shown = "\n".join(f"    {mask_text(line)}" for line in written)
        remedy = "mend the file, or run both versions with one Python: --libraries same"
        raise AiinfraError("environment-failed", f"{file.name} cannot be installed:\n{shown}", remedy)


def _output(command: list[str], otherwise: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter is the caller's choice
            command, stdin=subprocess.DEVNULL, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        raise AiinfraError("python-unusable", f"{command[0]}: {otherwise}", "name a Python that is there") from None
    return done.stdout


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One at a time, where the system can tell; two reviews may want the same environment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield
        return
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
