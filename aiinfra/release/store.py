"""What every place that keeps artifacts can do, and a release folder read as one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.artifact import LARGEST_MANIFEST, Artifact, Descriptor, blob_digest, pack
from aiinfra.release.disk import read_file
from aiinfra.release.manifest import MANIFEST
from aiinfra.release.place import Place


class LinkLost(AiinfraError):
    """The transfer stopped in the middle; it may be tried again from where it stopped."""


class Source(Protocol):
    """Something to pull from."""

    def manifest(self) -> bytes:
        """The manifest's bytes.

        Raises:
            AiinfraError: ``artifact-missing``, or the link's own errors.
        """
        ...

    def read(self, blob: Descriptor, offset: int) -> Iterator[bytes]:
        """The blob's bytes from ``offset`` on. What comes is not checked here."""
        ...


class Target(Protocol):
    """Something to push to."""

    def has(self, blob: Descriptor) -> bool:
        """Whether the blob is there."""
        ...

    def write(self, blob: Descriptor, content: Path | bytes) -> None:
        """Put one blob, whole or not at all."""
        ...

    def finish(self, artifact: Artifact, tag: str) -> None:
        """Name the artifact, once all of its blobs are there."""
        ...


class ReleaseFolder:
    """A release folder, or a model repository that holds one release, read as an artifact."""

    def __init__(self, place: Place, model: str = "", version: str = "") -> None:
        self._folder = find_release(place.path, model, version)

    def manifest(self) -> bytes:
        """The manifest that pushing this folder would make."""
        return pack(self._folder).artifact.manifest

    def read(self, blob: Descriptor, offset: int) -> Iterator[bytes]:
        """A file's bytes."""
        return read_file(self._folder / blob.path, offset)


def find_release(folder: Path, model: str = "", version: str = "") -> Path:
    """The release in ``folder``: itself, or its only ``MODEL/VERSION`` (the named ones, else the only ones).

    Raises:
        BadInput: ``release-missing``: there is none; ``release-ambiguous``: there are several.
    """
    if (folder / MANIFEST).is_file():
        return folder
    found = sorted(
        path.parent
        for path in folder.glob(f"{model or '*'}/{version or '*'}/{MANIFEST}")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        wanted = "/".join(part for part in (model, version) if part)
        reason = f"holds no release {wanted}".rstrip() if folder.is_dir() else "is not a folder"
        raise BadInput(
            "release-missing", f"{folder} {reason}", f"name a folder with {MANIFEST}, or MODEL/VERSION in it"
        )
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found[:8])
        raise BadInput("release-ambiguous", f"{folder} holds {len(found)} releases: {names}", "name one of them")
    return found[0]


def check_manifest(content: bytes, place: Place, digest: str = "") -> bytes:
    """The manifest, where it is not too large and is the one whose digest was asked for.

    Raises:
        AiinfraError: ``artifact-invalid``, ``artifact-differs``.
    """
    if len(content) > LARGEST_MANIFEST:
        raise AiinfraError("artifact-invalid", f"{place.text}: its manifest is too large", "name a release's artifact")
    wanted = digest or place.digest
    if wanted and blob_digest(content) != wanted:
        raise AiinfraError(
            "artifact-differs",
            f"{place.text} is {blob_digest(content)[:19]}..., asked for was {wanted[:19]}...",
            "take the digest that 'aiinfra release push' printed, or ask who changed the place",
        )
    return content
