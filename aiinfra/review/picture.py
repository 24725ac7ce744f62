"""The picture: what changes and what it touches, from left to right; alike components are drawn once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aiinfra.graph import urn as urns
from aiinfra.graph.diff import GraphDiff
from aiinfra.graph.node import Node
from aiinfra.review.document import Box, Picture
from aiinfra.review.folding import Unit
from aiinfra.review.naming import Names, kind
from aiinfra.review.verdict import state

MOST: Final = 90
"""Boxes; more than that nobody reads."""
NARROWEST: Final = 4
"""Columns over which boxes without links are spread."""
SWEEPS: Final = 4


def picture(found: Sequence[Unit], diff: GraphDiff, names: Names) -> Picture:
    """Boxes and links. Where there is no room for all, what is changed comes before what it needs or is needed by."""
    everything = [(each.change, unit) for unit in found for each in unit.changed]
    changed = {change.urn: (state(change), unit) for change, unit in everything if change.node.custom}
    drawn = list(changed)[:MOST]
    if not drawn:
        return Picture()
    around = _neighbours(set(drawn), diff)
    drawn += around[: MOST - len(drawn)]
    needs = _needs(drawn, diff)
    places = _placed(drawn, needs)
    boxes = [_box(own, places[own], changed, names) for own in drawn]
    index = {own: number for number, own in enumerate(drawn)}
    links = sorted((index[one], index[own]) for own in drawn for one in needs[own])
    return Picture(tuple(boxes), tuple(links), max(0, len(changed) - MOST))


def _box(own: str, place: tuple[int, int], changed: Mapping[str, tuple[str, Unit]], names: Names) -> Box:
    happens, unit = changed.get(own, ("unchanged", None))
    path = names.path(own)
    node = names.node(own)
    return Box(
        name=unit.shown(path) if unit else path,
        kind=kind(node.type) if node else "",
        state=happens,
        column=place[0],
        row=place[1],
        where=unit.where if unit else "",
        urn=own,
    )


def _wanted(node: Node) -> set[str]:
    """What a resource is made from; its provider is not drawn."""
    found = set(node.dependencies).union(*node.property_dependencies.values())
    return found - {node.urn}


def _drawable(node: Node | None) -> bool:
    return node is not None and node.custom and not node.type.startswith(urns.PROVIDER_PREFIX)


def _node(own: str, diff: GraphDiff) -> Node | None:
    return diff.after.nodes.get(own) or diff.before.nodes.get(own)


def _neighbours(drawn: set[str], diff: GraphDiff) -> list[str]:
    """Unchanged resources that a drawn one needs, then those that need one, by name."""
    needed: set[str] = set()
    needing: set[str] = set()
    for node in diff.after:
        wanted = _wanted(node)
        if node.urn in drawn:
            needed |= wanted
        elif wanted & drawn:
            needing.add(node.urn)
    return [
        own
        for group in (sorted(needed - drawn), sorted(needing - needed - drawn))
        for own in group
        if _drawable(_node(own, diff)) and own not in diff.changes
    ]


def _needs(drawn: Iterable[str], diff: GraphDiff) -> dict[str, set[str]]:
    """Resource -> the drawn ones that it needs directly: a link that another way of links goes round is left out."""
    inside = set(drawn)
    full = {own: (_wanted(node) & inside if (node := _node(own, diff)) else set[str]()) for own in inside}
    above = {own: _above(own, full) for own in inside}
    return {
        own: {one for one in full[own] if not any(one in above[other] for other in full[own] - {one})} for own in inside
    }


def _above(own: str, needs: Mapping[str, set[str]]) -> set[str]:
    """Everything that a resource needs, directly or not."""
    found: set[str] = set()
    queue = [own]
    while queue:
        for one in needs[queue.pop()]:
            if one not in found:
                found.add(one)
                queue.append(one)
    return found


def _placed(drawn: Sequence[str], needs: Mapping[str, set[str]]) -> dict[str, tuple[int, int]]:
    """Column: one more than that of the last resource it needs. Row: near to what it is linked with."""
    linked = {own for own in drawn if needs[own]} | {one for own in drawn for one in needs[own]}
    columns: dict[str, int] = {}
    for own in sorted(linked):
        _column(own, needs, columns, ())
    rows: dict[int, list[str]] = defaultdict(list)
    for own in drawn:
        if own in linked:
            rows[columns[own]].append(own)
    _untangle(rows, needs)
    places = {own: (column, row) for column, found in rows.items() for row, own in enumerate(found)}
    below = max((len(found) for found in rows.values()), default=0)
    width = max(max(rows, default=0) + 1, NARROWEST)
    alone = [own for own in drawn if own not in linked]
    return places | {own: (place % width, below + place // width) for place, own in enumerate(alone)}


def _column(own: str, needs: Mapping[str, set[str]], columns: dict[str, int], path: tuple[str, ...]) -> int:
    if own not in columns:
        inner = [_column(one, needs, columns, (*path, own)) for one in sorted(needs[own]) if one not in path]
        columns[own] = 1 + max(inner, default=-1)
    return columns[own]


def _untangle(rows: dict[int, list[str]], needs: Mapping[str, set[str]]) -> None:
    """Order each column by the mean row of what its boxes are linked with, a few times there and back."""
    linked: dict[str, set[str]] = defaultdict(set)
    for own, found in needs.items():
        for one in found:
            linked[own].add(one)
            linked[one].add(own)
    for sweep in range(SWEEPS):
        at = {own: row for found in rows.values() for row, own in enumerate(found)}
        for column in sorted(rows, reverse=bool(sweep % 2)):
            rows[column].sort(key=lambda own: sum(at[one] for one in linked[own]) / max(len(linked[own]), 1))
            at |= {own: row for row, own in enumerate(rows[column])}
