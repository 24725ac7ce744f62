"""Class files beside a declaration: finding them, starting one, and how many sites their waves have."""

from collections import Counter
from pathlib import Path

from aiinfra.errors import BadInput, did_you_mean
from aiinfra.release import promote
from aiinfra.spec.class_file import Wave, path_of
from aiinfra.spec.reading import NAMES, load


def class_file(deployment: Path, class_name: str) -> Path:
    """The class file beside a declaration, or in a folder without one (a repository of class files alone).

    Raises:
        BadInput: ``class-file-missing``.
    """
    file = path_of(_folder(deployment), class_name)
    if not file.is_file():
        there = sorted(found.stem for found in file.parent.glob("*.yaml"))
        raise BadInput(
            "class-file-missing",
            f"{file} is not there{did_you_mean(class_name, there)}",
            f"start it: aiinfra release class {class_name} --help",
        )
    return file


def start_class(
    deployment: Path, class_name: str, uri: str, signer: Path, release: tuple[str, str], *, waves: int
) -> Path:
    """Write a class file whose waves all serve ``release``: its version and its artifact's digest.

    Raises:
        BadInput: ``class-unknown``: a declaration is there and has no such class; ``signer-missing``,
            ``class-file-invalid``.
        Refused: ``class-file-exists``.
    """
    folder = _folder(deployment)
    if any((folder / name).is_file() for name in NAMES):
        classes = list(dict.fromkeys(site.class_name for site in load(deployment).every_site))
        if class_name not in classes:
            raise BadInput(
                "class-unknown",
                f"{deployment} has no class {class_name!r}{did_you_mean(class_name, classes)}",
                f"use one of {', '.join(classes) or 'none: declare sites first'}",
            )
    try:
        key = signer.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput("signer-missing", f"{signer} cannot be read", "name the public key's PEM file") from None
    try:
        first = Wave(version=release[0], digest=release[1])
    except ValueError:
        raise BadInput(
            "class-file-invalid",
            f"version {release[0]!r} or digest {release[1]!r} is not of the form expected",
            "a version is a whole number, a digest sha256: and 64 hexadecimal digits",
        ) from None
    file = path_of(folder, class_name)
    promote.start(file, uri, key, first, waves=waves)
    return file


def sites_of_waves(deployment: Path, class_name: str) -> dict[int, int]:
    """Wave -> how many sites of the class it has; empty where no declaration is there to say."""
    if not any((_folder(deployment) / name).is_file() for name in NAMES):
        return {}
    declaration = load(deployment)
    told = declaration.classes.get(class_name)
    if told is None:
        return {}
    counted = Counter(told.wave_of(class_name, row.name, row.wave) for row in declaration.rows[class_name])
    return {number: counted[number] for number in told.waves}


def _folder(deployment: Path) -> Path:
    return deployment.parent if deployment.is_file() or deployment.suffix in (".yaml", ".yml", ".json") else deployment
