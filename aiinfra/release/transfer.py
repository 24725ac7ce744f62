"""Moving a release between places: pushed blob by blob, fetched into a staging folder that the next run continues."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiinfra.errors import AiinfraError, Refused
from aiinfra.release.artifact import Artifact, Descriptor, Packed, pack, read_artifact
from aiinfra.release.disk import CHUNK, sync_folder, sync_tree, writing
from aiinfra.release.layout import Layout
from aiinfra.release.manifest import SIGNATURE
from aiinfra.release.place import Kind, Place
from aiinfra.release.store import LinkLost, ReleaseFolder, Source, Target, check_manifest
from aiinfra.units import DataSize

Progress = Callable[[str, int, int], None]
"""Told which file, how many bytes of all files are done, and how many there are."""

_TRIES: Final = 5
"""Tries in a row that bring nothing, before a link is given up; they wait 1, 2, 4 and 8 seconds."""


def _quiet(file: str, done: int, total: int) -> None:
    """Say nothing."""


def open_source(place: Place, *, plain_http: bool = False, ca: Path | None = None) -> Source:
    """The place, to pull from.

    Raises:
        BadInput: ``release-missing``, ``release-ambiguous`` (a plain folder that holds none, or several).
    """
    if place.kind is Kind.FOLDER:
        return ReleaseFolder(place)
    if place.kind is Kind.LAYOUT:
        return Layout(place)
    from aiinfra.release.registry import Registry  # noqa: PLC0415  # requests: half a second that a folder does not need

    return Registry(place, plain_http=plain_http, ca=ca)


def resolve(source: Source, place: Place) -> Artifact:
    """What the place names now.

    Raises:
        AiinfraError: ``artifact-missing``, ``artifact-invalid``, ``artifact-differs``, and the link's own errors.
    """
    return read_artifact(check_manifest(source.manifest(), place), place.text)


def push(
    folder: Path, place: Place, *, plain_http: bool = False, ca: Path | None = None, progress: Progress = _quiet
) -> Artifact:
    """Push the signed release in ``folder``. What is there already is not sent again.

    Raises:
        BadInput: ``release-missing``, ``release-invalid``.
        Refused: ``release-exists``: a plain folder holds another release of that version.
        AiinfraError: ``release-unsigned``, ``release-linked``, ``disk-full``, ``disk-refused``, and the link's errors.
    """
    packed = pack(folder)
    artifact = packed.artifact
    if SIGNATURE not in {file.path for file in artifact.files}:
        raise AiinfraError(
            "release-unsigned", f"{folder} has no signature ({SIGNATURE})", "sign it: aiinfra release sign"
        )
    if place.kind is Kind.FOLDER:
        copy_release(packed, place.path, progress)
        return artifact
    target: Target
    if place.kind is Kind.LAYOUT:
        target = Layout(place)
    else:
        from aiinfra.release.registry import Registry  # noqa: PLC0415

        target = Registry(place, plain_http=plain_http, ca=ca)
    total, done = artifact.size, 0
    for file in artifact.files:
        progress(file.path, done, total)
        if not target.has(file):
            target.write(file, folder / file.path)
        done += file.size
    if not target.has(artifact.config):
        target.write(artifact.config, packed.config)
    target.finish(artifact, place.tag or packed.release.version)
    progress("", total, total)
    return artifact


def copy_release(packed: Packed, repository: Path, progress: Progress = _quiet) -> Path:
    """Copy a release to ``REPOSITORY/NAME/VERSION``: whole or not at all. Nothing happens where it is there already.

    Raises:
        Refused: ``release-exists``: another release of that version is there.
        AiinfraError: ``disk-full``, ``disk-refused``.
    """
    release = packed.release
    home = repository / release.name
    final = home / release.version
    if final.exists():
        if pack(final).artifact.digest != packed.artifact.digest:
            raise Refused("release-exists", f"{final} is there already, and is another", "build it with a new version")
        return final
    staging = home / f".{release.version}.incoming"
    source = ReleaseFolder(Place(Kind.FOLDER, str(packed.folder), path=packed.folder))
    with writing(home):
        files = fetch(source, packed.artifact, staging, progress=progress)
        files.replace(final)
        sync_folder(home)
        shutil.rmtree(staging)
    return final


def fetch(
    source: Source,
    artifact: Artifact,
    staging: Path,
    *,
    progress: Progress = _quiet,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Bring every file of ``artifact`` to ``STAGING/files``, each checked against its digest; that folder.

    Files that an earlier run finished are kept, a file it was in the middle of goes on where it stopped. A link that
    breaks is tried again. ``staging`` must belong to this artifact alone.

    Raises:
        AiinfraError: ``link-lost`` (still broken after some tries), ``artifact-differs`` (what came is not what the
            manifest lists), ``disk-full``, ``disk-refused``, and the source's own errors.
    """
    files, partial = staging / "files", staging / "partial"
    with writing(staging):
        files.mkdir(parents=True, exist_ok=True)
        partial.mkdir(exist_ok=True)
        _check_room(artifact, staging)
        done = 0
        for blob in artifact.files:
            final = files / blob.path
            if not (final.is_file() and final.stat().st_size == blob.size):
                told = _Told(progress, blob.path, done, artifact.size)
                part = partial / blob.hex
                _fetch_blob(source, blob, part, told, pause)
                final.parent.mkdir(parents=True, exist_ok=True)
                part.replace(final)
            done += blob.size
        progress("", done, artifact.size)
        sync_tree(files)
    return files


