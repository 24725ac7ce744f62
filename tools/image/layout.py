"""OCI layouts (image-spec 1.1) written and joined. The same files give the same bytes."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_REF = "org.opencontainers.image.ref.name"


def layer(root: Path, paths: Iterable[Path], epoch: int) -> tuple[bytes, str]:
    """A layer of ``paths`` (below ``root``): its compressed bytes, and the digest of what is in it."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(paths):
            entry = tar.gettarinfo(path, str(path.relative_to(root)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mtime = epoch
            if entry.islnk():
                entry.type, entry.size = tarfile.REGTYPE, path.stat().st_size
            if entry.isreg():
                with path.open("rb") as stream:
                    tar.addfile(entry, stream)
            else:
                tar.addfile(entry)
    content = plain.getvalue()
    return gzip.compress(content, compresslevel=6, mtime=0), f"sha256:{hashlib.sha256(content).hexdigest()}"


class Layout:
    """A layout being written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}\n', encoding="ascii")

    def blob(self, content: bytes, media_type: str) -> dict[str, Any]:
        """Write a blob; its descriptor."""
        hexadecimal = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs" / "sha256" / hexadecimal).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{hexadecimal}", "size": len(content)}

    def json(self, data: dict[str, Any], media_type: str) -> dict[str, Any]:
        """Write a blob of JSON; its descriptor."""
        return self.blob(json.dumps(data, sort_keys=True, separators=(",", ":")).encode(), media_type)

    def image(self, layers: list[tuple[bytes, str]], config: dict[str, Any]) -> dict[str, Any]:
        """Write an image of one architecture; the descriptor of its manifest, with its platform."""
        rootfs = {"type": "layers", "diff_ids": [diff for _, diff in layers]}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.json({**config, "rootfs": rootfs}, CONFIG),
            "layers": [self.blob(content, LAYER) for content, _ in layers],
        }
        platform = {"architecture": config["architecture"], "os": "linux"}
        return {**self.json(manifest, MANIFEST), "platform": platform}

    def name(self, images: list[dict[str, Any]], tag: str) -> str:
        """Name an index of ``images``; its digest."""
        ordered = sorted(images, key=lambda image: str(image["platform"]["architecture"]))
        index = self.json({"schemaVersion": 2, "mediaType": INDEX, "manifests": ordered}, INDEX)
        entry = {**index, "annotations": {_REF: tag}}
        text = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}, indent=2, sort_keys=True)
        (self.folder / "index.json").write_text(text + "\n", encoding="ascii")
        return str(index["digest"])


def images_of(folder: Path) -> list[dict[str, Any]]:
    """The images of a layout that :meth:`Layout.name` wrote."""
    top = json.loads((folder / "index.json").read_bytes())["manifests"][0]
    index = json.loads((folder / "blobs" / "sha256" / top["digest"].removeprefix("sha256:")).read_bytes())
    return list(index["manifests"])


def join(folders: list[Path], out: Path, tag: str) -> str:
    """One layout with the images of all of ``folders`` under one index; its digest.

    Raises:
        SystemExit: two of them are for one architecture.
    """
    layout = Layout(out)
    images = [image for folder in folders for image in images_of(folder)]
    architectures = [image["platform"]["architecture"] for image in images]
    if len(set(architectures)) != len(architectures):
        raise SystemExit(f"two images for one architecture: {', '.join(sorted(architectures))}")
    for folder in folders:
        for blob in (folder / "blobs" / "sha256").iterdir():
            (out / "blobs" / "sha256" / blob.name).write_bytes(blob.read_bytes())
    return layout.name(images, tag)


def unpack(folder: Path, out: Path, architecture: str) -> dict[str, Any]:
    """Unpack an image's layers into ``out``; its configuration."""
    image = next(one for one in images_of(folder) if one["platform"]["architecture"] == architecture)
    blobs = folder / "blobs" / "sha256"
    manifest = json.loads((blobs / image["digest"].removeprefix("sha256:")).read_bytes())
    for one in manifest["layers"]:
        with tarfile.open(blobs / one["digest"].removeprefix("sha256:")) as tar:
            tar.extractall(out, filter="tar")
    return dict(json.loads((blobs / manifest["config"]["digest"].removeprefix("sha256:")).read_bytes()))
