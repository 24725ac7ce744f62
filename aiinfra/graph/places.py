"""Where in the user's program something happened: ``FILE:LINE``, relative to the project."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
OURS: Final = Path(__file__).resolve().parent.parent


class Places:
    """Tells the user's own files from the libraries, and writes places relative to ``root``."""

    def __init__(self, root: Path | None) -> None:
        self._root = root.resolve() if root is not None else None
        self._known: dict[str, str | None] = {}

    def users(self, filename: str) -> str | None:
        """``filename`` relative to the project; None where it is not a file of the project."""
        if filename not in self._known:
            self._known[filename] = self._relative(filename)
        return self._known[filename]

    def first(self, frames: Iterable[tuple[str, int]]) -> str:
        """``FILE:LINE`` of the first frame in a file of the project; else of the first frame at all; else empty."""
        fallback = ""
        for filename, line in frames:
            relative = self.users(filename)
            if relative is not None:
                return f"{relative}:{line}"
            fallback = fallback or f"{library_file(filename)}:{line}"
        return fallback

    def _relative(self, filename: str) -> str | None:
        if self._root is None or filename.startswith("<"):
            return None
        file = Path(filename).resolve()
        if not file.is_relative_to(self._root) or file.is_relative_to(OURS):
            return None
        relative = file.relative_to(self._root)
        return None if INSTALLED.intersection(relative.parts) else relative.as_posix()


def library_file(filename: str) -> str:
    """A library's file without the part that differs from machine to machine: ``aiinfra/units.py``."""
    parts = PurePath(filename).parts
    for index in range(len(parts) - 1, 0, -1):
        if parts[index - 1] in INSTALLED:
            return "/".join(parts[index:])
    file = Path(filename)
    if file.is_relative_to(OURS):
        return file.relative_to(OURS.parent).as_posix()
    return file.name


def frames_of(traceback: TracebackType | None) -> list[tuple[str, int]]:
    """``(file, line)`` of each frame, deepest first.

    Where the SDK was registering a resource when the error came, the line that made the resource stands first after
    the frames above it: the SDK registers later, when the user's own code has returned.
    """
    frames: list[tuple[str, int]] = []
    while traceback is not None:
        frame = traceback.tb_frame
        frames.append((frame.f_code.co_filename, traceback.tb_lineno))
        if frame.f_code.co_name in ("do_register", "do_read"):
            frames.extend(_made_at(frame.f_locals.get("stack_trace")))
        traceback = traceback.tb_next
    return list(reversed(frames))


def frames_in(stack_trace: Any) -> Iterable[tuple[str, int]]:
    """``(file, line)`` of each frame of an RPC stack trace, topmost first."""
    for frame in stack_trace.frames:
        if frame.pc.uri:  # code that came from no file has none
            yield _file_of(frame.pc.uri), frame.pc.line


def _made_at(stack_trace: Any) -> list[tuple[str, int]]:
    return list(reversed(list(frames_in(stack_trace)))) if stack_trace is not None else []


@lru_cache(maxsize=4096)
def _file_of(uri: str) -> str:
    return url2pathname(urlsplit(uri).path)
