"""The rest of the changes, by component."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiinfra.graph import urn
from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.review.credentials import mask_text
from aiinfra.review.document import Group, Row
from aiinfra.review.folding import Unit, plural
from aiinfra.review.losses import is_loss
from aiinfra.review.naming import Names, kind
from aiinfra.review.upgrade import Upgrade
from aiinfra.review.values import Values

MOST: Final = 3
"""Property changes of one resource that the summary tells; the whole difference has all."""

_WORDS = {
    Operation.CREATE: "created",
    Operation.IMPORT: "imported: managed from now on",
    Operation.READ: "looked up",
    Operation.FORGET: "no longer looked up",
    Operation.RETAIN: "left in the cloud, no longer managed",
}


def group(unit: Unit, diff: GraphDiff, names: Names, values: Values, upgrade: Upgrade | None = None) -> Group | None:
    """A component's rows; None where all of them stand in the first table."""
    rest = [changed.change for changed in unit.changed if not is_loss(changed.change)]
    parts = [change for change in rest if change.node.custom] or [c for c in rest if not c.node.custom]
    rows = [*_created(unit, parts, names), *_others(unit, parts, _Told(diff, values, upgrade), names)]
    return Group(_title(unit, diff, names), unit.count, unit.members, tuple(rows)) if rows else None


def _title(unit: Unit, diff: GraphDiff, names: Names) -> str:
    if unit.root is None:
        inside = any(not node.custom and node.type != urn.STACK_TYPE for node in (*diff.before, *diff.after))
        return "Outside any component" if inside else "In the program"
    if unit.count > 1:
        return plural(unit.count, unit.noun)
    return names.called(unit.root.urn)


def _created(unit: Unit, parts: list[ResourceChange], names: Names) -> Iterator[Row]:
    """New resources: one row each up to three, else one row of kinds."""
    made = [change for change in parts if change.operation is Operation.CREATE]
    if len(made) <= 3:
        for change in made:
            yield Row(unit.shown(names.path(change.urn)), kind(change.node.type), ("created",))
        return
    counted = Counter(kind(change.node.type) for change in made)
    kinds = [f"{count} {name}" if count > 1 else name for name, count in sorted(counted.items())]
    yield Row(plural(len(made), "resource"), "", (f"created ({', '.join(kinds)})",))


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a change is read from these."""

    diff: GraphDiff
    values: Values
    upgrade: Upgrade | None


def _others(unit: Unit, parts: list[ResourceChange], told: _Told, names: Names) -> Iterator[Row]:
    for change in parts:
        if change.operation is not Operation.CREATE:
            words = tuple(_told(change, told))
            yield Row(unit.shown(names.path(change.urn)), kind(change.node.type), words)


def _told(change: ResourceChange, known: _Told) -> Iterator[str]:
    if change.operation in _WORDS:
        yield _WORDS[change.operation]
        return
    if not change.node.custom and change.gone:
        yield "removed"
        return
    told = [
        f"{mask_text(item.shown or item.path)}: {known.values.between(item, change.before, change.after)}"
        for item in change.changes
    ]
    told += [_option(item.path, item.after) for item in change.options]
    yield from told[:MOST]
    if len(told) > MOST:
        yield f"{len(told) - MOST} more"
    paths = frozenset(item.path for item in (*change.changes, *change.options))
    if paths and known.upgrade is not None and known.upgrade.explains(change, paths):
        yield "comes with the libraries, not from an edit"
    if change.moved_from:
        yield f"moved from {_old_name(change, known.diff)}; nothing happens in the cloud"


def _option(path: str, after: object) -> str:
    if path == "protect":
        return "protected from now on" if after else "no longer protected"
    return f"option {path} changed"


def _old_name(change: ResourceChange, diff: GraphDiff) -> str:
    parts: list[str] = []
    node = change.before
    while node is not None and node.type != urn.STACK_TYPE:
        parts.append(node.name)
        node = diff.before.nodes.get(node.parent)
    shown: list[str] = []
    parent = ""
    for name in reversed(parts):
        shown.append(name.removeprefix(f"{parent}-") if parent else name)
        parent = name
    return mask_text("/".join(shown))
