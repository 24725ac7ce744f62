"""Values that no one knows before they are applied: where each comes from, and whether it can replace something.

What comes from a resource that stays as it is, is known from the stack's state, and not told.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from aiinfra.graph import path as paths
from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.graph.force import forced_paths
from aiinfra.graph.node import Graph, Node, is_unknown
from aiinfra.graph.path import Path
from aiinfra.review.credentials import mask_text
from aiinfra.review.document import Unknown
from aiinfra.review.folding import Unit, plural
from aiinfra.review.naming import Names, kind


def unknowns(units: tuple[Unit, ...], preview: Graph, diff: GraphDiff, names: Names) -> Iterator[Unknown]:
    """Those of changed resources one by one; those of new ones by what they come from.

    ``preview`` is the later version as an engine's first preview sees it.
    """
    new: Counter[str] = Counter()
    holders: dict[str, set[str]] = {}
    for unit in units:
        for changed in unit.changed:
            change = changed.change
            node = preview.nodes.get(change.urn)
            if node is None or not node.custom or node.read:
                continue
            for steps in _paths(node.inputs, ()):
                why = _why(node, steps, diff, names)
                if not why:
                    continue
                if change.operation is Operation.CREATE:
                    new[why] += unit.count
                    holders.setdefault(why, set()).add(change.urn)
                else:
                    yield _one(unit, change, steps, why, names)
    for why, count in sorted(new.items()):
        values, resources = plural(count, "value"), plural(len(holders[why]), "new resource")
        yield Unknown(resources, "", values, why, may_replace=False)


def _one(unit: Unit, change: ResourceChange, steps: Path, why: str, names: Names) -> Unknown:
    forced = forced_paths(change.node.type)
    return Unknown(
        name=unit.shown(names.path(change.urn)),
        kind=kind(change.node.type),
        path=mask_text(paths.text(steps)),
        why=why,
        may_replace=forced is None or any(paths.fits(pattern, steps) for pattern in forced),
        count=unit.count,
    )


def _paths(value: Any, steps: Path) -> Iterator[Path]:
    if is_unknown(value):
        yield steps
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from _paths(value[key], (*steps, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _paths(item, (*steps, place))


def _why(node: Node, steps: Path, diff: GraphDiff, names: Names) -> str:
    """Empty where it is known after all."""
    upstream = node.property_dependencies.get(str(steps[0]), ())
    if not upstream:
        return "the program does not say where it comes from"
    fresh = [own for own in upstream if own in diff.changes and _is_made(diff.changes[own])]
    told = [names.called(own) for own in fresh]
    return f"comes from {', '.join(told[:2])}" + (f" and {len(told) - 2} more" if len(told) > 2 else "") if told else ""


def _is_made(change: ResourceChange) -> bool:
    return change.operation in (Operation.CREATE, Operation.REPLACE) or change.may_replace
