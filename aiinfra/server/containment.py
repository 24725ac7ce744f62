"""What a version's folder may hold: plain files of its own, nothing that leads out of it.

A link of either kind, a device, a socket or a folder named as data would let a release read what is not its own. A hard
link is seen by its count: onnxruntime, Landlock and symlink checks all follow it.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from aiinfra.errors import AiinfraError
from aiinfra.server.repository import MODEL_FILE


def check_folder(folder: Path, external: Iterable[str] = ()) -> None:
    """Every file below ``folder`` is a plain file with one name; ``external`` (data files of the model) are there.

    Raises:
        AiinfraError: ``release-link`` or ``model-external-data``.
    """
    for path in (folder, folder.parent):
        if path.is_symlink():
            raise _link(path, "a symbolic link")
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(at, name)
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                raise _link(path, "a symbolic link")
            if stat.S_ISDIR(status.st_mode):
                continue
            if not stat.S_ISREG(status.st_mode):
                raise _link(path, "no plain file")
            if status.st_nlink != 1:
                raise _link(path, "a hard link: the same file has another name elsewhere")
    for name in (MODEL_FILE, *external):
        if not (folder / name).is_file():
            raise AiinfraError(
                "model-external-data",
                f"{folder} lacks {name!r}, which the model needs",
                "put the model's data files beside it",
            )


def _link(path: Path, what: str) -> AiinfraError:
    return AiinfraError("release-link", f"{path} is {what}", "copy the release's files; do not link them")
