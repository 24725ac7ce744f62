"""What the SDK would have the engine call back, which cannot run without one, and what a program logs."""

import sys
from types import FrameType
from typing import Any

from google.protobuf.message import Message
from pulumi.runtime.proto import callback_pb2, engine_pb2

from aiinfra.findings import Severity
from aiinfra.graph.notes import Notes
from aiinfra.graph.places import Places

INSTEAD = "do it in the component, or with the option 'transformations', which runs in the program"


class Callbacks:
    """Stands where the SDK would start a gRPC server for the engine: takes transforms and hooks, runs none."""

    def __init__(self, notes: Notes, places: Places) -> None:
        self._notes = notes
        self._places = places

    def register_transform(self, transform: Any) -> callback_pb2.Callback:  # noqa: ARG002 - the SDK's signature
        """A transform of one resource: noted where the resource is registered, which knows its URN."""
        return callback_pb2.Callback()

    def register_state_migration(self, migration: Any) -> callback_pb2.Callback:  # noqa: ARG002
        """A migration works on state, of which there is none."""
        return callback_pb2.Callback()

    def register_stack_transform(self, transform: Any) -> None:  # noqa: ARG002
        """A transform of every resource."""
        self._not_run("a transform of the whole stack runs in the engine: what it would change is not in the graph")

    def register_invoke_transform(self, transform: Any) -> None:  # noqa: ARG002
        """A transform of every provider function."""
        self._not_run("a transform of provider functions runs in the engine: it was not applied")

    def register_resource_hook(self, hook: Any) -> None:
        """Hooks run when the engine changes something: nothing is changed here."""

    def register_error_hook(self, hook: Any) -> None:
        """As above."""

    def _not_run(self, message: str) -> None:
        source = self._places.first(_frames())
        self._notes.add("transform-not-run", Severity.WARNING, message, source=source, remedy=INSTEAD)


class Engine:
    """Takes what the program and the SDK log.

    An error fails a real update, so it is kept, as is a warning about no resource in particular: those are the SDK's
    words on deprecated classes and on secrets read as plain text. What a component says of itself is for an update.
    """

    def __init__(self, notes: Notes, places: Places) -> None:
        self._notes = notes
        self._places = places

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - an RPC
        """Keep errors and warnings; the rest is for people who watch an update."""
        if request.severity == engine_pb2.ERROR:
            code, severity = "logged-error", Severity.ERROR
        elif request.severity == engine_pb2.WARNING and not request.urn:
            code, severity = "logged-warning", Severity.WARNING
        else:
            return
        source = "" if request.urn else self._places.first(_frames())
        self._notes.add(code, severity, request.message, urn=request.urn, source=source)

    def RequirePulumiVersion(self, request: Message) -> None:  # noqa: N802 - an RPC
        """Any version will do: there is no engine."""


def _frames() -> list[tuple[str, int]]:
    """The frames that led here, deepest first."""
    found: list[tuple[str, int]] = []
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - what the inspect module itself is built on
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return found
