"""Projects that stand side by side: one's outputs answer another's stack references."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiinfra.errors import BadInput
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.program import PROJECT_FILES, Program, find
from aiinfra.graph.urn import STACK_REFERENCE_TYPE

Collect = Callable[..., Graph]
"""``collect`` or ``collect_in_subprocess``."""


def collect_projects(
    folder: str | Path,
    *,
    stack: str = "production",
    mode: Mode = Mode.SYMBOLIC,
    collect: Collect | None = None,
    **options: Any,
) -> dict[str, Graph]:
    """Record every Pulumi project in ``folder`` (each in a folder of its own), upstreams first.

    A project's stack references are answered from the symbolic outputs of its siblings in the same stack, whatever
    ``mode`` the graphs returned have: an upstream is created before. References to other stacks stay unknown.

    Args:
        folder: Where the projects' folders are.
        stack: The stack of all of them.
        mode: As for ``collect``.
        collect: What records one; ``aiinfra.graph.collect.collect`` by default.
        options: Passed on to it.

    Raises:
        BadInput: ``program-missing`` where there is no project, ``project-twice`` where two have one name,
            ``reference-cycle`` where projects wait for one another; and what ``collect`` raises.
    """
    programs = _programs(Path(folder))
    run = _Runs(programs, stack, collect, options)
    for name in programs:
        run.symbolic(name)
    order = run.order
    if mode is Mode.SYMBOLIC:
        return {name: run.symbolic(name) for name in order}
    return {name: run.once(name, mode, run.upstreams(name)) for name in order}


def collect_with_upstreams(
    path: str | Path,
    *,
    stack: str = "production",
    mode: Mode = Mode.SYMBOLIC,
    collect: Collect | None = None,
    **options: Any,
) -> Graph:
    """Record the program at ``path``; where it refers to stacks of projects beside it, those are recorded first.

    Only the projects it needs are run.

    Raises:
        As :func:`collect_projects`.
    """
    program = find(path)
    beside = {**_programs(program.root.parent, strict=False), program.name: program}
    run = _Runs(beside, stack, collect, options)
    run.paths[program.name] = Path(path)
    if mode is Mode.SYMBOLIC:
        return run.symbolic(program.name)
    run.symbolic(program.name)
    return run.once(program.name, mode, run.upstreams(program.name))


def collect_beside(
    paths: Mapping[str, str | Path],
    *,
    stack: str = "production",
    collect: Collect | None = None,
    told: Callable[[str], None] = lambda _name: None,
    **options: Any,
) -> dict[str, Graph]:
    """Record the projects at ``paths`` (all in one folder) symbolically, by the names given there.

    Each is run once, or twice where it refers to another; ``told`` hears each name before it is recorded.

    Raises:
        As :func:`collect_projects`.
    """
    programs = {name: find(path) for name, path in paths.items()}
    beside: dict[str, Program] = {}
    for program in programs.values():
        beside |= _programs(program.root.parent, strict=False) | {program.name: program}
    run = _Runs(beside, stack, collect, options)
    found: dict[str, Graph] = {}
    for name, program in programs.items():
        told(name)
        found[name] = run.symbolic(program.name)
    return found


def upstream_programs(path: str | Path, *, stack: str = "production", **options: Any) -> tuple[Program, ...]:
    """The projects beside the program at ``path`` whose stacks it refers to, in the order they must be applied.

    Raises:
        As :func:`collect_projects`.
    """
    program = find(path)
    beside = {**_programs(program.root.parent, strict=False), program.name: program}
    run = _Runs(beside, stack, options.pop("collect", None), options)
    run.paths[program.name] = Path(path)
    run.symbolic(program.name)
    return tuple(beside[name] for name in run.order if name != program.name)


class _Runs:
    """Runs each project at most twice: once to see which siblings it refers to, once more when they are there."""

    def __init__(
        self, programs: Mapping[str, Program], stack: str, collect: Collect | None, options: Mapping[str, Any]
    ) -> None:
        self.paths: dict[str, Path] = {name: program.root for name, program in programs.items()}
        self.order: list[str] = []
        self._done: dict[str, Graph] = {}
        self._open: list[str] = []
        self._stack = stack
        self._collect = collect
        self._options = options

    def symbolic(self, name: str) -> Graph:
        """The project's symbolic graph, its upstreams' first."""
        if name in self._done:
            return self._done[name]
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            remedy = "pass one of the values as configuration instead of a stack reference"
            raise BadInput("reference-cycle", f"projects refer to one another in a circle: {circle}", remedy)
        self._open.append(name)
        graph = self.once(name, Mode.SYMBOLIC, {})
        needed = self._siblings(graph)
        if needed:
            upstreams = {self._key(other): self.symbolic(other) for other in needed}
            graph = self.once(name, Mode.SYMBOLIC, upstreams)
        self._open.pop()
        self._done[name] = graph
        self.order.append(name)
        return graph

    def upstreams(self, name: str) -> dict[str, Graph]:
        """The graphs a project's references are answered from."""
        return {self._key(other): self._done[other] for other in self._siblings(self._done[name])}

    def once(self, name: str, mode: Mode, references: Mapping[str, Graph]) -> Graph:
        """One run."""
        run = self._collect
        if run is None:
            from aiinfra.graph.collect import collect as run  # noqa: PLC0415 - the SDK is loaded when it is needed
        return run(self.paths[name], stack=self._stack, mode=mode, references=references, **self._options)

    def _key(self, name: str) -> str:
        return f"{name}/{self._stack}"

    def _siblings(self, graph: Graph) -> list[str]:
        """The projects among these that the graph refers to, in the same stack."""
        wanted = {"/".join(node.id.split("/")[-2:]) for node in graph.of_type(STACK_REFERENCE_TYPE)}
        return [name for name in self.paths if self._key(name) in wanted]


def _programs(folder: Path, *, strict: bool = True) -> dict[str, Program]:
    """Name -> program of each project right inside ``folder``, by folder name."""
    found: dict[str, Program] = {}
    if not folder.is_dir():
        raise BadInput("program-missing", f"{folder} is not there", "name the folder that holds the projects' folders")
    for entry in sorted(folder.iterdir()):
        if not any((entry / name).is_file() for name in PROJECT_FILES):
            continue
        try:
            program = find(entry)
        except BadInput:
            if strict:
                raise
            continue
        if program.name in found and strict:
            both = f"{found[program.name].root.name} and {entry.name}"
            raise BadInput("project-twice", f"{both} are both project {program.name!r}", "give one another name")
        found.setdefault(program.name, program)
    if strict and not found:
        remedy = "name the folder that holds the projects' folders"
        raise BadInput("program-missing", f"{folder} holds no folder with a {PROJECT_FILES[0]}", remedy)
    return found
