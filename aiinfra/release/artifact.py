"""A release as an OCI artifact: one manifest, one layer a file, in the media types of the CNCF ModelPack specification.

Layers are the files themselves (``.raw``), not archives: nothing is unpacked at the site, a large file's transfer
goes on where it stopped, and a file that two versions share is stored once. The same release always gives the same
manifest, so its digest names the release wherever it lies. Source: modelpack/model-spec, ``docs/spec.md`` and
``schema/config-schema.json`` of 2026.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiinfra.errors import AiinfraError
from aiinfra.model.external import DIGEST
from aiinfra.release.files import digest_of, list_files
from aiinfra.release.manifest import MODEL, ReleaseManifest

MANIFEST_TYPE: Final = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT_TYPE: Final = "application/vnd.cncf.model.manifest.v1+json"
CONFIG_TYPE: Final = "application/vnd.cncf.model.config.v1+json"
_TYPES: Final = frozenset({ARTIFACT_TYPE, CONFIG_TYPE})
"""What may stand for a manifest's type; before OCI 1.1 that was the configuration's."""
WEIGHT: Final = "application/vnd.cncf.model.weight.v1.raw"
WEIGHT_CONFIG: Final = "application/vnd.cncf.model.weight.config.v1.raw"
DOCUMENT: Final = "application/vnd.cncf.model.doc.v1.raw"

_FILEPATH: Final = "org.cncf.model.filepath"
_TITLE: Final = "org.opencontainers.image.title"
_VERSION: Final = "org.opencontainers.image.version"
_DOCUMENTS: Final = frozenset({"modelcard.json"})
LARGEST_MANIFEST: Final = 4 * 2**20
"""Bytes; what registries themselves accept."""


class Descriptor(BaseModel):
    """A blob by digest."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    media_type: str = Field(alias="mediaType")
    digest: str = Field(pattern=DIGEST)
    size: int = Field(ge=0)
    annotations: dict[str, str] = {}

    @property
    def path(self) -> str:
        """Where the blob lies in the release folder; empty where it is no file of it."""
        return self.annotations.get(_FILEPATH) or self.annotations.get(_TITLE, "")

    @property
    def hex(self) -> str:
        """The digest without its algorithm."""
        return self.digest.removeprefix("sha256:")


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    media_type: str = Field(default=MANIFEST_TYPE, alias="mediaType")
    artifact_type: str = Field(default="", alias="artifactType")
    config: Descriptor
    layers: tuple[Descriptor, ...] = Field(min_length=1, max_length=10_000)
    annotations: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Artifact:
    """The manifest's bytes and what they list."""

    manifest: bytes
    config: Descriptor
    files: tuple[Descriptor, ...]
    """One a file of the release, each with its path."""
    name: str = ""
    """The model's name as the manifest claims it; ``release.json``, which is signed, says what it is."""
    version: str = ""
    """Likewise."""

    @property
    def digest(self) -> str:
        """``sha256:`` of the manifest: the artifact's name in every registry and layout."""
        return blob_digest(self.manifest)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Packed:
    """A release folder, ready to be pushed."""

    artifact: Artifact
    config: bytes
    release: ReleaseManifest
    folder: Path


def blob_digest(content: bytes) -> str:
    """``sha256:`` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def pack(folder: Path) -> Packed:
    """Describe the release in ``folder``. Every file is read once; nothing is written.

    Raises:
        BadInput: ``release-missing``, ``release-invalid``.
        AiinfraError: ``release-linked``.
    """
    release = ReleaseManifest.read(folder)
    weights = {MODEL, *(item.path for item in release.external)}
    files = []
    for path in list_files(folder):
        kind = WEIGHT if path in weights else DOCUMENT if path in _DOCUMENTS else WEIGHT_CONFIG
        place = folder / path
        files.append(_described(kind, f"sha256:{digest_of(place)}", place.stat().st_size, path))
    config = _compact(
        {
            "descriptor": {"name": release.name, "version": release.version},
            "config": {"format": "onnx"},
            "modelfs": {"type": "layers", "diffIds": [file["digest"] for file in files]},
        }
    )
    manifest = _compact(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "digest": blob_digest(config), "size": len(config)},
            "layers": files,
            "annotations": {_TITLE: release.name, _VERSION: release.version},
        }
    )
    return Packed(read_artifact(manifest, str(folder)), config, release, folder)


def _described(kind: str, digest: str, size: int, path: str) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest, "size": size, "annotations": {_FILEPATH: path, _TITLE: path}}


def _compact(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()


def read_artifact(manifest: bytes, source: str) -> Artifact:
    """Read a manifest that came from elsewhere; ``source`` names it in errors.

    Raises:
        AiinfraError: ``artifact-invalid``: not a model's manifest, or a file of it would leave the release folder.
    """
    try:
        read = _Manifest.model_validate(json.loads(manifest))
    except (ValidationError, ValueError, RecursionError) as error:
        raise _invalid(source, f"does not read as an OCI manifest: {(str(error).splitlines() or [''])[0]}") from None
    if read.media_type != MANIFEST_TYPE or (read.artifact_type or read.config.media_type) not in _TYPES:
        kind = read.artifact_type or read.media_type
        raise _invalid(source, f"is no model: its type is {kind!r}, a release's is {ARTIFACT_TYPE!r}")
    _check_paths([file.path for file in read.layers], source)
    said = read.annotations
    return Artifact(manifest, read.config, read.layers, said.get(_TITLE, ""), said.get(_VERSION, ""))


def _check_paths(paths: Sequence[str], source: str) -> None:
    """Every path stays inside the folder, stands once, and is not also a folder of another."""
    for path in paths:
        parts = PurePosixPath(path).parts
        inside = parts and path == "/".join(parts) and ".." not in parts and not path.startswith("/")
        if not inside or "\\" in path or ":" in path or not path.isprintable() or len(path.encode()) > 1024:
            raise _invalid(source, f"lists a file with the path {path[:100]!r}, which is not one of a release")
    there = set(paths)
    if len(there) != len(paths):
        raise _invalid(source, "lists a path twice")
    for path in paths:
        above = {str(parent) for parent in PurePosixPath(path).parents}
        if both := above & there:
            raise _invalid(source, f"lists {min(both)!r} as a file and as a folder")


def _invalid(source: str, reason: str) -> AiinfraError:
    return AiinfraError("artifact-invalid", f"{source} {reason}", "name an artifact that 'aiinfra release push' made")
