"""The files of a release folder: listed without following anything, hashed, and refused where one is linked."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Final

from aiinfra.errors import AiinfraError, BadInput

_MOST: Final = 10_000


def list_files(folder: Path) -> tuple[str, ...]:
    """POSIX paths of all regular files below ``folder``, sorted.

    Raises:
        BadInput: ``release-missing``: no such folder.
        AiinfraError: ``release-linked`` (a symbolic or hard link, or neither file nor folder).
    """
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise BadInput("release-missing", f"{folder} is not a folder", "name the release folder itself")
        return tuple(sorted(_walk(folder, "")))
    except OSError as error:
        raise BadInput("release-missing", f"cannot read {folder}: {error.strerror}", "check the path") from None


def _walk(folder: Path, prefix: str) -> list[str]:
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            state = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(state.st_mode):
                found += _walk(Path(entry.path), f"{name}/")
            elif stat.S_ISLNK(state.st_mode):
                raise _linked(folder, name, "is a symbolic link")
            elif not stat.S_ISREG(state.st_mode):
                raise _linked(folder, name, "is neither a file nor a folder")
            elif os.lstat(entry.path).st_nlink != 1:  # Windows' directory entries do not count names
                raise _linked(folder, name, "is a hard link: the file has a second name")
            else:
                found.append(name)
            if len(found) > _MOST:
                raise AiinfraError("release-file-extra", f"{folder} holds more than {_MOST} files", "build it again")
    return found


def _linked(folder: Path, name: str, reason: str) -> AiinfraError:
    return AiinfraError("release-linked", f"{folder.name}: {name!r} {reason}", "copy the release as plain files")


def digest_of(file: Path) -> str:
    """SHA-256 of a file in lower-case hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
