"""The difference of two graphs: what is created, deleted, updated, replaced, moved, read or imported.

It compares program with program, not with a cloud; replacement is predicted (``aiinfra.graph.force``).
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from aiinfra.catalogue.replacement import Holds, behaviour
from aiinfra.graph import path as paths
from aiinfra.graph import urn
from aiinfra.graph.change import Kind, PropertyChange, compare
from aiinfra.graph.force import NO_DATA, Force, Sides, deletes_first, forced_paths, forces
from aiinfra.graph.node import REF, UNKNOWN, Graph, Mode, Node
from aiinfra.graph.pairing import Pairs, pair
from aiinfra.graph.path import Path


class Operation(StrEnum):
    """What would be done with a resource."""

    CREATE = "create"
    DELETE = "delete"
    UPDATE = "update"
    REPLACE = "replace"
    MOVE = "move"
    """The same resource under another URN (an alias): nothing happens in the cloud."""
    IMPORT = "import"
    """Adopted by the id the program gives."""
    READ = "read"
    """Looked up, never managed."""
    FORGET = "forget"
    """Was looked up, and is no more."""
    RETAIN = "retain"
    """Leaves the program but stays in the cloud (``retain_on_delete``)."""


OPTIONS: Final = ("protect", "retain_on_delete", "delete_before_replace", "ignore_changes", "replace_on_changes", "id")
"""Resource options whose change is reported beside the properties."""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What happens to one resource. ``before`` is missing when it is new, ``after`` when it goes."""

    operation: Operation
    before: Node | None = None
    after: Node | None = None
    changes: tuple[PropertyChange, ...] = ()
    options: tuple[PropertyChange, ...] = ()
    forces: tuple[Force, ...] = ()
    downtime: bool = False
    """Where it is replaced, the old one is deleted first."""

    @property
    def node(self) -> Node:
        """The later version where there is one."""
        node = self.after or self.before
        if node is None:
            raise ValueError("a change has a before or an after")
        return node

    @property
    def urn(self) -> str:
        """The later URN where there is one."""
        return self.node.urn

    @property
    def moved_from(self) -> str:
        """The earlier URN, where it was another; else empty."""
        return self.before.urn if self.before and self.after and self.before.urn != self.after.urn else ""

    @property
    def may_replace(self) -> bool:
        """It may be replaced, but need not be."""
        return bool(self.forces) and self.operation is not Operation.REPLACE

    @property
    def gone(self) -> bool:
        """The resource that exists now is deleted, whether or not another takes its place."""
        return self.operation in (Operation.DELETE, Operation.REPLACE)

    @property
    def blocked(self) -> bool:
        """The engine refuses: protected (for a replacement, on both sides: ``step_generator.go``)."""
        if self.before is None or not self.before.protect:
            return False
        still = self.after is not None and self.after.protect
        return self.operation is Operation.DELETE or (self.operation is Operation.REPLACE and still)

    @property
    def holds(self) -> Holds | None:
        """What is lost with it, where its type holds anything that a program cannot make again."""
        known = behaviour(self.before.type) if self.before else None
        if known is None or known.holds is None or self.before is None:
            return None
        needs = known.holds.only_if or {}
        met = all(paths.values_at(self.before.inputs, paths.parse(key)) == [value] for key, value in needs.items())
        return known.holds if met else None


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """All changes, by URN in sorted order; what stays as it is, is only counted."""

    before: Graph
    after: Graph
    changes: Mapping[str, ResourceChange]
    same: int
    outputs: tuple[PropertyChange, ...] = ()
    versions: Mapping[str, tuple[str, str]] | None = None
    """Package -> version of its provider before and after, where they differ: a library upgrade."""

    def __iter__(self) -> Iterator[ResourceChange]:
        return iter(self.changes.values())

    def __bool__(self) -> bool:
        return bool(self.changes or self.outputs)

    def of(self, operation: Operation) -> list[ResourceChange]:
        """The changes of one kind."""
        return [change for change in self if change.operation is operation]


