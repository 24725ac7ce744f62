"""What a path stands for: a Pulumi program, or a declaration and so the programs it compiles to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiinfra.compiler.projects import BUNDLES, projects
from aiinfra.compiler.rendering import render
from aiinfra.compiler.writing import write
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.spec.deployment import MAIN_STACK
from aiinfra.spec.reading import NAMES, load

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


def is_declaration(path: Path) -> bool:
    """Whether ``path`` is a declaration, or a folder that holds one and no Pulumi project."""
    if path.is_dir():
        return not any((path / name).is_file() for name in PROJECT_FILES) and any((path / n).is_file() for n in NAMES)
    return (
        path.suffix in (".yaml", ".yml", ".json") and path.name not in PROJECT_FILES
    ) or path.name == "deployment.py"


@contextmanager
def programs(path: Path, stack: str = MAIN_STACK, only: str = "") -> Iterator[Mapping[str, Path]]:
    """The Pulumi programs that ``path`` stands for, by name, while the context lasts.

    A program is itself, under the name of its folder. A declaration is compiled into a folder that is gone afterwards;
    its programs are named like the compiled folders (``registry``, ``site-CLASS``), and those that ``stack`` has no
    site for are left out. ``only`` picks one.

    Raises:
        BadInput: ``project-unknown``: ``only`` is none of them; and what reading the declaration raises.
    """
    if not is_declaration(path):
        yield _picked({path.resolve().stem if path.is_file() else path.resolve().name: path}, only)
        return
    whole, chosen = load(path), load(path, stack)
    names = [project.folder for project in projects(chosen) if project.kind not in BUNDLES]
    with TemporaryDirectory(prefix="aiinfra-programs-") as folder:
        write(render(whole), Path(folder))
        yield _picked({name: Path(folder) / name for name in names}, only)


def _picked(found: dict[str, Path], only: str) -> dict[str, Path]:
    if not only:
        return found
    if only not in found:
        raise BadInput(
            "project-unknown",
            f"there is no project {only!r}{did_you_mean(only, tuple(found))}",
            f"use one of {', '.join(found) or 'none: it declares boxes alone'}",
        )
    return {only: found[only]}
