"""What a review never prints: secrets, on either side of a change, and what only looks like one.

Both sides of a change are masked where either is a secret: an engine that masks each side by itself shows the old
value in clear when only the new one is marked (https://github.com/pulumi/pulumi/issues/9330). A value is masked too
where its key, or the name beside it (``{name: DB_PASSWORD, value: ...}``), is that of a credential, and where the text
itself looks like a key, a token or a password.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from aiinfra.graph import path as paths
from aiinfra.graph.change import KEYS, Kind, PropertyChange
from aiinfra.graph.diff import ResourceChange
from aiinfra.graph.node import ASSET, REF, SECRET, UNKNOWN, Node
from aiinfra.graph.path import Path
from aiinfra.review.credentials import MASK, mask_text, shaped_as_credential

NOT_KNOWN: Final = "(not known until apply)"


def holds_secret(value: Any) -> bool:
    """Whether a secret is anywhere inside."""
    if isinstance(value, Mapping):
        return SECRET in value or any(holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(holds_secret(item) for item in value)


def mask_value(value: Any, key: str = "") -> Any:
    """``value`` with everything secret or credential-shaped in it replaced; ``key`` is what it stands under."""
    if isinstance(value, Mapping):
        if SECRET in value:
            return MASK
        if UNKNOWN in value or REF in value or ASSET in value:
            return value
        if key and shaped_as_credential(key):
            return MASK
        named = value.get("name", value.get("key", value.get("parameterName")))
        hides = isinstance(named, str) and shaped_as_credential(named)
        return {
            mask_text(inner): MASK if hides and inner in ("value", "values") else mask_value(item, inner)
            for inner, item in value.items()
        }
    if key and shaped_as_credential(key) and not isinstance(value, bool | None):
        return MASK
    if isinstance(value, list):
        return [MASK if _told_by_flag(value, place) else mask_value(item) for place, item in enumerate(value)]
    return mask_text(value) if isinstance(value, str) else value


def _told_by_flag(items: list[Any], place: int) -> bool:
    """``["--password", "hunter2"]``: the value after a flag."""
    flag = items[place - 1] if place else None
    return isinstance(flag, str) and flag.startswith("-") and "=" not in flag and shaped_as_credential(flag.lstrip("-"))


def mask_sides(change: PropertyChange, before: Node | None, after: Node | None) -> tuple[Any, Any]:
    """Both sides of a change, safe to print."""
    sides = change.before, change.after
    if _wholly_secret(change, before, after):
        return tuple(None if side is None else MASK for side in sides)  # pyrefly: ignore[bad-return]
    key = next((str(step) for step in reversed(change.steps) if isinstance(step, str)), "")
    masked = [mask_value(side, key if _under_key(change, side) else "") for side in sides]
    return masked[0], masked[1]


def _under_key(change: PropertyChange, side: Any) -> bool:
    """Elements of a list stand under the list's key too: ``tokens[0]``."""
    return not isinstance(side, Mapping) or not change.steps or isinstance(change.steps[-1], str)


def _wholly_secret(change: PropertyChange, before: Node | None, after: Node | None) -> bool:
    """Whether neither side may be shown at all."""
    if change.before is not None and change.after is not None and any(map(holds_secret, (change.before, change.after))):
        return True
    for node in (before, after):
        if node is None:
            continue
        if node.type.startswith("kubernetes:core/v1:Secret") and change.steps[:1] in (("data",), ("stringData",)):
            return True
        if _beside_secret(change, node):
            return True
        if _beside_credential_name(change, node):
            return True
        if any(isinstance(step, str) and shaped_as_credential(step) for step in change.steps[:-1]):
            return True
    return False


def _beside_secret(change: PropertyChange, node: Node) -> bool:
    """Whether one side's value may be the secret of the other side, in another place or under another name.

    Elements of a list are paired by likeness, so none is shown where one is secret; elements that have names, and keys
    of an object, are hidden where they came or went beside a secret.
    """
    for length in range(len(change.steps)):
        around = paths.values_at(node.inputs, change.steps[:length])
        if not around or not isinstance(around[0], list):
            continue
        named = length > 0 and change.steps[length - 1] in KEYS
        if (not named or change.kind is not Kind.UPDATE) and holds_secret(around[0]):
            return True
    beside = paths.values_at(node.inputs, change.steps[:-1]) if change.kind is not Kind.UPDATE else []
    return any(
        isinstance(item, Mapping) and SECRET in item
        for each in beside
        if isinstance(each, Mapping)
        for item in each.values()
    )


def without_secrets(change: ResourceChange) -> ResourceChange:
    """The change for rules that read whole resources and put what they read into words.

    A value that is a secret on either side is masked on both; one that is not known is a text that says so.
    """
    steps = [item.steps for item in change.changes if _wholly_secret(item, change.before, change.after)]
    return replace(change, before=_readable(change.before, steps), after=_readable(change.after, steps))


def _readable(node: Node | None, places: list[Path]) -> Node | None:
    if node is None:
        return None
    inputs: Any = {key: _words(value) for key, value in node.inputs.items()}
    for steps in places:
        last = steps[-1]
        for around in paths.values_at(inputs, steps[:-1]):
            if (isinstance(around, list) and isinstance(last, int) and last < len(around)) or (
                isinstance(around, dict) and last in around
            ):
                around[last] = MASK
    return replace(node, inputs=inputs)


def _words(value: Any) -> Any:
    """A copy with words for secrets and unknowns."""
    if isinstance(value, Mapping):
        if SECRET in value:
            return MASK
        return NOT_KNOWN if UNKNOWN in value else {key: _words(item) for key, item in value.items()}
    return [_words(item) for item in value] if isinstance(value, list) else value


def _beside_credential_name(change: PropertyChange, node: Node) -> bool:
    """``env[0].value`` where ``env[0].name`` is ``DB_PASSWORD``; ``args[3]`` where ``args[2]`` is ``--password``."""
    last = change.steps[-1] if change.steps else ""
    around = paths.values_at(node.inputs, change.steps[:-1])
    if not around:
        return False
    if isinstance(last, int) and isinstance(around[0], list):
        return last < len(around[0]) and _told_by_flag(around[0], last)
    if last not in ("value", "values") or not isinstance(around[0], Mapping):
        return False
    name = around[0].get("name", around[0].get("key", around[0].get("parameterName")))
    return isinstance(name, str) and shaped_as_credential(name)
