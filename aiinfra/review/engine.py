"""An engine's preview as a difference: its word on what is created, updated, replaced and destroyed.

The program's own graph adds what a preview cannot say: the lines that made each resource, the resources that stay as
they are, and the text of a policy that the engine does not know before it has created something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from aiinfra.graph import path as paths
from aiinfra.graph import urn as urns
from aiinfra.graph.change import Kind, PropertyChange, compare
from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.graph.force import Force, Sides, deletes_first
from aiinfra.graph.node import Graph, Mode, Node, is_unknown
from aiinfra.review.digest import Digest, Step
from aiinfra.review.policy import parse_json

_OPERATIONS: Final = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "read": Operation.READ,
    "read-replacement": Operation.READ,
    "read-discard": Operation.FORGET,
    "discard": Operation.FORGET,
    "import": Operation.IMPORT,
    "import-replacement": Operation.REPLACE,
}


def difference(digest: Digest, program: Graph | None = None) -> tuple[GraphDiff, Graph]:
    """The difference, and the later version as the engine sees it, unknowns and all.

    Args:
        digest: The preview.
        program: The program that was previewed, recorded symbolically; without it, only what the preview holds.
    """
    steps = {step.urn: step for step in digest.steps if not by_itself(step.urn)}
    made = program.nodes if program is not None else {}
    same = {own: node for own, node in made.items() if own not in steps}
    before = {**same, **{own: step.before for own, step in steps.items() if step.before is not None}}
    seen = {**same, **{own: _placed(step.after, made) for own, step in steps.items() if step.after is not None}}
    after = {**seen, **{own: _readable(node, made) for own, node in seen.items() if own in steps}}
    replaced = {own for own, step in steps.items() if _operation(step) is Operation.REPLACE}
    changes = {own: change for own, step in steps.items() if (change := _change(step, before, after, replaced))}
    sides = [
        Graph(digest.project, digest.stack, mode, dict(sorted(nodes.items())), findings=_findings(program))
        for mode, nodes in ((Mode.SYMBOLIC, before), (Mode.SYMBOLIC, after), (Mode.PREVIEW, seen))
    ]
    found = GraphDiff(sides[0], sides[1], dict(sorted(changes.items())), same=len(after) - len(changes))
    return found, sides[2]


def _findings(program: Graph | None) -> Any:
    return program.findings if program is not None else ()


def by_itself(own: str) -> bool:
    """A provider that the engine makes by itself; nobody wrote it."""
    return urns.qualified_type(own).startswith(urns.PROVIDER_PREFIX) and urns.name(own).startswith("default")


def _operation(step: Step) -> Operation | None:
    operation = _OPERATIONS.get(step.operation)
    if operation is Operation.DELETE and step.before is not None and step.before.retain_on_delete:
        return Operation.RETAIN
    return None if operation is Operation.READ and step.before is not None else operation


def _placed(node: Node | None, made: Mapping[str, Node]) -> Any:
    """The node with the line that made it, as the program's own graph tells it, and its place in the program."""
    known = made.get(node.urn) if node is not None else None
    if node is None or known is None:
        return node
    depends = node.property_dependencies or known.property_dependencies
    return replace(node, source=known.source, ignore_changes=known.ignore_changes, property_dependencies=depends)


def _readable(node: Node, made: Mapping[str, Node]) -> Node:
    """The node with the policies that the engine does not know yet as the program would write them."""
    known = made.get(node.urn)
    if known is None:
        return node
    inputs = {
        key: known.inputs[key] if is_unknown(value) and parse_json(known.inputs.get(key)) is not None else value
        for key, value in node.inputs.items()
    }
    return replace(node, inputs=inputs)


def _change(
    step: Step, before: Mapping[str, Node], after: Mapping[str, Node], replaced: set[str]
) -> ResourceChange | None:
    operation = _operation(step)
    old, new = before.get(step.urn), after.get(step.urn)
    if operation is None or step.urn.split("::")[2] == urns.STACK_TYPE:
        return None
    if old is None or new is None or operation is Operation.DELETE:
        whole = operation in (Operation.DELETE, Operation.RETAIN, Operation.FORGET)
        return ResourceChange(operation, before=old if whole else None, after=None if whole else new)
    reasons = tuple(_force(path, new, replaced) for path in step.forces) if operation is Operation.REPLACE else ()
    options = tuple(_options(old, new))
    first = bool(reasons) and deletes_first(Sides(old, new, after.get(new.provider)))
    return ResourceChange(operation, old, new, tuple(_properties(step, old, new)), options, reasons, downtime=first)


def _options(old: Node, new: Node) -> Iterator[PropertyChange]:
    for key in ("protect", "retain_on_delete"):
        sides = getattr(old, key), getattr(new, key)
        if sides[0] != sides[1]:
            yield PropertyChange((key,), Kind.UPDATE, *sides, shown=key)


def _properties(step: Step, old: Node, new: Node) -> Iterator[PropertyChange]:
    """Where the engine names the properties that differ, those; a secret shows only there."""
    named = [paths.parse(path) for path in step.differs]
    told: set[paths.Path] = set()
    for change in compare(old.inputs, new.inputs):
        touched = [steps for steps in named if paths.fits(steps, change.steps)]
        if touched or not named:
            told.update(touched)
            yield replace(change, sure=change.sure or bool(touched and not is_unknown(change.after)))
    for steps in named:
        sides = [paths.values_at(node.inputs, steps) for node in (old, new)]
        if steps not in told and any(sides):
            values = [side[0] if side else None for side in sides]
            yield PropertyChange(steps, Kind.UPDATE, values[0], values[1], shown=paths.text(steps))


def _force(path: str, node: Node, replaced: set[str]) -> Force:
    """A value that is not known and comes from a replaced resource was not edited here."""
    steps = paths.parse(path)
    values = paths.values_at(node.inputs, steps)
    upstream = [own for own in node.property_dependencies.get(str(steps[0]), ()) if own in replaced]
    from_there = upstream[0] if upstream and any(map(is_unknown, values)) else ""
    return Force(path, sure=True, upstream=from_there, shown=path)
