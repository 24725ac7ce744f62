"""External data: weights that an ONNX file keeps in other files, and the rules that keep those inside its folder.

The rules check what a path resolves to, not what it looks like (CVE-2022-25882, CVE-2024-27318, CVE-2026-27489,
CVE-2026-34446 were each a check of the string): no component may be a link, the file must be regular with one name
only, and every range a tensor claims must lie inside the file.
"""

import hashlib
import math
import os
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from onnx import TensorProto
from pydantic import BaseModel, ConfigDict, Field

from aiinfra.errors import BadInput
from aiinfra.model.dtypes import stored_bytes

DIGEST = r"^sha256:[0-9a-f]{64}$"


class ExternalFile(BaseModel):
    """One external data file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: str
    """POSIX path relative to the model's folder."""
    digest: str = Field(pattern=DIGEST)
    """``sha256:`` and 64 hex digits."""
    size: int = Field(ge=0)
    """Bytes."""


def external_files(tensors: Iterable[TensorProto], model: Path) -> tuple[ExternalFile, ...]:
    """The external data files that ``tensors`` name, sorted by path, each with its digest.

    Raises:
        BadInput: ``model-unsafe`` (a path that leaves the folder, a symbolic or hard link, not a regular file),
            ``model-missing`` (no such data file), ``model-corrupt`` (a range outside the file).
    """
    needed: dict[str, int] = {}
    for tensor in tensors:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        location, end = _range(tensor, model)
        needed[location] = max(needed.get(location, 0), end)
    return tuple(_described(model, location, needed[location]) for location in sorted(needed))


def _range(tensor: TensorProto, model: Path) -> tuple[str, int]:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    try:
        offset = int(entries.get("offset", "0"))
        claimed = int(entries["length"]) if "length" in entries else None
    except ValueError:
        raise _corrupt(model, tensor.name, "its offset or length is not a number") from None
    length = stored_bytes(tensor.data_type, math.prod(tensor.dims))
    if length is None:
        raise _corrupt(model, tensor.name, "its element type cannot live in an external file")
    if offset < 0 or (claimed is not None and claimed != length):
        raise _corrupt(model, tensor.name, f"it claims {claimed} bytes at {offset}, but its shape takes {length}")
    location = entries.get("location", "")
    if not location:
        raise _corrupt(model, tensor.name, "it names no file")
    return location, offset + length


def _corrupt(model: Path, tensor: str, reason: str) -> BadInput:
    return BadInput("model-corrupt", f"{model}: external tensor {tensor!r}: {reason}", "export the model again")


def _unsafe(model: Path, location: str, reason: str) -> BadInput:
    return BadInput(
        "model-unsafe",
        f"{model} keeps weights in {location!r}, which {reason}",
        "put the data files beside the model as plain copies and export again with relative names",
    )


def contained(folder: Path, location: str) -> Path:
    """The file that ``location`` names inside ``folder``.

    Raises:
        ValueError: saying why the location is refused. A missing file raises ``FileNotFoundError``.
    """
    parts = PurePosixPath(location).parts
    if not parts or location.startswith("/") or "\\" in location or "\0" in location or ":" in parts[0]:
        raise ValueError("is not a relative path")
    if ".." in parts:
        raise ValueError("leaves the model's folder")
    path = folder
    for part in parts:
        path = path / part
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise ValueError("is or crosses a symbolic link")
    state = os.lstat(path)
    if not stat.S_ISREG(state.st_mode):
        raise ValueError("is not a regular file")
    if state.st_nlink != 1:
        raise ValueError("is a hard link (the file has a second name)")
    return path


def _described(model: Path, location: str, needed: int) -> ExternalFile:
    try:
        path = contained(model.parent, location)
        size = path.stat().st_size
        if size < needed:
            raise BadInput(
                "model-corrupt",
                f"{model}: data file {location!r} has {size} bytes, but tensors reach to byte {needed}",
                "copy the data file again; it was cut short",
            )
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except ValueError as error:
        raise _unsafe(model, location, str(error)) from None
    except FileNotFoundError:
        raise BadInput(
            "model-missing", f"{model} needs the data file {location!r}, which is not there", "copy it beside the model"
        ) from None
    except OSError as error:
        raise BadInput(
            "model-missing", f"{model}: cannot read {location!r}: {error.strerror}", "check its permissions"
        ) from None
    return ExternalFile(path=PurePosixPath(location).as_posix(), digest=f"sha256:{digest}", size=size)
