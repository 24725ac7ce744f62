"""Reviewing ten thousand resources beyond collecting them, beside `git diff` of the two recorded graphs as text.

Three changes: one address range; the same property in every component; a thousand unrelated ones. Seconds are medians
of the difference, the document and each written form, in one process; the rival is timed in the same run, in turns.
Target: 5 s in all.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final

from aiinfra.graph.collect import collect
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph, Node
from aiinfra.review.build import review
from aiinfra.review.writing import written

SIZE: Final = 10_000
RUNS: Final = 3
FORMS: Final = ("terminal", "markdown", "html", "json", "sarif", "gitlab")
Change = Callable[[int, Node], Mapping[str, Any]]


def run(out: Path) -> list[dict[str, Any]]:
    """Measure, print a table, and return its rows; ``out`` is where a caller keeps them."""
    del out
    graph = import_module("tools.bench.graph")
    before = collect(lambda: graph.program(SIZE // (graph.CHILDREN + 1)), project="bench")
    rows = [_row(name, before, _changed(before, change)) for name, change in CHANGES.items()]
    print(f"{'change':28} {'changed':>8} {'diff s':>7} {'document s':>11} {'forms s':>8} {'in all':>7} {'git diff':>9}")
    for row in rows:
        figures = (
            f"{row['diff']:7.2f} {row['document']:11.2f} {row['forms']:8.2f} {row['all']:7.2f} {row['rival']:9.2f}"
        )
        print(f"{row['change']:28} {row['changed']:8} {figures}")
    return rows


def _one(place: int, node: Node) -> Mapping[str, Any]:
    return {**node.inputs, "tags": {"edited": "here"}} if place == SIZE // 2 else node.inputs


def _everywhere(_place: int, node: Node) -> Mapping[str, Any]:
    return {**node.inputs, "acl": "private"} if node.type == "aws:s3/bucket:Bucket" else node.inputs


def _thousand(place: int, node: Node) -> Mapping[str, Any]:
    return {**node.inputs, "tags": {"edited": f"at {place}"}} if place % 10 == 0 else node.inputs


CHANGES: Final[Mapping[str, Change]] = {
    "one resource": _one,
    "the same in every component": _everywhere,
    "a thousand resources": _thousand,
}


def _changed(before: Graph, change: Change) -> Graph:
    nodes = {own: replace(node, inputs=change(at, node)) for at, (own, node) in enumerate(before.nodes.items())}
    return replace(before, nodes=nodes)


def _row(name: str, before: Graph, after: Graph) -> dict[str, Any]:
    found: list[dict[str, float]] = []
    changed = 0
    with tempfile.TemporaryDirectory() as folder:
        sides = [Path(folder) / "before.json", Path(folder) / "after.json"]
        for file, graph in zip(sides, (before, after), strict=True):
            file.write_text(graph.to_text(), encoding="utf-8")
        for _ in range(RUNS):
            started = time.perf_counter()
            difference = diff(before, after)
            diffed = time.perf_counter()
            document = review(difference)
            made = time.perf_counter()
            for form in FORMS:
                written([document], form, full=True)
            done = time.perf_counter()
            changed = len(difference.changes)
            found.append(
                {
                    "diff": diffed - started,
                    "document": made - diffed,
                    "forms": done - made,
                    "all": done - started,
                    "rival": _rival(sides),
                }
            )
    middle = {key: round(median(one[key] for one in found), 3) for key in found[0]}
    return {"change": name, "resources": len(before), "changed": changed, "runs": RUNS, **middle}


def _rival(sides: list[Path]) -> float:
    started = time.perf_counter()
    command = ["git", "diff", "--no-index", "--no-color", *map(str, sides)]
    subprocess.run(command, check=False, capture_output=True)
    return time.perf_counter() - started
