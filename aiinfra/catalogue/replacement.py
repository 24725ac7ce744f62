"""Which properties force a provider to replace a resource, and what is lost when it is deleted.

The provider SDKs do not say. ``data/replacement.json`` does, for the types it lists: each entry names the provider's
own source that was read and its date. A type without an entry is unknown: any change to it may replace it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiinfra.catalogue.figure import read_data


@dataclass(frozen=True, slots=True)
class Rule:
    """One property that forces replacement, and when. All conditions hold together.

    ``path``: ``spec.containers[*].image``; ``[*]`` is any element. ``change``: ``added``, ``removed``, ``edited`` (set
    on both sides), ``set`` (set on the later side) or ``decreased``; empty: any. ``why``: not empty where more than the
    program must be known to tell: then a change only *may* replace, and this says when it does.
    """

    path: str
    why: str = ""
    change: str = ""
    if_before: Mapping[str, Any] | None = None
    if_after: Mapping[str, Any] | None = None
    unless_after: Mapping[str, Any] | None = None
    unless_after_set: str = ""
    unless_change: tuple[Any, ...] = ()
    unless_same_set: str = ""
    """No replacement while this property is set and the same on both sides."""
    unless_provider: str = ""
    """No replacement where the resource's explicit provider has this setting on."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A property that decides whether a delete can lose anything."""

    property: str
    expected: Any
    """The value that lets the delete go on; None: any value that is set holds it back."""
    words: str
    """What happens otherwise (or, for None, when it is set)."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What a resource holds that no program can make again."""

    what: str
    source: str
    date: str
    guard: Guard | None = None
    only_if: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is known of a type."""

    type: str
    rules: tuple[Rule, ...]
    source: str
    """Address of the provider's source that was read."""
    at: str
    """The function or method in it."""
    date: str
    """Date of that version."""
    name: str = ""
    """The property that fixes the physical name: with it set, the old one is deleted before the new one is made."""
    holds: Holds | None = None


def behaviour(type_: str) -> Behaviour | None:
    """What is known of a type token; None: unknown.

    Every kind of the Kubernetes provider follows one default rule, its ``*Patch`` kinds too (same source).
    """
    table = _table()
    if type_ in table:
        return _behaviour(type_)
    package, _, rest = type_.partition(":")
    api = rest.partition(":")[0]
    if package == "kubernetes" and not api.startswith(("helm.sh/", "yaml", "kustomize", "index")):
        return _behaviour("kubernetes:*")
    return None


def known_types() -> Iterator[str]:
    """Every type with an entry, sorted."""
    return iter(sorted(_table()))


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    types: Mapping[str, Mapping[str, Any]] = json.loads(read_data("replacement.json"))["types"]
    return types


@cache
def _behaviour(type_: str) -> Behaviour:
    entry = _table()[type_]
    stateful = entry.get("stateful")
    return Behaviour(
        type=type_,
        rules=tuple(_rule(item) for item in entry["replaces"]),
        source=entry["source"],
        at=entry.get("at", ""),
        date=entry["date"],
        name=entry.get("name", ""),
        holds=None if stateful is None else _holds(stateful),
    )


def _rule(item: str | Mapping[str, Any]) -> Rule:
    if isinstance(item, str):
        return Rule(item)
    values = dict(item)
    values["unless_change"] = tuple(values.get("unless_change", ()))
    return Rule(**values)


def _holds(entry: Mapping[str, Any]) -> Holds:
    guard = entry.get("guard")
    return Holds(
        what=entry["holds"],
        source=entry["source"],
        date=entry["date"],
        guard=None if guard is None else Guard(guard["property"], guard["is"], guard.get("else") or guard["then"]),
        only_if=entry.get("only_if"),
    )
