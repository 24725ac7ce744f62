"""Where a release is pushed to or pulled from: a registry, an OCI layout folder, or a plain folder."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from aiinfra.errors import BadInput

_TAG: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_REGISTRY: Final = re.compile(
    r"(?P<host>localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+(?=:\d))(?P<port>:\d{1,5})?"
    r"/(?P<name>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
    rf"(?::(?P<tag>{_TAG}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?"
)
_LAYOUT: Final = re.compile(rf"(?P<path>.+?)(?::(?P<tag>{_TAG}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?")
_FOLDER: Final = re.compile(r"(?P<path>.+?)(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


class Kind(StrEnum):
    """How the place keeps a release."""

    REGISTRY = "registry"
    LAYOUT = "layout"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Place:
    """A parsed SOURCE or DEST."""

    kind: Kind
    text: str
    """As it was written."""
    host: str = ""
    """``HOST[:PORT]`` of a registry."""
    name: str = ""
    """Repository in the registry."""
    path: Path = Path()
    """Folder of a layout, or the plain folder."""
    tag: str = ""
    digest: str = ""
    """The only artifact that will do; empty: whatever the tag names."""


def parse_place(text: str) -> Place:
    """``HOST/NAME[:TAG][@DIGEST]``, ``oci:PATH[:TAG][@DIGEST]``, or a folder: ``/PATH``, ``./PATH``, ``dir:PATH``.

    ``oci://HOST/NAME`` (Flux's way to write a registry) is a registry.

    Raises:
        BadInput: ``place-invalid``.
    """
    if text.startswith(("dir:", "/", "./", "../", "~")) or text in (".", ".."):
        match = _FOLDER.fullmatch(text.removeprefix("dir:"))
        if match is not None:
            return Place(Kind.FOLDER, text, path=Path(match["path"]).expanduser(), digest=match["digest"] or "")
    elif text.startswith("oci:") and not text.startswith("oci://"):
        match = _LAYOUT.fullmatch(text.removeprefix("oci:"))
        if match is not None:
            return Place(
                Kind.LAYOUT,
                text,
                path=Path(match["path"]).expanduser(),
                tag=match["tag"] or "",
                digest=match["digest"] or "",
            )
    else:
        match = _REGISTRY.fullmatch(text.removeprefix("oci://"))
        if match is not None:
            host = f"{match['host']}{match['port'] or ''}"
            return Place(Kind.REGISTRY, text, host, match["name"], tag=match["tag"] or "", digest=match["digest"] or "")
    if "://" in text:
        bare = text.partition("://")[2]
        raise BadInput("place-invalid", f"{text!r} is a web address, no place for a release", f"write {bare}:TAG")
    near = f"; a folder is written ./{text} or dir:{text}" if Path(text.partition(":")[0]).exists() else ""
    raise BadInput(
        "place-invalid",
        f"{text!r} names no place for a release{near}",
        "write HOST/NAME:TAG for a registry, oci:PATH:TAG for an OCI layout, or ./PATH for a plain folder",
    )
