"""A finding: one thing that a check, a lint, an access rule or the review has to say about a declaration or a graph."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Severity(StrEnum):
    """How much a finding weighs. ``ERROR`` fails the command that reports it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement with its place and its remedy; the unit that terminal, JSON and SARIF outputs share.

    ``id`` is a stable code (``docs/errors/``). ``path`` names the key inside a declaration (``sites[0].tier``) or the
    property inside a resource; ``urn`` the resource, empty for declarations. ``source`` is ``FILE:LINE`` where known.
    ``before`` and ``after`` hold the two sides of a change, masked where secret.
    """

    id: str
    severity: Severity
    message: str
    path: str = ""
    urn: str = ""
    remedy: str = ""
    source: str = ""
    before: Any = None
    after: Any = None

    def render(self) -> str:
        """One paragraph for a terminal: place, message, code, then the fix on a line of its own."""
        place = f"{self.source}: " if self.source else ""
        where = f"{self.path or self.urn}: " if self.path or self.urn else ""
        text = f"  {self.severity.value}: {place}{where}{self.message} [{self.id}]"
        return f"{text}\n    fix: {self.remedy}" if self.remedy else text

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``--json`` outputs; empty fields are left out."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`as_json`."""
        return cls(**{**data, "severity": Severity(data["severity"])})

    @property
    def sort_key(self) -> tuple[int, str, str, str, str]:
        """Errors first, then by place: the order every output prints findings in."""
        weight = (Severity.ERROR, Severity.WARNING, Severity.NOTE).index(self.severity)
        return (weight, self.urn, self.path, self.id, self.message)
