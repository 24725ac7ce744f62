"""Gates: what a pipeline may refuse."""

import re
from typing import Final

from aiinfra.errors import BadInput, did_you_mean
from aiinfra.review.document import Document
from aiinfra.review.losses import DESTROYED, MAY_BE, REPLACED

GATES: Final = {
    "replace:stateful": "a resource that holds data is destroyed or replaced, or may be",
    "replace": "a resource is replaced, or may be",
    "delete": "a resource is destroyed",
    "opening": "something opens",
    "at-once": "money is spent at once, when it is applied",
    "blocked": "Pulumi would refuse, because something is protected",
}


_FIGURES: Final = {"cost": "cost a month", "watts": "watts under load"}
_LIMIT: Final = re.compile(r"(cost|watts)>(\d+(?:\.\d+)?)")


def check_gates(names: tuple[str, ...]) -> None:
    """Refuse a gate that does not exist.

    Raises:
        BadInput: ``gate-unknown``.
    """
    for name in names:
        if name not in GATES and _LIMIT.fullmatch(name) is None:
            hint = did_you_mean(name, list(GATES))
            raise BadInput(
                "gate-unknown", f"no gate {name!r}{hint}", f"use one of {', '.join((*GATES, 'cost>USD', 'watts>W'))}"
            )


def failing(document: Document, names: tuple[str, ...]) -> tuple[str, ...]:
    """The gates that fail, each with its reason, in the order given."""
    rows = document.losses
    fails = {
        "replace:stateful": any(row.stateful for row in rows),
        "replace": any(row.action in (REPLACED, MAY_BE) for row in rows),
        "delete": any(row.action == DESTROYED for row in rows),
        "opening": bool(document.openings),
        "at-once": any(figure.name == "at once" for figure in document.figures),
        "blocked": any(row.protected.startswith("yes") for row in rows),
    }
    check_gates(names)
    found: list[str] = []
    for name in dict.fromkeys(names):
        limit = _LIMIT.fullmatch(name)
        reason = _over(document, limit[1], float(limit[2])) if limit else GATES[name] if fails[name] else ""
        found += [f"{name}: {reason}"] if reason else []
    return tuple(found)


def _over(document: Document, what: str, limit: float) -> str:
    """Why a limit on all together is not kept: the upper end of the range is above it, or not known; else empty."""
    for figure in document.figures:
        if figure.name == "all together" and figure.words == _FIGURES[what]:
            most = figure.after.most
            if most is None or most > limit:
                return f"{figure.words} may be {figure.after.text}"
    return ""
