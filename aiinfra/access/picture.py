"""Who may talk to whom, as one SVG: sources on the left, what they reach on the right. The same bytes everywhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jinja2

from aiinfra.access.edge import Edge

_ROW: Final = 34
_GAP: Final = 14
_BOX: Final = 330
_WIDTH: Final = 1080
_TOP: Final = 96
_CHARS: Final = 34
"""Characters of a name that fit a box."""


@dataclass(frozen=True, slots=True)
class Box:
    """One end: its name in two lines, and where it stands."""

    place: str
    name: str
    ports: str
    """Those that are open, for what is reached."""
    x: int
    y: int
    height: int
    kind: str
    """``pod``, ``open`` (any pod, anywhere) or ``address``."""

    @property
    def middle(self) -> int:
        """Where lines meet it."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Line:
    """All that is open between two ends."""

    start: Box
    end: Box
    hover: str
    """The reasons."""


def svg(edges: Iterable[Edge], title: str) -> str:
    """The picture. Clusters with the same edges are drawn once, under all their names."""
    groups = folded(edges)
    panels: list[dict[str, object]] = []
    y = _TOP
    for clusters, found in groups:
        boxes, lines = _panel(found, y + 34)
        bottom = max((box.y + box.height for box in boxes), default=y + 34)
        panels.append({"heading": _heading(clusters), "y": y, "boxes": boxes, "lines": lines})
        y = bottom + 40
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        (Path(__file__).parent / "picture.svg.j2").read_text(encoding="utf-8")
    )
    return template.render(title=title, panels=panels, width=_WIDTH, height=y, box=_BOX, count=len(groups))


def folded(edges: Iterable[Edge]) -> list[tuple[tuple[str, ...], frozenset[tuple[str, str, str, str]]]]:
    """Names of clusters that have the same edges -> those edges (source, destination, port, reason)."""
    by_cluster: dict[str, set[tuple[str, str, str, str]]] = defaultdict(set)
    for edge in edges:
        by_cluster[edge.cluster].add((edge.src, edge.dst, edge.port, edge.why))
    same: dict[frozenset[tuple[str, str, str, str]], list[str]] = defaultdict(list)
    for cluster in sorted(by_cluster):
        same[frozenset(by_cluster[cluster])].append(cluster)
    return [(tuple(clusters), found) for found, clusters in same.items()]


def _heading(clusters: tuple[str, ...]) -> str:
    named = [cluster for cluster in clusters if cluster]
    if len(named) > 4:
        return f"{', '.join(named[:3])} and {len(named) - 3} more clusters alike"
    return ", ".join(named) or "the cluster"


def _panel(found: frozenset[tuple[str, str, str, str]], top: int) -> tuple[list[Box], list[Line]]:
    ports: dict[tuple[str, str], set[str]] = defaultdict(set)
    reasons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for src, dst, port, why in found:
        ports[src, dst].add(port)
        reasons[src, dst].add(why)
    reached = {pair: (pair[1], ", ".join(sorted(listed))) for pair, listed in ports.items()}
    left = _column(sorted((src, "") for src in {src for src, _ in ports}), 40, top)
    right = _column(sorted(set(reached.values())), _WIDTH - _BOX - 40, top)
    lines = [Line(left[pair[0], ""], right[reached[pair]], "; ".join(sorted(reasons[pair]))) for pair in sorted(ports)]
    return [*left.values(), *right.values()], lines


def _column(ends: list[tuple[str, str]], x: int, top: int) -> dict[tuple[str, str], Box]:
    """End and ports -> box, in order."""
    return {
        (name, ports): Box(*_words(name), ports, x, top + index * (_ROW + _GAP), _ROW, _kind(name))
        for index, (name, ports) in enumerate(ends)
    }


def _kind(name: str) -> str:
    if name == "*/*" or name.endswith("/0"):
        return "open"
    return "address" if name[:1].isdigit() or ":" in name.partition("/")[0] else "pod"


def _words(name: str) -> tuple[str, str]:
    """Where an end is, and what it is: the part of a label after its last ``/`` is enough for the eye."""
    if _kind(name) == "address" or name.endswith("/0"):
        return "addresses", name
    place, _, rest = name.partition("/")
    shown = "any other pod" if rest == "*" else ", ".join(pair.rpartition("/")[2] for pair in rest.split(","))
    if len(shown) > _CHARS:
        shown = f"{shown[: _CHARS - 1]}…"
    return "any other namespace" if place == "*" else place, shown
