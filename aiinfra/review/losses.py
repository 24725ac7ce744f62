"""What is destroyed or replaced, or may be: what forces it, why, and what is lost."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from aiinfra.catalogue.replacement import Guard, behaviour
from aiinfra.graph import path as paths
from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.graph.force import NO_DATA, Force
from aiinfra.graph.node import Node
from aiinfra.review.credentials import mask_text
from aiinfra.review.document import Loss
from aiinfra.review.folding import Unit
from aiinfra.review.naming import Names, kind
from aiinfra.review.upgrade import Upgrade
from aiinfra.review.values import Values

DESTROYED: Final = "destroyed"
REPLACED: Final = "replaced"
MAY_BE: Final = "may be replaced"
MOST_TWINS: Final = 100
"""New resources of one type that a deleted one is compared with."""


def is_loss(change: ResourceChange) -> bool:
    """Whether it belongs in the first table. Components hold nothing themselves."""
    return change.node.custom and (change.gone or change.may_replace)


class Losses:
    """Writes the rows of the first table."""

    def __init__(self, diff: GraphDiff, names: Names, values: Values, upgrade: Upgrade | None = None) -> None:
        self._diff = diff
        self._names = names
        self._values = values
        self._upgrade = upgrade
        self._created: dict[str, list[Node]] = defaultdict(list)
        for change in diff.of(Operation.CREATE):
            self._created[change.node.type].append(change.node)

    def row(self, unit: Unit, change: ResourceChange) -> Loss:
        """One row."""
        data, stateful = _data(change)
        return Loss(
            name=unit.shown(self._names.path(change.urn)),
            kind=kind(change.node.type),
            action=_action(change),
            property=_property(change, self._values),
            cause=self._cause(change),
            data=data,
            stateful=stateful,
            downtime=_downtime(change),
            protected=_protected(change),
            source=change.node.source,
            where=unit.where,
            count=unit.count,
            urn=change.urn,
        )

    def _cause(self, change: ResourceChange) -> str:
        if change.operation is Operation.DELETE:
            if self._upgrade is not None and self._upgrade.explains(change, frozenset()):
                return f"library upgrade: no longer made with {self._upgrade.words}"
            twin = self._twin(change.node)
            hint = (
                f"; {self._names.path(twin.urn)} is created like it: if it is a rename, an alias keeps it"
                if twin
                else ""
            )
            return f"no longer in the program{hint}"
        reasons = _forces(change)
        upstream = [force for force in reasons if force.upstream]
        if upstream and len(upstream) == len(reasons):
            told = self._names.called(upstream[0].upstream)
            source = self._diff.changes[upstream[0].upstream]
            verb = "is replaced" if source.operation is Operation.REPLACE else "may be replaced"
            tail = f"; {upstream[0].why}" if upstream[0].why else ""
            if upstream[0].path == "provider":
                return f"its provider {told} {verb}"
            return f"comes from {told}, which {verb}{tail}"
        why = [force.why for force in reasons if force.why and not force.upstream]
        if NO_DATA in why:
            return f"unknown: {NO_DATA}"
        cause = self._edited(change, frozenset(force.path for force in reasons if not force.upstream))
        return f"{cause}; {why[0]}" if why else cause

    def _edited(self, change: ResourceChange, paths: frozenset[str]) -> str:
        """By a person or by a library; where both versions ran with one library, the provider's version may differ."""
        if self._upgrade is not None:
            explained = self._upgrade.explains(change, paths)
            return f"library upgrade: {self._upgrade.words}" if explained else "edited here"
        upgraded = (self._diff.versions or {}).get(change.node.package)
        return f"edited here, or {change.node.package} {upgraded[0]} → {upgraded[1]}" if upgraded else "edited here"

    def _twin(self, gone: Node) -> Node | None:
        """A new resource of the same type whose properties differ in one at most."""
        likely = self._created[gone.type][:MOST_TWINS]
        return next((made for made in likely if len(_differing(gone.inputs, made.inputs)) <= 1), None)


def order(row: Loss) -> tuple[bool, int, bool, str]:
    """Refused ones first, then what is certain, then what holds data."""
    certain = (DESTROYED, REPLACED, MAY_BE).index(row.action)
    return (not row.protected.startswith("yes"), certain == 2, not row.stateful, row.name)


def _action(change: ResourceChange) -> str:
    if change.operation is Operation.DELETE:
        return DESTROYED
    return REPLACED if change.operation is Operation.REPLACE else MAY_BE


def _forces(change: ResourceChange) -> list[Force]:
    """The certain reasons where there are any; one a property."""
    wanted = [force for force in change.forces if force.sure] or list(change.forces)
    return list({force.path: force for force in reversed(wanted)}.values())[::-1]


def _property(change: ResourceChange, values: Values) -> str:
    found = {item.path: item for item in change.changes}
    told = []
    for force in _forces(change):
        item = found.get(force.path)
        shown = mask_text(force.shown or force.path)
        told.append(f"{shown}: {values.between(item, change.before, change.after)}" if item else shown)
    return "; ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def _data(change: ResourceChange) -> tuple[str, bool]:
    holds = change.holds
    if holds is None:
        known = change.before is not None and behaviour(change.before.type) is not None
        return ("none" if known else "not known for this type"), False
    text = holds.what
    guard = holds.guard
    if guard is not None and change.before is not None:
        value = paths.values_at(change.before.inputs, paths.parse(guard.property))
        if _guarded(guard, value[0] if value else None):
            text = f"{text} ({guard.words})"
    return text, True


def _guarded(guard: Guard, value: object) -> bool:
    return bool(value) if guard.expected is None else value != guard.expected


def _downtime(change: ResourceChange) -> str:
    if change.operation is Operation.DELETE:
        return "gone for good"
    words = "the old one goes before the new one is made" if change.downtime else "the new one is made first"
    if change.operation is not Operation.REPLACE:
        return f"if replaced, {words}"
    return f"yes: {words}" if change.downtime else f"no: {words}"


def _protected(change: ResourceChange) -> str:
    if change.blocked:
        return "yes: Pulumi refuses"
    return (
        "no longer: protection goes in the same change"
        if change.before and change.before.protect and change.gone
        else "no"
    )
