"""One version of a program: where its files are, and its graph, recorded in a process of its own."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.existing import Existing
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.projects import collect_with_upstreams
from aiinfra.review import kept
from aiinfra.review.credentials import mask_text
from aiinfra.review.repository import WORKTREE


@dataclass(frozen=True, slots=True)
class Compared:
    """What to compare. ``base`` empty: where the work tree left the default branch. ``head``: a revision or the work
    tree. ``python``: the interpreter that runs both versions."""

    program: Path
    base: str = ""
    head: str = WORKTREE
    stack: str = "production"
    project: str = ""
    """Of a declaration: the one project to review; empty: all."""
    python: str = sys.executable
    against: Path | None = None
    """Compare with the program at this path, instead of a revision."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Configuration on top of the stack's own, for both versions."""
    assume_config: bool = False
    """Run with stand-ins where configuration is missing."""
    keep: bool = True
    """Keep graphs of revisions, and take them from where they were kept."""
    own_libraries: bool = True
    """Run each version with the libraries that its own requirements name, where the two differ."""


@dataclass(frozen=True, slots=True)
class Side:
    """One version: where its files are, and what it is called."""

    root: Path
    words: str
    program: Path
    """The program, below ``root``."""
    tree: str = ""
    """The git tree that the files are of; empty where they may change."""


@dataclass(frozen=True, slots=True)
class Version:
    """One program in one version; ``path`` is missing where that version does not have it."""

    side: Side
    path: Path | None
    compared: Compared
    key: bytes | None
    """Tells changed secrets from the same ones; None where one side's cannot be read."""
    existing: Mapping[str, Existing] = field(default_factory=dict)
    python: str = ""
    """The interpreter; empty: the one for both versions."""
    name: str = ""
    """Which of a declaration's programs it is."""

    def collect(self, mode: Mode) -> Graph | None:
        """Its graph.

        Raises:
            AiinfraError: what collecting raises, with the version's name before it.
        """
        if self.path is None:
            return None
        key = self._key(mode)
        found = kept.find(key) if key is not None else None
        if found is not None:
            return found
        graph = self._collected(self.path, mode)
        if key is not None:
            kept.keep(key, graph)
        return graph

    def _key(self, mode: Mode) -> kept.Key | None:
        if self.path is None or not self.side.tree or self.existing or not self.compared.keep:
            return None
        place = self.side.program.relative_to(self.side.root).as_posix()
        compared = self.compared
        python = self.python or compared.python
        return kept.Key(
            tree=self.side.tree,
            program=f"{place}:{self.name}",
            stack=compared.stack,
            mode=mode.value,
            python=python,
            config=compared.config,
            assume_config=compared.assume_config,
        )

    def _collected(self, path: Path, mode: Mode) -> Graph:
        try:
            graph = collect_with_upstreams(
                path,
                stack=self.compared.stack,
                mode=mode,
                collect=collect_in_subprocess,
                python=self.python or self.compared.python,
                config=self.compared.config,
                stand_ins=True,
                assume_config=self.compared.assume_config,
                fingerprint_key=self.key,
                existing=self.existing,
            )
        except AiinfraError as error:
            raise blamed(self.side, error) from None
        return _without_folder(graph, path if path.is_dir() else path.parent, self.side.root)

    def preview(self) -> tuple[Graph | None, str]:
        """Its graph as a first preview sees it; a note where it fails so."""
        try:
            return self.collect(Mode.PREVIEW), ""
        except AiinfraError as error:
            reason = mask_text(error.message.partition("\n")[0])
            return None, f"What is unknown until apply is not told: as a first preview would run it, {reason}"


def blamed(side: Side, error: AiinfraError) -> AiinfraError:
    """The same error, saying which version it is about; what a program wrote is masked."""
    message = mask_text(f"in {side.words}: {error.message}").replace(f"{side.root}/", "")
    if isinstance(error, BadInput):
        return BadInput(error.code, message, error.remedy, error.findings)
    return AiinfraError(error.code, message, error.remedy)


def _without_folder(graph: Graph, *folders: Path) -> Graph:
    """The graph without the places its files were in: they are others on each side."""
    names = sorted({str(each) for folder in folders for each in (folder, folder.resolve())}, key=len, reverse=True)
    nodes = {
        own: replace(node, inputs=_cut(node.inputs, names), outputs=_cut(node.outputs, names))
        for own, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes, outputs=_cut(graph.outputs, names))


def _cut(value: Any, names: list[str]) -> Any:
    if isinstance(value, str):
        for name in names:
            if name in value:
                value = value.replace(f"{name}/", "").replace(name, ".")
        return value
    if isinstance(value, Mapping):
        return {key: _cut(item, names) for key, item in value.items()}
    return [_cut(item, names) for item in value] if isinstance(value, list) else value