class _Told:
    """Progress within one file."""

    def __init__(self, progress: Progress, file: str, before: int, total: int) -> None:
        self._progress, self._file, self._before, self._total = progress, file, before, total

    def __call__(self, bytes_of_file: int) -> None:
        self._progress(self._file, self._before + bytes_of_file, self._total)


def _check_room(artifact: Artifact, staging: Path) -> None:
    """Refuse before a byte is written where the whole will not fit."""
    there = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
    needed, free = artifact.size - there, shutil.disk_usage(staging).free
    if needed > free:
        raise AiinfraError(
            "disk-full",
            f"the release needs {_size(needed)} more at {staging}, {_size(free)} are free",
            "free some room, or remove old versions; what was served before still is",
        )


def _size(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return str(DataSize(f"{count / size:.1f} {unit}"))
    return f"{max(count, 0)} bytes"


def _fetch_blob(source: Source, blob: Descriptor, part: Path, told: _Told, pause: Callable[[float], None]) -> None:
    """Fill ``part`` to the blob's size; try again while that brings more bytes, or a few times if it does not."""
    vain = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        if before > blob.size:
            part.unlink()
            before = 0
        try:
            _fill(source, blob, part, told)
        except LinkLost:
            vain = 0 if part.exists() and part.stat().st_size > before else vain + 1
            if vain >= _TRIES:
                raise
            pause(2.0 ** max(vain - 1, 0))
        else:
            return


def _fill(source: Source, blob: Descriptor, part: Path, told: _Told) -> None:
    hasher = hashlib.sha256()
    with part.open("ab+") as stream:
        stream.seek(0)
        while chunk := stream.read(CHUNK):
            hasher.update(chunk)
        resumed = written = stream.tell()
        if written < blob.size:
            for chunk in source.read(blob, written):
                written += len(chunk)
                if written > blob.size:
                    break
                stream.write(chunk)
                hasher.update(chunk)
                told(written)
        stream.flush()
        if written < blob.size:
            raise LinkLost(
                "link-lost", f"{blob.path or blob.digest} ended after {written} of {blob.size} bytes", _AGAIN
            )
    if written == blob.size and hasher.hexdigest() == blob.hex:
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        return
    part.unlink()
    if resumed:  # what an earlier run left may be what is wrong: once more, from the start
        _fill(source, blob, part, told)
        return
    raise AiinfraError(
        "artifact-differs",
        f"what came for {blob.path or blob.digest} is not what the manifest lists",
        "the place is damaged, or somebody changed it: push the release again",
    )


_AGAIN: Final = "run it again: it goes on where it stopped"
