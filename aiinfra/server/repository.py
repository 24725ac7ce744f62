"""The model repository on disk: ``DIR/<model>/<version>/`` and the ``current`` file that names the version to serve.

Only names are read here; what a version's folder may hold is the containment's business.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from aiinfra.errors import BadInput, did_you_mean

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_-])?")
MODEL_FILE = "model.onnx"
CURRENT = "current"
_LONGEST_CURRENT = 256


def is_name(text: str) -> bool:
    """Whether ``text`` can name a model or a version: 1 to 128 letters, digits, ``.``, ``_``, ``-``; the first a
    letter or digit, the last no dot.
    """
    return _NAME.fullmatch(text) is not None


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Orders versions as people do: ``9`` before ``10``, ``1.4.0`` before ``1.10.0``."""
    parts = re.findall(r"\d+|[A-Za-z]+", version)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that could be served: its names and its folder."""

    model: str
    version: str
    folder: Path

    @property
    def file(self) -> Path:
        """The model file."""
        return self.folder / MODEL_FILE


def models(root: Path) -> list[str]:
    """Names of the models in ``root``, sorted: folders with at least one version.

    Raises:
        BadInput: ``repository-absent``: ``root`` is no folder.
    """
    if not root.is_dir():
        raise BadInput(
            "repository-absent",
            f"{root} is not a folder",
            "name the model repository: a folder with MODEL/VERSION/model.onnx below it",
        )
    return sorted(child.name for child in root.iterdir() if is_name(child.name) and versions(root, child.name))


def versions(root: Path, model: str) -> list[str]:
    """Versions of ``model``, oldest first: folders that hold a model file. Empty where there is no such model."""
    folder = root / model
    if not is_name(model) or not folder.is_dir():
        return []
    found = [child.name for child in folder.iterdir() if is_name(child.name) and (child / MODEL_FILE).is_file()]
    return sorted(found, key=lambda version: (version_key(version), version))


def current(root: Path, model: str) -> str | None:
    """The version that ``MODEL/current`` names, else the newest; None where there is none.

    Raises:
        BadInput: ``current-unreadable``: the file names no version that is there.
    """
    there = versions(root, model)
    file = root / model / CURRENT
    if not file.is_file():
        return there[-1] if there else None
    with file.open("rb") as stream:
        named = stream.read(_LONGEST_CURRENT).decode("utf-8", "replace").strip()
    if named not in there:
        raise BadInput(
            "current-unreadable",
            f"{file} names version {named!r}, there are {', '.join(there) or 'none'}" + did_you_mean(named, there),
            "write the name of a version folder into it, or remove it to serve the newest",
        )
    return named


def candidate(root: Path, model: str, version: str) -> Candidate:
    """The version's names and folder."""
    return Candidate(model, version, root / model / version)
