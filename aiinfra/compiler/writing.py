"""Writes the rendered files, and never over a person's work.

``.aiinfra/compiled.json`` remembers the hash of what was written. A file whose hash is another was edited: it is kept,
and the new text goes to ``FILE.new`` beside it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiinfra import __version__
from aiinfra.errors import BadInput

RECORD: Final = ".aiinfra/compiled.json"
SCHEMA: Final = "aiinfra.compiled/1"


@dataclass
class Written:
    """What a compile did, by relative path."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    """No longer part of the declaration, and unedited."""
    kept: list[str] = field(default_factory=list)
    """Edited by a person: the new text is in ``FILE.new``."""
    orphaned: list[str] = field(default_factory=list)
    """Edited by a person, and no longer part of the declaration: left as it is."""


def write(files: Mapping[str, str], out: Path) -> Written:
    """Write ``files`` below ``out`` (made if need be) and record their hashes.

    Raises:
        BadInput: ``out-not-a-folder``, or ``compiled-invalid`` for a record that cannot be read.
    """
    if out.exists() and not out.is_dir():
        raise BadInput("out-not-a-folder", f"{out} is a file", "name a folder with --out")
    recorded = _recorded(out)
    written = Written()
    hashes: dict[str, str] = {}
    for name, text in sorted(files.items()):
        hashes[name] = _write_one(out / name, name, text, recorded.get(name), written)
    for name in sorted(set(recorded) - set(files)):
        _remove_one(out, name, recorded[name], written)
    record = {"schema": SCHEMA, "aiinfra": __version__, "files": hashes}
    target = out / RECORD
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=2, sort_keys=True) + "\n"
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return written


def _write_one(path: Path, name: str, text: str, recorded: str | None, written: Written) -> str:
    """Write one file; returns the hash to remember for it."""
    new = _hash(text.encode())
    fresh = path.with_name(path.name + ".new")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.created.append(name)
        return new
    found = _hash(path.read_bytes())
    if found == new:
        written.same.append(name)
    elif found == recorded:
        path.write_text(text, encoding="utf-8")
        written.updated.append(name)
    else:
        fresh.write_text(text, encoding="utf-8")
        written.kept.append(name)
        return recorded or new
    fresh.unlink(missing_ok=True)
    return new


def _remove_one(out: Path, name: str, recorded: str, written: Written) -> None:
    path = out / name
    if not path.is_file():
        return
    if _hash(path.read_bytes()) != recorded:
        written.orphaned.append(name)
        return
    path.unlink()
    written.removed.append(name)
    if path.parent != out and not any(path.parent.iterdir()):
        path.parent.rmdir()


def _recorded(out: Path) -> dict[str, str]:
    record = out / RECORD
    if not record.is_file():
        return {}
    try:
        files = json.loads(record.read_text(encoding="utf-8"))["files"]
        return {str(name): str(value) for name, value in files.items()}
    except (ValueError, KeyError, AttributeError, TypeError):
        raise BadInput(
            "compiled-invalid",
            f"{record} cannot be read, so edited files cannot be told from written ones",
            "restore it from version control, or compile into an empty folder",
        ) from None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
