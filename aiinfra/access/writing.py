"""Edges as text, JSON or a picture, by the ending of the file they go to."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from aiinfra.access.edge import ACTION, Edge
from aiinfra.access.picture import folded, svg
from aiinfra.errors import BadInput

SCHEMA: Final = "aiinfra.edges/1"
Row = tuple[str, str, str, str]
"""Source, destination, ports, reason."""
WIDE: Final = 150
"""Characters of both ends' names that still stand in one line."""
SUFFIXES: Final = (".txt", ".json", ".svg")


def text(edges: Iterable[Edge]) -> str:
    """A line a connection: source, destination, ports, reason; clusters that are alike once. Then, who may do what."""
    blocks = []
    every = list(edges)
    groups = folded(edge for edge in every if edge.kind != ACTION)
    for clusters, found in groups:
        lines = _rows(sorted(found))
        named = ", ".join(cluster for cluster in clusters if cluster)
        blocks.append((f"{named}\n" if named else "") + "".join(lines))
    blocks += _actions(edge for edge in every if edge.kind == ACTION)
    return "\n".join(blocks) or "no Kubernetes workloads, network policies, networks or roles: there are no edges\n"


def _rows(rows: list[Row]) -> list[str]:
    """A line a connection; where names are long, by source."""
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    if widths[0] + widths[1] <= WIDE:
        return [
            f"  {src:<{widths[0]}}  -> {dst:<{widths[1]}}  {port:<{widths[2]}}  {why}\n" for src, dst, port, why in rows
        ]
    lines = []
    for index, (src, dst, port, why) in enumerate(rows):
        if not index or rows[index - 1][0] != src:
            lines.append(f"{src}\n")
        lines.append(f"  -> {dst:<{widths[1]}}  {port:<{widths[2]}}  {why}\n")
    return lines


def _actions(edges: Iterable[Edge]) -> list[str]:
    """Who may do what: a paragraph for each who, a line for each resource and condition."""
    found: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for edge in edges:
        found[edge.src][edge.dst, edge.why].add(edge.port)
    lines = []
    for src, grants in sorted(found.items()):
        lines.append(f"{src} may\n")
        for (dst, why), actions in sorted(grants.items()):
            held = "" if why == "always" else f"  ({why})"
            lines.append(f"  {', '.join(sorted(actions))}\n    on {dst}{held}\n")
    return ["".join(lines)] if lines else []


def plain(edges: Iterable[Edge]) -> list[dict[str, Any]]:
    """JSON values, sorted, cluster by cluster."""
    return [edge.as_json() for edge in sorted(edges, key=lambda edge: (edge.cluster, edge))]


def document(edges: Iterable[Edge]) -> str:
    """The JSON file."""
    return json.dumps({"schema": SCHEMA, "edges": plain(edges)}, indent=1, ensure_ascii=False) + "\n"


def write(edges: frozenset[Edge], title: str, out: Path) -> list[Path]:
    """Write to ``out``: a file by its ending, or all three kinds into a folder, which is made.

    Raises:
        BadInput: ``edges-suffix``; ``out-unusable``.
    """
    one = bool(out.suffix) and not out.is_dir()
    if one and out.suffix not in SUFFIXES:
        message = f"{out.name}: edges are written as {', '.join(SUFFIXES)}"
        raise BadInput("edges-suffix", message, f"end it in one of {', '.join(SUFFIXES)}, or name a folder")
    made = {".txt": text(edges), ".json": document(edges), ".svg": svg(edges, title)}
    files = [out] if one else [out / f"edges{suffix}" for suffix in SUFFIXES]
    try:
        files[0].parent.mkdir(parents=True, exist_ok=True)
        for file in files:
            file.write_text(made[file.suffix], encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}"
        raise BadInput("out-unusable", message, "name a place that can be written to") from None
    return files
