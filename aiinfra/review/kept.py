"""Graphs of git revisions, kept below the user's cache folder: what does not change is run once.

A graph is found again by the revision's tree, the program's place in it, the stack, its configuration, and everything
that is installed for the Python that runs it. One that holds a secret is never kept: the fingerprints that tell secrets
apart live as long as one review. What a program reads from outside its repository is not seen.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from aiinfra.graph.node import SECRET, Graph
from aiinfra.graph.places import OURS
from aiinfra.review.environments import cache, libraries

MOST: Final = 256
"""Graphs that are kept; the ones longest not asked for go first."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a graph depends on."""

    tree: str
    program: str
    stack: str
    mode: str
    python: str
    config: Mapping[str, str]
    assume_config: bool

    @property
    def file(self) -> Path:
        """Where the graph is kept."""
        data = {**asdict(self), "config": dict(self.config), "python": _runtime(self.python), "aiinfra": _own()}
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
        return cache() / "graphs" / f"{digest[:32]}.json"


def find(key: Key) -> Graph | None:
    """The graph, where it is kept and can be read."""
    file = key.file
    try:
        graph = Graph.from_json(json.loads(file.read_text(encoding="utf-8")))
        file.touch()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return graph


def keep(key: Key, graph: Graph) -> None:
    """Keep a graph, unless it holds a secret; a cache folder that cannot be written is no error."""
    data = graph.as_json()
    if _secret(data):
        return
    folder = key.file.parent
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(data, file)
        Path(file.name).replace(key.file)
        kept = sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in kept[MOST:]:
            old.unlink(missing_ok=True)


def _secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return SECRET in value or any(_secret(item) for item in value.values())
    return isinstance(value, list) and any(_secret(item) for item in value)


@lru_cache(maxsize=8)
def _runtime(python: str) -> str:
    """The interpreter, and all that is installed for it."""
    return json.dumps([os.path.realpath(python), sys.version, sorted(libraries(python).items())])


@lru_cache(maxsize=1)
def _own() -> str:
    """This aiinfra, edited files and all."""
    stamps = sorted((str(file), file.stat().st_mtime_ns) for file in OURS.rglob("*.py"))
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()
