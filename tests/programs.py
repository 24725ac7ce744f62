"""Every Pulumi program this repository holds or makes: the stacks, and what each declaration compiles to."""

import atexit
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from aiinfra.compiler.projects import projects
from aiinfra.compiler.rendering import render
from aiinfra.compiler.writing import write
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.projects import collect_with_upstreams
from aiinfra.spec.reading import load

ROOT = Path(__file__).parent.parent
SHAPES = ("small", "production", "joined", "lent")
"""Training clusters of every shape: one zone, all on, in a network that is there already, in a cluster that is."""


@dataclass(frozen=True)
class Program:
    """One Pulumi project and a stack of it."""

    name: str
    """As in golden files: ``stacks/edge-site``, ``examples/hospital/registry``."""
    folder: Path
    stack: str = "production"

    def graph(self, mode: Mode = Mode.SYMBOLIC) -> Graph:
        """What it registers; recorded once a test run."""
        return _graph(self.folder, self.stack, mode)


@cache
def _graph(folder: Path, stack: str, mode: Mode) -> Graph:
    return collect_with_upstreams(folder, stack=stack, mode=mode)


@cache
def programs() -> tuple[Program, ...]:
    """All of them, in the order of their names."""
    found = [
        Program(f"stacks/{file.parent.name}", file.parent) for file in sorted((ROOT / "stacks").glob("*/Pulumi.yaml"))
    ]
    for name, file in declarations().items():
        found += compiled(name, file)
    return tuple(found)


def declarations() -> dict[str, Path]:
    """Name -> file: the examples, and those that hold every part."""
    declarations = {f"examples/{f.parent.name}": f for f in sorted((ROOT / "examples").glob("*/deployment.yaml"))}
    for name in ("cabinet", "elastic", "fleet", "kserve", "language", "plants", "pulling", "serving", *SHAPES, "whole"):
        declarations[f"declarations/{name}"] = ROOT / "tests" / "data" / "declarations" / f"{name}.yaml"
    return declarations


def compiled(name: str, file: Path) -> list[Program]:
    """Every project and stack that a declaration compiles to."""
    out = Path(mkdtemp(prefix="aiinfra-compiled-"))
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    declaration = load(file)
    write(render(declaration), out)
    folders = sorted(found.parent for found in out.glob("*/Pulumi.yaml"))
    return [
        Program(f"{name}/{folder.name}{'' if stack == 'production' else f'@{stack}'}", folder, stack)
        for folder in folders
        for stack in declaration.stacks
        if _has(file, folder.name, stack)
    ]


def _has(file: Path, folder: str, stack: str) -> bool:
    """Whether that stack's declaration makes the project; another stack's may be the one that does."""
    return folder in {project.folder for project in projects(load(file, stack))}
