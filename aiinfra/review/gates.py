"""Gates: what a pipeline may refuse."""

from typing import Final

from aiinfra.errors import BadInput, did_you_mean
from aiinfra.review.document import Document
from aiinfra.review.losses import DESTROYED, MAY_BE, REPLACED

GATES: Final = {
    "replace:stateful": "a resource that holds data is destroyed or replaced, or may be",
    "replace": "a resource is replaced, or may be",
    "delete": "a resource is destroyed",
    "opening": "something opens",
    "blocked": "Pulumi would refuse, because something is protected",
}


def check_gates(names: tuple[str, ...]) -> None:
    """Refuse a gate that does not exist.

    Raises:
        BadInput: ``gate-unknown``.
    """
    for name in names:
        if name not in GATES:
            hint = did_you_mean(name, list(GATES))
            raise BadInput("gate-unknown", f"no gate {name!r}{hint}", f"use one of {', '.join(GATES)}")


def failing(document: Document, names: tuple[str, ...]) -> tuple[str, ...]:
    """The gates that fail, each with its reason, in the order given."""
    rows = document.losses
    fails = {
        "replace:stateful": any(row.stateful for row in rows),
        "replace": any(row.action in (REPLACED, MAY_BE) for row in rows),
        "delete": any(row.action == DESTROYED for row in rows),
        "opening": bool(document.openings),
        "blocked": any(row.protected.startswith("yes") for row in rows),
    }
    check_gates(names)
    return tuple(f"{name}: {GATES[name]}" for name in dict.fromkeys(names) if fails[name])
