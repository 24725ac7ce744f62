"""An OCI image layout folder as a place for releases: blobs by digest, ``index.json`` names them (image-spec 1.1)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import AiinfraError
from aiinfra.release.artifact import LARGEST_MANIFEST, MANIFEST_TYPE, Artifact, Descriptor
from aiinfra.release.disk import read_file, replace_file, writing
from aiinfra.release.place import Place

_REF: Final = "org.opencontainers.image.ref.name"


class Layout:
    """The layout at a place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._root = place.path

    def manifest(self) -> bytes:
        """The manifest that the place's digest or tag names; without either, the only one."""
        entries = self._index()["manifests"]
        place = self._place
        if place.digest:
            found = [place.digest]
        elif place.tag:
            found = [e["digest"] for e in entries if e.get("annotations", {}).get(_REF) == place.tag]
        else:
            found = [entry["digest"] for entry in entries]
        if len(found) != 1:
            tags = ", ".join(sorted({e.get("annotations", {}).get(_REF, e["digest"]) for e in entries})) or "none"
            raise AiinfraError(
                "artifact-missing", f"{self._place.text} names {len(found) or 'no'} artifact{'s' * (len(found) > 1)} "
                f"(there: {tags})", f"write oci:{self._root}:TAG"
            )  # fmt: skip
        try:
            with self._blob(found[0]).open("rb") as stream:
                return stream.read(LARGEST_MANIFEST + 1)
        except OSError:
            raise AiinfraError(
                "artifact-missing", f"{self._root} does not hold {found[0]}", "push or copy the release again"
            ) from None

    def read(self, blob: Descriptor, offset: int) -> Iterator[bytes]:
        """A blob's bytes."""
        return read_file(self._blob(blob.digest), offset)

    def has(self, blob: Descriptor) -> bool:
        """Whether a blob of that digest and size is there."""
        path = self._blob(blob.digest)
        return path.is_file() and path.stat().st_size == blob.size

    def write(self, blob: Descriptor, content: Path | bytes) -> None:
        """Write a blob under another name first."""
        path = self._blob(blob.digest)
        with writing(self._root):
            chunks = iter((content,)) if isinstance(content, bytes) else read_file(content, 0)
            replace_file(path, chunks)

    def finish(self, artifact: Artifact, tag: str) -> None:
        """Write the manifest's blob, then name it in ``index.json``; a tag that was there moves."""
        entry: dict[str, Any] = {
            "mediaType": MANIFEST_TYPE,
            "digest": artifact.digest,
            "size": len(artifact.manifest),
            "annotations": {_REF: tag},
        }
        with writing(self._root):
            replace_file(self._blob(artifact.digest), iter((artifact.manifest,)))
            marker = self._root / "oci-layout"
            index = self._index() if marker.exists() else {"schemaVersion": 2, "manifests": []}
            kept = [e for e in index["manifests"] if e.get("annotations", {}).get(_REF) != tag]
            index["manifests"] = [*kept, entry]
            replace_file(self._root / "index.json", iter((json.dumps(index, indent=2).encode() + b"\n",)))
            replace_file(marker, iter((b'{"imageLayoutVersion":"1.0.0"}',)))

    def _blob(self, digest: str) -> Path:
        return self._root / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def _index(self) -> dict[str, Any]:
        try:
            index: dict[str, Any] = json.loads((self._root / "index.json").read_bytes())
            entries = index["manifests"]
            plain = all(isinstance(entry["digest"], str) for entry in entries)
        except (OSError, ValueError, KeyError, TypeError):
            raise AiinfraError(
                "artifact-missing", f"{self._root} is no OCI layout: it has no readable index.json", "check the path"
            ) from None
        if not plain or not all(len(e["digest"]) == 71 and e["digest"][7:].isalnum() for e in entries):
            raise AiinfraError("artifact-invalid", f"{self._root}: index.json does not read", "push the release again")
        return index
