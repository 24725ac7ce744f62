"""``status`` and ``down``: what runs locally, by identity and not by process id alone."""

import http.client
from dataclasses import dataclass, replace
from pathlib import Path

from aiinfra.errors import AiinfraError
from aiinfra.local.state import Instance, State, states
from aiinfra.local.up import server_gone
from aiinfra.server.config import split_address


@dataclass(frozen=True, slots=True)
class Status:
    """A server that runs."""

    instance: Instance
    ready: bool
    """Whether it says that it takes requests."""


def status(state: State) -> Status:
    """What runs.

    Raises:
        AiinfraError: ``not-up`` (nothing was started, or it was taken down), ``server-gone`` (it ended by itself, or
            something else ended it).
    """
    instance = state.instance()
    if instance is None:
        if how := state.ended():
            raise server_gone(state.folder.name, how, state)
        raise AiinfraError("not-up", f"{state.folder.name} is not up", "start it: aiinfra up --local")
    if not instance.process.alive:
        how = "it runs no more" if not instance.stopping else "while it was being taken down"
        state.forget(instance, gone=how)
        raise server_gone(instance.name, how, state)
    return Status(instance, _ready(instance.http))


def down(state: State) -> Instance | None:
    """Take down what runs: ask, wait, then end it. The instance that ran; None where none did.

    A process that only has the same id is left alone.
    """
    instance = state.instance()
    if instance is None:
        state.clear_ended()
        return None
    alive = instance.process.alive
    if alive:
        state.save(replace(instance, stopping=True))
        instance.process.stop()
    state.forget(instance)
    state.clear_ended()
    return instance if alive else None


def overview(declaration: Path) -> tuple[Status, ...]:
    """:func:`status` of everything that was started from ``declaration`` (a file, or a folder).

    Raises:
        AiinfraError: as :func:`status`, where nothing of it runs.
    """
    found: list[Status] = []
    failure: AiinfraError | None = None
    for state in states(declaration):
        try:
            found.append(status(state))
        except AiinfraError as error:
            failure = error if failure is None or error.code == "server-gone" else failure
    if not found or (failure is not None and failure.code == "server-gone"):
        raise failure or AiinfraError("not-up", f"nothing is up from {declaration}", "start it: aiinfra up --local")
    return tuple(found)


def down_all(declaration: Path) -> tuple[Instance, ...]:
    """:func:`down` of everything that was started from ``declaration``; what ran."""
    return tuple(instance for state in states(declaration) if (instance := down(state)) is not None)


def _ready(address: str) -> bool:
    host, port = split_address(address)
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
