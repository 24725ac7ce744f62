"""Changes by component, and components that change alike folded into one: 40 sites become one row."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiinfra.findings import Finding
from aiinfra.graph.change import PropertyChange
from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.graph.node import Node
from aiinfra.names import digest
from aiinfra.review.masking import without_secrets
from aiinfra.review.naming import Names, kind
from aiinfra.review.openings import openings
from aiinfra.review.openings.network_policies import closed_namespaces
from aiinfra.review.openings.reach import reached


@dataclass(frozen=True, slots=True)
class Changed:
    """A resource's change and what it opens."""

    change: ResourceChange
    openings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """The changes inside one component, which stand for those inside all of ``members``.

    ``root`` is missing for resources outside components.
    """

    root: Node | None
    changed: tuple[Changed, ...]
    members: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many components change like this."""
        return max(len(self.members), 1)

    @property
    def where(self) -> str:
        """``in each of 40 sites``; empty for one component."""
        return f"in each of {plural(self.count, self.noun)}" if self.count > 1 else ""

    @property
    def noun(self) -> str:
        """What its components are: ``site``."""
        return _words(kind(self.root.type)) if self.root else "resource"

    def shown(self, path: str) -> str:
        """A resource's path, without the component's own name where it stands for several."""
        return path.partition("/")[2] or f"the {self.noun} itself" if self.count > 1 else path


def plural(count: int, noun: str) -> str:
    """``1 site``, ``40 sites``, ``2 policies``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{count} {noun}s"


def units(diff: GraphDiff, names: Names) -> tuple[Unit, ...]:
    """Every change, by component, alike ones folded; the order is that of the first of each."""
    siblings = Counter(
        (node.parent, node.type)
        for node in {**diff.before.nodes, **diff.after.nodes}.values()
        if not node.custom and node.parent
    )
    closed = closed_namespaces(diff.before)
    told = {change.urn: tuple(openings(without_secrets(change), closed)) for change in diff}
    more = reached(diff, told)
    grouped: dict[str, list[Changed]] = defaultdict(list)
    roots: dict[str, Node | None] = {}
    for change in diff:
        root = _root(names.chain(change.urn), siblings)
        own = root.urn if root else ""
        roots[own] = root
        grouped[own].append(Changed(change, (*told[change.urn], *more.get(change.urn, ()))))
    alike: dict[str, list[str]] = defaultdict(list)
    for own, found in grouped.items():
        alike[_signature(roots[own], found)].append(own)
    return tuple(
        Unit(roots[owns[0]], tuple(grouped[owns[0]]), tuple(names.path(own) for own in owns if own))
        for owns in alike.values()
    )


def _root(chain: Sequence[Node], siblings: Counter[tuple[str, str]]) -> Node | None:
    """The outermost component that has others of its kind beside it; else the outermost one."""
    components = [node for node in chain if not node.custom]
    return next(
        (node for node in components if siblings[node.parent, node.type] > 1), components[0] if components else None
    )


def _signature(root: Node | None, found: Iterable[Changed]) -> str:
    """Equal for components whose changes are the same but for their own name. Never shown."""
    if root is None:
        return ""
    name = re.compile(rf"(?<![A-Za-z0-9]){re.escape(root.name)}(?![A-Za-z0-9])")
    rows = [_row(changed) for changed in found]
    text = json.dumps([root.type, root.parent, rows], sort_keys=True, default=str)
    return digest(name.sub("\0", text), 64)


def _row(changed: Changed) -> list[Any]:
    change = changed.change
    whole = change.operation in (Operation.CREATE, Operation.DELETE, Operation.READ, Operation.FORGET)
    return [
        change.node.type,
        change.node.name,
        change.operation.value,
        [] if whole else [_side(item) for item in (*change.changes, *change.options)],
        [(force.path, force.sure, force.upstream, force.why) for force in change.forces],
        [(finding.id, finding.message, finding.path) for finding in changed.openings],
        change.blocked,
    ]


def _side(item: PropertyChange) -> list[Any]:
    return [item.path, item.kind.value, item.before, item.after, item.sure]


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
