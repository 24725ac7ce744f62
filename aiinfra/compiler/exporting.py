"""Exports a program, or each program that a declaration compiles to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiinfra.access import writing
from aiinfra.access.edge import Edge
from aiinfra.access.everything import edges
from aiinfra.compiler.programs import programs
from aiinfra.errors import BadInput
from aiinfra.findings import Finding
from aiinfra.graph.aws_values import refused_values
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.export import YAML_FILES, Format, text_of, write
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.projects import collect_with_upstreams
from aiinfra.graph.unlocked import unlocked


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported, and how."""

    format: Format = Format.JSON
    out: Path | None = None
    """File or folder; None: the text itself."""
    project: str = ""
    """Of a declaration: the one project; empty: all."""
    stack: str = "production"
    mode: Mode | None = None
    """None: the one that suits the format."""
    config: Mapping[str, str] | None = None
    assume_config: bool = False
    """Run with stand-ins where configuration is missing."""
    omit_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """One program's export."""

    name: str
    graph: Graph
    text: str
    """Empty where it was written to files."""
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]
    """What is not in it, what the recording noticed, and images that nobody locked."""
    edges: frozenset[Edge] | None = None
    """Of an export of edges; None for the others."""

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        written: dict[str, Any] = {"files": [str(file) for file in self.files]} if self.files else {"text": self.text}
        if self.edges is not None:
            written["edges"] = writing.plain(self.edges)
        return {"resources": len(self.graph), **written}


def export(path: Path, wanted: Wanted) -> list[Export]:
    """Export what ``path`` stands for; see :func:`aiinfra.compiler.programs.programs`.

    Raises:
        BadInput: ``out-needed``: several projects and nowhere to put them; and what recording and writing raise.
    """
    with programs(path, wanted.stack, wanted.project) as found:
        if wanted.out is None and len(found) > 1:
            raise BadInput(
                "out-needed",
                f"{path} compiles to {len(found)} projects: {', '.join(found)}",
                "name a folder with --out, or one of them with --project",
            )
        return [_one(name, program, wanted, alone=len(found) == 1) for name, program in found.items()]


def _one(name: str, program: Path, wanted: Wanted, *, alone: bool) -> Export:
    graph = _record(program, wanted)
    files: list[Path] = []
    text = ""
    if wanted.format is Format.EDGES:
        return _edges(name, graph, wanted, alone=alone)
    if wanted.out is None:
        text, notes = text_of(graph, wanted.format, omit_secrets=wanted.omit_secrets)
    else:
        out = wanted.out if alone else _place(wanted.out, name, wanted.format)
        files, notes = write(graph, wanted.format, out, omit_secrets=wanted.omit_secrets)
    return Export(name, graph, text, tuple(files), (*graph.findings, *notes, *unlocked(graph), *refused_values(graph)))


def _edges(name: str, graph: Graph, wanted: Wanted, *, alone: bool) -> Export:
    found = edges(graph)
    files: list[Path] = []
    if wanted.out is not None:
        title = f"{graph.project}, {graph.stack}: who may talk to whom"
        files = writing.write(found, title, wanted.out if alone else _place(wanted.out, name, wanted.format))
    text = "" if files else writing.text(found)
    return Export(name, graph, text, tuple(files), graph.findings, found)


def _record(program: Path, wanted: Wanted) -> Graph:
    mode = wanted.mode or wanted.format.mode
    config = wanted.config or {}
    if wanted.format is Format.MANIFESTS:
        # What is made up would read like a real value in a cluster.
        return collect_in_subprocess(program, stack=wanted.stack, mode=mode, config=config)
    return collect_with_upstreams(
        program,
        stack=wanted.stack,
        mode=mode,
        collect=collect_in_subprocess,
        config=config,
        stand_ins=True,
        assume_config=wanted.assume_config,
    )


def _place(out: Path, name: str, form: Format) -> Path:
    if out.suffix in (*YAML_FILES, ".json") or (form is Format.EDGES and out.suffix and not out.is_dir()):
        raise BadInput("out-unusable", f"{out} is one file, and there are several projects", "name a folder")
    return out / name if form in (Format.MANIFESTS, Format.EDGES) else out / f"{name}.{form.suffix}"
