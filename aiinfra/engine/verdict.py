"""What a provider would say of two versions of a resource: what differs, and whether it must be replaced.

The rules are those that the graph's difference predicts with (``aiinfra.catalogue.replacement``), so agreement between
the two proves nothing; the data names the providers' own sources.
"""

from dataclasses import dataclass

from aiinfra.graph.change import Kind, PropertyChange, compare
from aiinfra.graph.force import Sides, deletes_first, forces
from aiinfra.graph.node import UNKNOWN


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a diff."""

    changes: tuple[PropertyChange, ...] = ()
    replacing: frozenset[str] = frozenset()
    """Paths of the changes that force replacement."""
    deletes_first: bool = False

    @property
    def keys(self) -> list[str]:
        """The top-level properties that differ."""
        return sorted({str(change.steps[0]) for change in self.changes})

    @property
    def replacing_keys(self) -> list[str]:
        """The top-level properties that force replacement."""
        return sorted({str(change.steps[0]) for change in self.changes if change.path in self.replacing})


def judge(sides: Sides) -> Verdict:
    """Compare two versions. A property that forces replacement and is not known yet counts as another value.

    So providers built on Terraform's SDK do: an unknown value of such a property is planned as a replacement.
    """
    changes = compare(sides.before.inputs, sides.after.inputs)
    if not changes:
        return Verdict()
    unknown = {change.path for change in changes if isinstance(change.after, dict) and UNKNOWN in change.after}
    replacing = frozenset(force.path for force in forces(sides, changes) if force.sure or force.path in unknown)
    return Verdict(changes, replacing, deletes_first(sides) if replacing else False)


def kind_of(change: PropertyChange, *, replaces: bool) -> str:
    """The name of a kind of property difference in the provider protocol: ``UPDATE_REPLACE``."""
    name = {Kind.ADD: "ADD", Kind.DELETE: "DELETE"}.get(change.kind, "UPDATE")
    return f"{name}_REPLACE" if replaces else name