def diff(before: Graph, after: Graph) -> GraphDiff:
    """Compare two recorded versions of a program.

    Aliases are honoured, those inherited from a parent too. Deterministic. The stack's own node is left out; its
    outputs are compared apart.
    """
    pairs = pair(before, after)
    changes: dict[str, ResourceChange] = {}
    same = 0
    for own, earlier in pairs.kept.items():
        if after.nodes[own].type == urn.STACK_TYPE:
            continue
        change = _kept(before.nodes[earlier], after.nodes[own], pairs, after)
        if change is None:
            same += 1
        else:
            changes[own] = change
    for own in pairs.created:
        if after.nodes[own].type != urn.STACK_TYPE:
            changes[own] = ResourceChange(_entrance(after.nodes[own]), after=after.nodes[own])
    for own in pairs.deleted:
        if before.nodes[own].type != urn.STACK_TYPE:
            changes[own] = ResourceChange(_exit(before.nodes[own]), before=before.nodes[own])
    same -= _cascade(changes, pairs, before, after)
    return GraphDiff(
        before=before,
        after=after,
        changes=dict(sorted(changes.items())),
        same=same,
        outputs=compare(before.outputs, after.outputs),
        versions=_versions(before, after),
    )


def _entrance(node: Node) -> Operation:
    if node.read:
        return Operation.READ
    return Operation.IMPORT if node.id and node.custom else Operation.CREATE


def _exit(node: Node) -> Operation:
    if node.read:
        return Operation.FORGET
    return Operation.RETAIN if node.retain_on_delete else Operation.DELETE


def _kept(before: Node, after: Node, pairs: Pairs, graph: Graph) -> ResourceChange | None:
    """The change of a resource that is in both versions; None where there is none."""
    inputs = _renamed(before.inputs, after, pairs) if graph.mode is Mode.SYMBOLIC else before.inputs
    found = tuple(c for c in _properties(before, after, inputs) if not _ignored(c, after.ignore_changes))
    options = tuple(_options(before, after, pairs))
    provider = graph.nodes.get(after.provider)
    sides = Sides(before, after, provider)
    reasons = tuple(forces(sides, found)) if found or before.options != after.options else ()
    if pairs.kept.get(after.provider, after.provider) != before.provider and after.custom and not after.read:
        reasons += (Force("provider", sure=False, why="if the other provider works in another place"),)
    if any(reason.sure for reason in reasons):
        return ResourceChange(Operation.REPLACE, before, after, found, options, reasons, downtime=deletes_first(sides))
    if found or options or reasons:
        downtime = bool(reasons) and deletes_first(sides)
        return ResourceChange(Operation.UPDATE, before, after, found, options, reasons, downtime)
    if before.urn != after.urn:
        return ResourceChange(Operation.MOVE, before, after)
    return None


def _renamed(inputs: Mapping[str, Any], after: Node, pairs: Pairs) -> Mapping[str, Any]:
    """``inputs`` with the new names of what moved: a stand-in is made of a name, what it stands for is not."""
    result = dict(inputs)
    for key, sources in after.property_dependencies.items():
        for own in sources:
            old, new = urn.name(pairs.kept.get(own, own)), urn.name(own)
            if old != new and key in result:
                stand_in = re.compile(rf"(?<![\w.\-]){re.escape(old)}(?=\.|_id)")
                result[key] = _replaced(result[key], stand_in, new)
    return result


def _replaced(value: Any, pattern: re.Pattern[str], new: str) -> Any:
    if isinstance(value, str):
        return pattern.sub(new, value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, pattern, new) for key, item in value.items()}
    return [_replaced(item, pattern, new) for item in value] if isinstance(value, list) else value


def _properties(before: Node, after: Node, inputs: Mapping[str, Any]) -> Iterator[PropertyChange]:
    """Differences of the inputs; and of what an unknown comes from, where both sides are unknown."""
    yield from compare(inputs, after.inputs)
    for key, urns in after.property_dependencies.items():
        earlier = before.property_dependencies.get(key, ())
        names = tuple(urn.name(own) for own in urns), tuple(urn.name(own) for own in earlier)
        value = after.inputs.get(key)
        if names[0] != names[1] and value == before.inputs.get(key) and _wholly_unknown(value):
            yield PropertyChange((key,), Kind.UPDATE, before.inputs.get(key), value, sure=False, shown=key)


def _wholly_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return UNKNOWN in value or any(_wholly_unknown(item) for item in value.values())
    return isinstance(value, list) and any(_wholly_unknown(item) for item in value)


def _ignored(change: PropertyChange, patterns: tuple[str, ...]) -> bool:
    for written in patterns:
        pattern = paths.parse(written)
        if len(pattern) <= len(change.steps) and paths.fits(pattern, change.steps):
            return True
    return False


