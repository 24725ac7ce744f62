"""What exists, as the stand-in providers see it: their own record, which the engine's state is held against."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from aiinfra.catalogue.replacement import behaviour
from aiinfra.graph import path as paths
from aiinfra.graph.node import Node


class ProviderError(Exception):
    """What a provider answers where it cannot do something."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that was made."""

    id: str
    urn: str
    type: str
    inputs: Mapping[str, Any]
    """Secrets are held as fingerprints."""
    label: str
    """What its computed outputs start with: the resource's name, and a number from the second one on."""
    place: tuple[Any, ...] = ()
    """Type, provider and physical name, where the program fixes it: there is only one such thing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that changed something, or should have. Times are seconds since the first call."""

    method: str
    urn: str
    id: str
    start: float
    end: float
    error: str = ""


@dataclass
class Cloud:
    """Everything that the stand-ins made and have not deleted. Safe for threads."""

    things: dict[str, Thing] = field(default_factory=dict)
    """By id."""
    calls: list[Call] = field(default_factory=list)
    altered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Id -> path of a property that somebody changed by hand; see :mod:`aiinfra.engine.drift`."""
    _made: dict[str, int] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)
    _began: float | None = None

    def create(self, node: Node) -> Thing:
        """Make the thing that ``node`` asks for.

        A Kubernetes object that is there already is taken over, as server-side apply does; with any other provider a
        fixed name can be used once.

        Raises:
            ProviderError: the name is taken.
        """
        with self._lock:
            place = _place(node)
            there = next((thing for thing in self.things.values() if place and thing.place == place), None)
            if there is not None and node.package != "kubernetes":
                raise ProviderError(f"AlreadyExists: a {node.type} named {place[-1]!r} is there already ({there.urn})")
            if there is not None:
                thing = Thing(there.id, node.urn, node.type, node.inputs, there.label, place)
            else:
                number = self._made.get(node.urn, 0) + 1
                self._made[node.urn] = number
                label = node.name if number == 1 else f"{node.name}-{number}"
                thing = Thing(f"{label}_id", node.urn, node.type, node.inputs, label, place)
            self.things[thing.id] = thing
            return thing

    def update(self, id_: str, node: Node) -> Thing:
        """Change a thing.

        Raises:
            ProviderError: it is not there.
        """
        with self._lock:
            before = self.things.get(id_)
            if before is None:
                if id_ in self._gone:
                    raise ProviderError(f"NotFound: {node.type} {id_!r} is not there")
                before = Thing(id_, node.urn, node.type, {}, node.name)  # adopted: it was there before the program
            self.altered.pop(id_, None)
            self.things[id_] = Thing(id_, node.urn, node.type, node.inputs, before.label, _place(node))
            return self.things[id_]

    def delete(self, id_: str) -> None:
        """Remove a thing; one that is gone already stays gone."""
        with self._lock:
            thing = self.things.pop(id_, None)
            self.altered.pop(id_, None)
            self._gone[id_] = thing.urn if thing is not None else ""

    def gone(self, id_: str) -> bool:
        """Whether it was there, and was deleted."""
        with self._lock:
            return id_ in self._gone and id_ not in self.things

    def clear(self, meant: Callable[[str], bool]) -> None:
        """Forget everything whose URN is ``meant``, as if it had never been."""
        with self._lock:
            self.things = {id_: thing for id_, thing in self.things.items() if not meant(thing.urn)}
            self._gone = {id_: own for id_, own in self._gone.items() if own and not meant(own)}
            self._made = {own: number for own, number in self._made.items() if not meant(own)}

    @contextmanager
    def call(self, method: str, urn: str, id_: str = "") -> Iterator[None]:
        """Time a call and keep how it ended."""
        with self._lock:
            self._began = time.monotonic() if self._began is None else self._began
        start, error = time.monotonic() - self._began, ""
        try:
            yield
        except ProviderError as failure:
            error = str(failure)
            raise
        finally:
            with self._lock:
                self.calls.append(Call(method, urn, id_, start, time.monotonic() - self._began, error))


def _place(node: Node) -> tuple[Any, ...]:
    known = behaviour(node.type)
    if known is None or not known.name:
        return ()
    named = paths.values_at(node.inputs, paths.parse(known.name))
    if not named or not isinstance(named[0], str):
        return ()
    inside = paths.values_at(node.inputs, paths.parse("metadata.namespace"))
    return (node.type, node.provider, *inside[:1], named[0])
