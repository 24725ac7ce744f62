"""Files that are written whole or not at all, are on the disk when a call returns, and errors where that cannot be."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiinfra.errors import AiinfraError

CHUNK: Final = 1 << 20


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn a full disk and a read-only place into errors a user can act on.

    Raises:
        AiinfraError: ``disk-full``, ``disk-refused``.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise AiinfraError(
                "disk-full", f"no room left at {place}: {error.strerror}", "free some; what was served before still is"
            ) from None
        raise AiinfraError(
            "disk-refused", f"cannot write at {place}: {error.strerror}", "check who owns the folder"
        ) from None


def read_file(file: Path, offset: int) -> Iterator[bytes]:
    """The file's bytes from ``offset`` on, in pieces.

    Raises:
        AiinfraError: ``artifact-missing``: it cannot be read.
    """
    try:
        with file.open("rb") as stream:
            stream.seek(offset)
            while chunk := stream.read(CHUNK):
                yield chunk
    except OSError as error:
        raise AiinfraError(
            "artifact-missing", f"{file} cannot be read: {error.strerror}", "push or copy the release again"
        ) from None


def replace_file(path: Path, chunks: Iterator[bytes]) -> None:
    """Write a file under another name, then move it to its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with draft.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """:func:`sync_folder` of ``folder`` and all folders below it."""
    for at, _, _ in os.walk(folder):
        sync_folder(Path(at))
