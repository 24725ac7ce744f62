"""The longest chain of resources that wait for one another: what an apply cannot be faster than."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiinfra.graph import urn as urns


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """``urns``: first to last, resources with a provider only. ``seconds``: the sum of their durations."""

    urns: tuple[str, ...]
    seconds: float


def critical_path(states: Iterable[Mapping[str, Any]], seconds: Callable[[str], float]) -> CriticalPath:
    """The longest chain through dependencies, parents and providers, among the states of a stack.

    Longest by ``seconds`` of a URN, then by how many resources it has, then by name. A component takes no time: it
    hands on what it waits for.
    """
    by_urn = {state["urn"]: state for state in states}
    best: dict[str, tuple[float, tuple[str, ...]]] = {}

    def chain(own: str) -> tuple[float, tuple[str, ...]]:
        if own in best:
            return best[own]
        best[own] = (0.0, ())  # a circle cannot be, but must not hang either
        state = by_urn[own]
        before = max((chain(other) for other in _waits_for(state) if other in by_urn), key=_rank, default=(0.0, ()))
        made = state["custom"] and not state["type"].startswith(urns.PROVIDER_PREFIX)
        best[own] = (before[0] + seconds(own), (*before[1], own)) if made else before
        return best[own]

    total, path = max((chain(own) for own in sorted(by_urn)), key=_rank, default=(0.0, ()))
    return CriticalPath(path, total)


def _rank(found: tuple[float, tuple[str, ...]]) -> tuple[float, int]:
    return (round(found[0], 6), len(found[1]))


def _waits_for(state: Mapping[str, Any]) -> set[str]:
    """What must be there before it: also its provider, and its parent."""
    found = set(state.get("dependencies") or ())
    for sources in (state.get("propertyDependencies") or {}).values():
        found.update(sources)
    return found | {state.get("parent") or "", urns.of_reference(state.get("provider") or "")}
