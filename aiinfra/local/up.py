"""Bringing the local plane up: check, release, overlay, start, wait, predict; and taking it down whatever fails."""

import errno
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Final, Protocol

import aiinfra
from aiinfra.errors import AiinfraError, BadInput, Refused
from aiinfra.local.dev_release import DevRelease, dev_release
from aiinfra.local.overlay import Change, LocalPaths, overlay
from aiinfra.local.plan import LocalPlan, check_declared
from aiinfra.local.prediction import Prediction, predict
from aiinfra.local.process import Process, started
from aiinfra.local.state import Instance, State
from aiinfra.model.facts import ModelFacts, read_facts
from aiinfra.release.note import read_note
from aiinfra.release.sign import dev_key, public_key
from aiinfra.server.config import ServerConfig, split_address

_READY_S: Final = 120.0
_STEP_S: Final = 0.02
_ERROR: Final = re.compile(r"^error\[([a-z0-9-]+)\]: (.*)$")


class Teller(Protocol):
    """Who hears what happens, as it happens."""

    def step(self, text: str) -> None:
        """A step begins."""

    def released(self, facts: ModelFacts, release: DevRelease) -> None:
        """The release is there."""

    def changed(self, changes: Sequence[Change]) -> None:
        """What differs here from what the site gets."""

    def predicted(self, prediction: Prediction) -> None:
        """The golden request was answered."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is up, and this process its parent."""

    instance: Instance
    state: State
    child: subprocess.Popen[bytes]

    def leave(self) -> None:
        """Let the server outlive this process, which then need not wait for it."""
        self.child.returncode = 0  # else subprocess warns that it still runs, which is the point


def up(
    plan: LocalPlan, state: State, home: Path, teller: Teller, port: int | None = None
) -> tuple[Running, Prediction]:
    """Serve ``plan``'s model on this machine and show that it answers rightly.

    ``home`` holds the development key. Nothing is left running, and no instance file, where this raises.

    Raises:
        Refused: ``already-up``, ``port-taken``.
        BadInput: ``model-missing``, ``model-corrupt``, ``model-unsafe``, ``model-differs``, ``golden-missing``,
            ``golden-invalid``.
        AiinfraError: ``server-failed`` (or the server's own code), ``golden-mismatch``,
            ``request-failed``, ``key-readable``, and what verifying the release raises.
    """
    state.prepare()
    with state.starting(), _ended_by_signals():
        _refuse_second(state)
        teller.step(f"reading {plan.model_file.name}")
        facts = read_facts(plan.model_file)
        check_declared(plan, facts)
        teller.step("making the release")
        key = dev_key(home)
        release = dev_release(plan, facts, state.releases, key)
        teller.released(facts, release)
        config, changes = overlay(plan.config, LocalPaths(release.repository, public_key(key), state.folder), port)
        teller.changed(changes)
        _check_ports(config)
        state.config.write_text(config.to_toml(), encoding="utf-8")
        teller.step("starting the server")
        running = _launch(plan, state, config, release)
        try:
            running = _when_ready(running, teller)
            prediction = predict(running.instance.http, release.folder, _truths(plan))
            teller.predicted(prediction)
            prediction.trial.require()
        except BaseException:
            _take_down(running)
            raise
    return running, prediction


def _truths(plan: LocalPlan) -> tuple[str, ...]:
    return read_note(plan.golden_dir).truths if plan.golden_dir is not None else ()


def follow(running: Running, begin: Callable[[], None] = lambda: None) -> None:
    """Stay until the server ends: on Ctrl-C it is taken down here, on ``aiinfra down`` it was asked to end.

    ``begin`` is called first: whoever reads what it prints may end this at once, and leaves no server behind.

    Raises:
        AiinfraError: ``server-gone``: it ended and nobody had asked it to.
    """
    with _ended_by_signals():
        try:
            begin()
            code = running.child.wait()
        except KeyboardInterrupt:
            _take_down(running)
            return
    state, instance = running.state, running.instance
    kept = state.instance()
    if kept is None or kept.id != instance.id or kept.stopping:
        state.forget(instance)
        return
    how = _how(code)
    state.forget(instance, gone=how)
    raise server_gone(instance.name, how, state)


