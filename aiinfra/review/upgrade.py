"""What other libraries alone do to an unchanged program."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from aiinfra.graph.diff import GraphDiff, ResourceChange

MOST: Final = 3
"""Libraries that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Two versions of a program ask for different libraries."""

    libraries: tuple[tuple[str, str, str], ...]
    """Name, version before and after; empty where it is not there."""
    changes: Mapping[str, frozenset[str]]
    """URN -> paths of properties that differ where the earlier program runs with the later libraries."""

    @classmethod
    def of(cls, libraries: tuple[tuple[str, str, str], ...], found: GraphDiff) -> Self:
        """``found``: the earlier program with its own libraries, and with the later ones."""
        changes: dict[str, frozenset[str]] = {}
        for change in found:
            paths = frozenset(item.path for item in (*change.changes, *change.options))
            for node in (change.before, change.after):
                if node is not None:
                    changes[node.urn] = paths
        return cls(libraries, changes)

    @property
    def words(self) -> str:
        """``pulumi-aws 7.50.0 → 7.51.0 and 2 more``; those that most likely made the difference first."""
        told = [_step(each) for each in sorted(self.libraries, key=lambda each: ("pulumi" not in each[0], each[0]))]
        rest = f" and {len(told) - MOST} more" if len(told) > MOST else ""
        return f"{', '.join(told[:MOST])}{rest}"

    def explains(self, change: ResourceChange, paths: frozenset[str]) -> bool:
        """Whether the libraries alone make these differences; without paths, that the resource comes or goes."""
        for node in (change.before, change.after):
            if node is not None and node.urn in self.changes:
                return paths <= self.changes[node.urn]
        return False


def _step(library: tuple[str, str, str]) -> str:
    name, old, new = library
    if not old:
        return f"{name} {new} (new)"
    return f"{name} {old} → {new}" if new else f"{name} {old} (gone)"