def _options(before: Node, after: Node, pairs: Pairs) -> Iterator[PropertyChange]:
    for key in OPTIONS:
        old, new = getattr(before, key), getattr(after, key)
        if old != new:
            plain = [list(side) if isinstance(side, tuple) else side for side in (old, new)]
            yield PropertyChange((key,), Kind.UPDATE, plain[0], plain[1], shown=key)
    if pairs.kept.get(after.provider, after.provider) != before.provider:
        sides = [urn.name(own) if own else "the default provider" for own in (before.provider, after.provider)]
        yield PropertyChange(("provider",), Kind.UPDATE, sides[0], sides[1], shown="provider")


def _cascade(changes: dict[str, ResourceChange], pairs: Pairs, before: Graph, after: Graph) -> int:
    """Carry replacements on to what depends on them; how many resources had no change of their own.

    A dependent may be replaced where a property that forces replacement takes a value from the replaced resource; it is
    where its provider is, or the program says ``replace_with``.
    """
    dependents: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for node in after:
        for key, urns in node.property_dependencies.items():
            for upstream in urns:
                dependents[upstream].append((node.urn, key))
        if node.provider:
            dependents[node.provider].append((node.urn, "provider"))
        for upstream in node.options.get("replaceWith", ()):
            dependents[upstream].append((node.urn, "replaceWith"))
    queue = deque(own for own, change in changes.items() if change.forces)
    fresh = 0
    while queue:
        upstream = queue.popleft()
        sure = changes[upstream].operation is Operation.REPLACE
        guessed = all(force.why == NO_DATA for force in changes[upstream].forces)
        for own, key in dependents[upstream]:
            # A provider that nothing is known of would drag along everything it manages.
            if own not in pairs.kept or (key == "provider" and guessed):
                continue
            reason = _handed_on(after.nodes[own], key, after.nodes[upstream], sure=sure)
            change = changes.get(own)
            if reason is None or (change and reason in change.forces):
                continue
            first = change is None or not change.forces or (reason.sure and change.may_replace)
            fresh += change is None
            changes[own] = _with(reason, change, before.nodes[pairs.kept[own]], after.nodes[own], after)
            if first:
                queue.append(own)
    return fresh


def _handed_on(node: Node, key: str, upstream: Node, *, sure: bool) -> Force | None:
    if key in ("provider", "replaceWith"):
        return Force(key, sure, upstream=upstream.urn, shown=key)
    if not node.custom or node.read:
        return None
    patterns = forced_paths(node.type)
    if patterns is None:
        return Force(key, sure=False, why=NO_DATA, upstream=upstream.urn, shown=key)
    patterns += tuple(paths.parse(written) for written in node.replace_on_changes)
    for steps in _taken_from(upstream, node.inputs.get(key), (key,)) or [(key,)]:
        if any(paths.fits(pattern, steps) for pattern in patterns):
            told = paths.text(steps)
            return Force(told, sure=False, why="only if the value changes", upstream=upstream.urn, shown=told)
    return None


def _taken_from(upstream: Node, value: Any, steps: Path) -> list[Path]:
    """Where inside a property a value of another resource stands: its stand-in, its reference, or an unknown."""
    if isinstance(value, Mapping):
        if value.get(REF) == upstream.urn or UNKNOWN in value:
            return [steps]
        return [found for name, item in value.items() for found in _taken_from(upstream, item, (*steps, name))]
    if isinstance(value, list):
        return [found for place, item in enumerate(value) for found in _taken_from(upstream, item, (*steps, place))]
    stands_in = isinstance(value, str) and (f"{upstream.name}." in value or f"{upstream.name}_id" in value)
    return [steps] if stands_in else []


def _with(reason: Force, change: ResourceChange | None, before: Node, after: Node, graph: Graph) -> ResourceChange:
    change = change or ResourceChange(Operation.UPDATE, before, after)
    operation = Operation.UPDATE if change.operation is Operation.MOVE else change.operation
    return replace(
        change,
        operation=Operation.REPLACE if reason.sure else operation,
        downtime=deletes_first(Sides(before, after, graph.nodes.get(after.provider))),
        forces=(*change.forces, reason),
    )


def _versions(before: Graph, after: Graph) -> Mapping[str, tuple[str, str]]:
    """Packages whose provider has another version, from the resources that ask for one."""
    sides = []
    for graph in (before, after):
        found: dict[str, set[str]] = defaultdict(set)
        for node in graph:
            if node.version and node.custom:
                package = node.type.removeprefix(urn.PROVIDER_PREFIX) if node.package == "pulumi" else node.package
                found[package].add(node.version)
        sides.append(found)
    old, new = sides
    return {
        package: (", ".join(sorted(old[package])), ", ".join(sorted(new[package])))
        for package in sorted(old.keys() & new.keys())
        if old[package] != new[package]
    }
