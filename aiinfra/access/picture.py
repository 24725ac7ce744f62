"""Who may talk to whom, as one SVG: sources on the left, what they reach on the right. The same bytes everywhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jinja2

from aiinfra.access.edge import ACTION, Edge

_ROW: Final = 34
_GAP: Final = 14
_BOX: Final = 330
_WIDTH: Final = 1080
_TOP: Final = 96
ACTIONS: Final = "What each may do"
_CHARS: Final = 44
"""Characters of a name and its ports that fit a box."""


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
    found = list(edges)
    groups = [(_heading(clusters), rows) for clusters, rows in folded(edge for edge in found if edge.kind != ACTION)]
    groups += [(ACTIONS, rows) for _, rows in folded(edge for edge in found if edge.kind == ACTION)]
    panels: list[dict[str, object]] = []
    y = _TOP
    for heading, rows in groups:
        boxes, lines = _panel(rows, y + 34)
        bottom = max((box.y + box.height for box in boxes), default=y + 34)
        panels.append({"heading": heading, "y": y, "boxes": boxes, "lines": lines})
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
    return ", ".join(named) or "Connections"


def _panel(found: frozenset[tuple[str, str, str, str]], top: int) -> tuple[list[Box], list[Line]]:
    ports: dict[tuple[str, str], set[str]] = defaultdict(set)
    reasons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for src, dst, port, why in found:
        ports[src, dst].add(port)
        reasons[src, dst].add(why)
    reached = {pair: (pair[1], shown(listed)) for pair, listed in ports.items()}
    left = _column(sorted((src, "") for src in {src for src, _ in ports}), 40, top)
    right = _column(sorted(set(reached.values())), _WIDTH - _BOX - 40, top)
    lines = [Line(left[pair[0], ""], right[reached[pair]], "; ".join(sorted(reasons[pair]))) for pair in sorted(ports)]
    return [*left.values(), *right.values()], lines


def shown(ports: Iterable[str]) -> str:
    """Ports as they are; actions by their service, and how many where there are several."""
    listed = sorted(set(ports))
    if not any(":" in port for port in listed):
        return ", ".join(listed)
    by_service: dict[str, list[str]] = defaultdict(list)
    for action in listed:
        service, _, name = action.partition(":")
        by_service[service].append(name)
    if len(listed) == 1:
        return listed[0]
    return ", ".join(f"{service}: {len(names)}" for service, names in by_service.items())


def _column(ends: list[tuple[str, str]], x: int, top: int) -> dict[tuple[str, str], Box]:
    """End and ports -> box, in order."""
    boxes = {}
    for index, (name, ports) in enumerate(ends):
        place, shown_name = _words(name)
        room = _CHARS - len(ports)
        if len(shown_name) > room:  # the beginning is the deployment's name, which all of them share
            shown_name = f"…{shown_name[1 - room :]}"
        boxes[name, ports] = Box(place, shown_name, ports, x, top + index * (_ROW + _GAP), _ROW, _kind(name))
    return boxes


def _kind(name: str) -> str:
    if name in ("*/*", "anyone") or name.endswith("/0"):
        return "open"
    first = name.partition("/")[0]
    return "address" if not name.startswith("arn:") and (name[:1].isdigit() or ":" in first) else "pod"


def _words(name: str) -> tuple[str, str]:
    """Where an end is, and what it is: the part of a label after its last ``/`` is enough for the eye."""
    if _kind(name) == "address" or name.endswith("/0"):
        return "addresses", name
    if name.startswith("arn:") and name.count(":") > 4:
        return name.split(":")[2], name.split(":", 5)[5]
    if name == "*":
        return "resources", "any"
    place, slash, rest = name.partition("/")
    if not slash:
        return "", name
    shown_name = "any other" if rest == "*" else ", ".join(pair.rpartition("/")[2] for pair in rest.split(","))
    return "any other namespace" if place == "*" else place, shown_name