def server_gone(name: str, how: str, state: State) -> AiinfraError:
    """The error of a server that ended without being asked to."""
    return AiinfraError(
        "server-gone",
        f"the server of {name} ended without being asked to: {how}",
        f"see {state.log}, then start it again: aiinfra up --local",
    )


def _how(code: int) -> str:
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return "it was told to stop by another program" if code == 0 else f"exit code {code}"


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A polite end of this process (SIGTERM, a closed terminal) is handled as Ctrl-C is: the server goes with it."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature of a signal handler
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # whoever runs it elsewhere ends it there
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse_second(state: State) -> None:
    instance = state.instance()
    if instance is None:
        return
    if instance.process.alive:
        raise Refused(
            "already-up",
            f"{instance.name} is already up at {instance.url} (pid {instance.pid})",
            "use it, or take it down first: aiinfra down",
        )
    state.forget(instance)


def _check_ports(config: ServerConfig) -> None:
    for section in ("http", "grpc", "health", "metrics"):
        endpoint = getattr(config, section)
        if endpoint is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(split_address(endpoint.address))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise Refused(
                        "port-taken",
                        f"{endpoint.address} ({section}) is in use by another program",
                        "end that program, or choose other ports: aiinfra up --local --port 18080",
                    ) from None
                raise BadInput(
                    "address-unusable",
                    f"{endpoint.address} ({section}): {error.strerror}",
                    "choose ports: --port 18080",
                ) from None


def _launch(plan: LocalPlan, state: State, config: ServerConfig, release: DevRelease) -> Running:
    id_ = secrets.token_hex(8)
    ready = state.ready(id_)
    line = [sys.executable, "-P", "-m", "aiinfra.server", "--config", str(state.config), "--ready-file", str(ready)]
    package = str(Path(aiinfra.__file__).parent.parent)  # this very package, wherever it was imported from
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    with state.log.open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own module under this interpreter
            line,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
    try:
        instance = Instance(
            id=id_,
            name=plan.name,
            version=plan.version,
            pid=child.pid,
            started=started(child.pid),
            http=config.http.address if config.http is not None else "",
            release=str(release.folder),
            declaration=str(plan.declaration.absolute()),
        )
        state.save(instance)
    except BaseException:
        child.kill()
        child.wait()
        raise
    return Running(instance, state, child)


def _when_ready(running: Running, teller: Teller) -> Running:
    state, instance, child = running.state, running.instance, running.child
    begin = time.monotonic()
    said = begin
    while (now := time.monotonic()) < begin + _READY_S:
        if child.poll() is not None:
            raise _relayed(state.log, _how(child.returncode))
        addresses = _addresses(state.ready(instance.id))
        if addresses is not None:
            ready = replace(instance, http=addresses.get("http", instance.http))
            state.save(ready)
            return Running(ready, state, child)
        if now > said + 1:
            said = now
            teller.step(f"waiting for the server, {now - begin:.0f} s")
        time.sleep(_STEP_S)
    raise AiinfraError("server-failed", f"the server was not ready after {_READY_S:.0f} s", f"see {state.log}")


def _addresses(ready: Path) -> dict[str, str] | None:
    try:
        data = json.loads(ready.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {str(key): str(value) for key, value in data.items()}


def _relayed(log: Path, how: str) -> AiinfraError:
    """The server's own error where it gave one, so that a code means the same wherever it shows."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for index, line in enumerate(lines):
        match = _ERROR.match(line)
        if match:
            after = lines[index + 1].strip() if index + 1 < len(lines) else ""
            return AiinfraError(match[1], match[2], after.removeprefix("fix: ") if after.startswith("fix: ") else "")
    last = lines[-1] if lines else "it said nothing"
    return AiinfraError("server-failed", f"the server did not start ({how}): {last[:300]}", f"see {log}")


def _take_down(running: Running) -> None:
    """End the child, however it is, and leave nothing."""
    Process(running.instance.pid, running.instance.started, running.instance.id).stop()
    try:
        running.child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        running.child.kill()
        running.child.wait()
    running.state.forget(running.instance)
