"""What changed between two property values: paths, both sides, and how sure one can be."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final

from aiinfra.graph import path as paths
from aiinfra.graph.node import SECRET, UNKNOWN
from aiinfra.graph.path import Path

LONGEST_ALIGNED: Final = 2000
"""Longer lists are compared position by position: aligning costs the product of their lengths."""

KEYS: Final = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "volumeClaimTemplates": ("metadata", "name"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "secrets": ("name",),
    "subjects": ("name",),
}
"""Kubernetes list -> the keys its elements are told apart by: its patch merge keys (k8s.io/api, ``patchMergeKey``);
``ports`` has one name for two lists, and ``volumeClaimTemplates`` and ``subjects`` have none but are named."""


class Kind(StrEnum):
    """What happened at a path."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"
    REORDER = "reorder"
    """A list holds the same elements in another order."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One difference between two versions of a resource's inputs.

    ``path``: Pulumi's syntax; a list position is that of the later version, or of the earlier one for a deletion.
    ``shown``: the same with elements by name where they have one (``containers[server].image``).
    ``sure``: false where the two sides may be equal: a side is unknown, or both are secrets without fingerprints.
    """

    steps: Path
    kind: Kind
    before: Any = None
    after: Any = None
    sure: bool = True
    shown: str = ""

    @property
    def path(self) -> str:
        """The path as text."""
        return paths.text(self.steps)


Changes = Iterator[PropertyChange]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[PropertyChange, ...]:
    """Every difference between two property bags, in the order of their paths.

    A null is the same as an absent key. Two unknown values are the same; so are two secrets with equal fingerprints.
    """
    return tuple(_mappings(before, after, (), ""))


def _any(before: Any, after: Any, steps: Path, shown: str) -> Changes:
    if before is None or after is None:
        if before is not after:
            kind = Kind.ADD if before is None else Kind.DELETE
            yield PropertyChange(steps, kind, before, after, shown=shown)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        if SECRET in before or SECRET in after:
            yield from _secrets(before, after, steps, shown)
        elif UNKNOWN in before or UNKNOWN in after:
            if not (UNKNOWN in before and UNKNOWN in after):
                yield PropertyChange(steps, Kind.UPDATE, before, after, sure=False, shown=shown)
        else:
            yield from _mappings(before, after, steps, shown)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, steps, shown)
    elif not _equal(before, after):
        yield PropertyChange(steps, Kind.UPDATE, before, after, sure=not _unclear(before, after), shown=shown)


def _equal(before: Any, after: Any) -> bool:
    # True == 1 in Python, not in JSON.
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def _unclear(*sides: Any) -> bool:
    return any(isinstance(side, Mapping) and (UNKNOWN in side or SECRET in side) for side in sides)


def _secrets(before: Mapping[str, Any], after: Mapping[str, Any], steps: Path, shown: str) -> Changes:
    marks = before.get(SECRET), after.get(SECRET)
    if None in marks or not all(marks):
        yield PropertyChange(steps, Kind.UPDATE, before, after, sure=False, shown=shown)
    elif marks[0] != marks[1]:
        yield PropertyChange(steps, Kind.UPDATE, before, after, shown=shown)


def _mappings(before: Mapping[str, Any], after: Mapping[str, Any], steps: Path, shown: str) -> Changes:
    if before == after and not _fuzzy(before):
        return
    for key in sorted(before.keys() | after.keys()):
        step = (*steps, key)
        yield from _any(before.get(key), after.get(key), step, _join(shown, paths.text((key,))))


def _fuzzy(value: Any) -> bool:
    """Whether equal data may still differ: secrets without fingerprints, and booleans that equal numbers."""
    if isinstance(value, Mapping):
        return value.get(SECRET, None) == "" or any(_fuzzy(item) for item in value.values())
    if isinstance(value, list):
        return any(_fuzzy(item) for item in value)
    return isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))


def _join(shown: str, step: str) -> str:
    return f"{shown}.{step}" if shown and not step.startswith("[") else f"{shown}{step}"


def _lists(before: list[Any], after: list[Any], steps: Path, shown: str) -> Changes:
    if before == after and not _fuzzy(before):
        return
    named = _names(before, after, steps)
    if named is not None:
        yield from _by_name((before, after), named, steps, shown)
        return
    prints_before, prints_after = [_print(item) for item in before], [_print(item) for item in after]
    if prints_before == prints_after:
        pairs: Iterator[tuple[int | None, int | None]] = ((i, i) for i in range(len(before)))
    elif sorted(prints_before) == sorted(prints_after):
        yield PropertyChange(steps, Kind.REORDER, before, after, shown=shown)
        return
    elif max(len(before), len(after)) > LONGEST_ALIGNED:
        pairs = _positions(0, len(before), 0, len(after))
    else:
        pairs = _aligned(prints_before, prints_after)
    for old, new in pairs:
        place = new if new is not None else old
        if place is None:
            continue
        step, label = (*steps, place), f"{shown}[{place}]"
        yield from _any(None if old is None else before[old], None if new is None else after[new], step, label)


def _print(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def _aligned(before: list[str], after: list[str]) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of positions: equal elements first, what lies between them in order."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from zip(range(i1, i2), range(j1, j2), strict=True)
        else:
            yield from _positions(i1, i2, j1, j2)


def _positions(i1: int, i2: int, j1: int, j2: int) -> Iterator[tuple[int | None, int | None]]:
    for offset in range(max(i2 - i1, j2 - j1)):
        old, new = i1 + offset, j1 + offset
        yield (old if old < i2 else None), (new if new < j2 else None)


Names = dict[str, int]


def _names(before: list[Any], after: list[Any], steps: Path) -> tuple[Names, Names] | None:
    """Element name -> position on each side, where the list is one whose elements have names."""
    keys = KEYS.get(str(steps[-1])) if steps else None
    if keys is None:
        return None
    candidates = (keys,) if keys[0] == "metadata" else tuple((key,) for key in keys)
    for candidate in candidates:
        found = _named(before, candidate), _named(after, candidate)
        if found[0] is not None and found[1] is not None:
            return found[0], found[1]
    return None


def _named(items: list[Any], key: Path) -> Names | None:
    names: Names = {}
    for place, item in enumerate(items):
        value = paths.values_at(item, key)
        if len(value) != 1 or not isinstance(value[0], str | int) or str(value[0]) in names:
            return None
        names[str(value[0])] = place
    return names


def _by_name(sides: tuple[list[Any], list[Any]], names: tuple[Names, Names], steps: Path, shown: str) -> Changes:
    (before, after), (old, new) = sides, names
    for name in [*new, *(gone for gone in old if gone not in new)]:
        place = new[name] if name in new else old[name]
        earlier = before[old[name]] if name in old else None
        later = after[new[name]] if name in new else None
        yield from _any(earlier, later, (*steps, place), f"{shown}[{name}]")
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield PropertyChange(steps, Kind.REORDER, before, after, shown=shown)
