"""A change to rehearse: another version of the program, or another value of its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiinfra.engine.events import Step
from aiinfra.errors import BadInput
from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.graph.program import Program, find


@dataclass(frozen=True, slots=True)
class Change:
    """What the program becomes."""

    program: Program
    config: Mapping[str, str] = field(default_factory=dict)
    """By full key."""


def change_of(words: str, program: Program) -> Change:
    """Read ``FOLDER`` or ``FILE`` (another version of the same project) or ``KEY=VALUE`` (of its configuration).

    Raises:
        BadInput: ``change-unclear``, ``change-other-project``, and what finding a program raises.
    """
    if Path(words).exists():
        other = find(words)
        if other.name != program.name:
            message = f"{words} is project {other.name!r}, which is not {program.name!r}: everything would be replaced"
            raise BadInput("change-other-project", message, "name another version of the same project")
        return Change(other)
    key, separator, value = words.partition("=")
    if not separator or not key or "/" in key:
        message = f"{words!r} is neither a file or folder that is there, nor KEY=VALUE"
        raise BadInput("change-unclear", message, "name a changed project's folder, or a value of its configuration")
    return Change(program, {key if ":" in key else f"{program.name}:{key}": value})


def done_to(steps: tuple[Step, ...]) -> dict[str, str]:
    """URN -> what the engine did, a replacement told as one.

    Where a resource is deleted first because what it depends on is, and does not come back, the engine tells only the
    first half of a replacement.
    """
    every: dict[str, set[str]] = {}
    for step in steps:
        every.setdefault(step.urn, set()).add(step.operation)
    return {own: _as_one(operations) for own, operations in every.items()}


def _as_one(operations: set[str]) -> str:
    if operations & {"replace", "create-replacement"}:
        return "replace"
    if operations & {"delete-replaced", "remove-pending-replace"}:
        return "delete"
    return min(operations - {"same"}, default="same")


def unexpected(predicted: GraphDiff, steps: tuple[Step, ...]) -> list[tuple[str, str, str]]:
    """``(URN, predicted, done)`` wherever the engine did something that the difference does not allow for."""
    done = done_to(steps)
    found: list[tuple[str, str, str]] = []
    for own in sorted(done.keys() | predicted.changes.keys()):
        change = predicted.changes.get(own)
        actual = done.get(own, "same")
        if actual not in (_allowed(change) if change is not None else {"same", "read", "refresh"}):
            found.append((own, change.operation.value if change else "same", actual))
    return found


def _allowed(change: ResourceChange) -> set[str]:
    if change.may_replace:
        return {"same", "update", "replace"}
    if change.operation is Operation.UPDATE:
        sure = any(each.sure for each in change.changes)
        return {"update"} if sure else {"update", "same"}
    return {
        Operation.CREATE: {"create"},
        Operation.DELETE: {"delete"},
        Operation.REPLACE: {"replace"},
        Operation.MOVE: {"same"},
        Operation.IMPORT: {"import", "same"},
        Operation.READ: {"read"},
        Operation.FORGET: {"read-discard", "discard", "same", "delete"},
        Operation.RETAIN: {"delete"},
    }[change.operation]
