"""Which changes force a resource to be replaced: predicted from the catalogue, the program's options, and unknowns."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from aiinfra.catalogue.replacement import Behaviour, Rule, behaviour
from aiinfra.graph import path as paths
from aiinfra.graph.change import Kind, PropertyChange
from aiinfra.graph.node import Node
from aiinfra.graph.path import Path

NO_DATA: Final = "aiinfra has no data on what replaces this type"


@dataclass(frozen=True, slots=True)
class Force:
    """One reason to replace a resource. ``sure``: false where it only may.

    ``why``: what decides it, where not sure. ``upstream``: URN of the resource whose replacement causes this one; empty
    where the change was made here.
    """

    path: str
    sure: bool
    why: str = ""
    upstream: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Sides:
    """The two versions of one resource, and the later one's explicit provider."""

    before: Node
    after: Node
    provider: Node | None = None


def forces(sides: Sides, changes: Iterable[PropertyChange]) -> Iterator[Force]:
    """Every reason the program itself gives; what upstream replacements add comes later."""
    known = behaviour(sides.after.type)
    wanted = [_parsed(path) for path in sides.after.replace_on_changes]
    for change in changes:
        if any(_touches(pattern, change) for pattern in wanted):
            yield Force(change.path, change.sure, _unsure(change), shown=change.shown)
        elif known is None:
            if sides.after.custom and not sides.after.read:
                yield Force(change.path, sure=False, why=NO_DATA, shown=change.shown)
        else:
            yield from _by_rules(sides, change, known)
    trigger = "replacementTrigger"
    if trigger in sides.before.options and sides.before.options[trigger] != sides.after.options.get(trigger):
        yield Force(trigger, sure=True)


def forced_paths(type_: str) -> tuple[Path, ...] | None:
    """Patterns of the properties of a type that may force replacement; None where nothing is known of it."""
    known = behaviour(type_)
    return None if known is None else tuple(_parsed(rule.path) for rule in known.rules)


def deletes_first(sides: Sides) -> bool:
    """Whether the old resource is deleted before its replacement is made: while that lasts, there is none.

    So by the option; and by providers where the program fixes the physical name (pulumi-terraform-bridge
    ``pkg/tfbridge/schema.go`` ``nameRequiresDeleteBeforeReplace``; pulumi-kubernetes ``provider.go`` ``Diff``, where
    the name and the namespace must also be the same on both sides).
    """
    if sides.after.delete_before_replace:
        return True
    known = behaviour(sides.after.type)
    if known is None or not known.name:
        return False
    name = paths.values_at(sides.after.inputs, _parsed(known.name))
    if not name:
        return False
    if sides.after.package != "kubernetes":
        return True
    places = (_parsed("metadata.name"), _parsed("metadata.namespace"))
    return all(_at(sides.before, place) == _at(sides.after, place) for place in places)


def _by_rules(sides: Sides, change: PropertyChange, known: Behaviour) -> Iterator[Force]:
    verdicts = [rule for rule in known.rules if _touches(_parsed(rule.path), change) and _holds(rule, sides)]
    sure = [rule for rule in verdicts if not rule.why]
    for rule in sure[:1] or verdicts[:1]:
        certain = change.sure and not rule.why and change.kind is not Kind.REORDER
        yield Force(change.path, certain, rule.why or _unsure(change), shown=change.shown)


def _unsure(change: PropertyChange) -> str:
    if change.kind is Kind.REORDER:
        return "if the order counts"
    return "" if change.sure else "if its value, not known from the program, differs"


@cache
def _parsed(path: str) -> Path:
    return paths.parse(path)


def _touches(pattern: Path, change: PropertyChange) -> bool:
    """Whether the change is at, inside or around a property that the pattern names."""
    if not paths.fits(pattern, change.steps):
        return False
    rest = pattern[len(change.steps) :]
    if not rest or not change.sure:
        return True
    return any(paths.values_at(side, rest) for side in (change.before, change.after))


def _at(node: Node, pattern: Path) -> Any:
    found = paths.values_at(node.inputs, pattern)
    return found[0] if found else None


def _holds(rule: Rule, sides: Sides) -> bool:
    """Whether all conditions of a rule are met."""
    pattern = _parsed(rule.path)
    before, after = _at(sides.before, pattern), _at(sides.after, pattern)
    if rule.change and not _changed_so(rule.change, before, after):
        return False
    if rule.unless_change and rule.unless_change == (before, after):
        return False
    if not _all_are(rule.if_before, sides.before) or not _all_are(rule.if_after, sides.after):
        return False
    if rule.unless_after and _all_are(rule.unless_after, sides.after):
        return False
    if rule.unless_after_set and _at(sides.after, _parsed(rule.unless_after_set)):
        return False
    if rule.unless_same_set:
        same = _parsed(rule.unless_same_set)
        kept = _at(sides.after, same)
        if kept is not None and kept == _at(sides.before, same):
            return False
    return not (rule.unless_provider and _is_on(sides.provider, rule.unless_provider))


def _all_are(wanted: Mapping[str, Any] | None, node: Node) -> bool:
    for key, value in (wanted or {}).items():
        allowed = value if isinstance(value, list) else [value]
        if _at(node, _parsed(key)) not in allowed:
            return False
    return True


def _is_on(provider: Node | None, setting: str) -> bool:
    """Providers get their settings as JSON text."""
    return provider is not None and provider.inputs.get(setting) in (True, "true")


def _changed_so(kind: str, before: Any, after: Any) -> bool:
    if kind == "decreased":
        return before is not None and after is not None and _order(after) < _order(before)
    there = before not in (None, [], {}), after not in (None, [], {})
    return (
        there
        in {
            "added": [(False, True)],
            "removed": [(True, False)],
            "edited": [(True, True)],
            "set": [(False, True), (True, True)],
        }[kind]
    )


def _order(value: Any) -> tuple[int, ...]:
    """Numbers and version texts (``2.15``) by size; anything else counts as equal."""
    return tuple(int(digits) for digits in re.findall(r"\d+", str(value)))
