"""A throw-away place for the engine to work in: state, home, project file and configuration, gone afterwards."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiinfra.engine.events import Events, parse, read
from aiinfra.engine.standin import VARIABLE
from aiinfra.engine.tool import Tool
from aiinfra.errors import AiinfraError
from aiinfra.graph.isolation import HIDDEN
from aiinfra.graph.program import Program

POLL: Final = 0.05
"""Seconds between two looks at the event log."""
PASSPHRASE: Final = "rehearsal"  # noqa: S105 - guards a folder that is deleted
TIMEOUT: Final = 600.0
"""Seconds one run of the CLI may take."""

OnEvent = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of the CLI ended."""

    code: int
    stdout: str
    stderr: str
    events: Events
    seconds: float


class Workplace:
    """One stack of one project, in a folder of its own. The program is run where it is; nothing is written there."""

    def __init__(self, root: Path, tool: Tool, providers: str) -> None:
        self.root = root
        self._tool = tool
        self._providers = providers
        for name in ("state", "home", "project", "tmp"):
            (root / name).mkdir()

    @property
    def environment(self) -> dict[str, str]:
        """What the CLI is run with: no cloud's credentials, no setting of the user's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
        return {
            **kept,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(self._tool.file.parent), kept["PATH"]]),
            "PULUMI_AUTOMATION_API": "true",
            # Without attribute files beside the state: they are not written at once, and an empty one hides the state.
            "PULUMI_BACKEND_URL": f"{(self.root / 'state').as_uri()}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DEBUG_COMMANDS": "true",  # --event-log is behind it
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.root / "tmp"),
            VARIABLE: self._providers,
        }

    def open(self, program: Program, stack: str, config: Mapping[str, str] | None = None) -> None:
        """Have the next runs be of ``program``, with the configuration of ``stack`` and ``config`` on top.

        The stack's encrypted values are not decrypted: opaque texts take their place.

        Raises:
            AiinfraError: ``rehearsal-setup``.
        """
        settings = {key: value for key, value in program.settings.items() if key not in ("config", "stackConfigDir")}
        settings |= {
            "name": program.name,
            "main": str(program.folder if program.main.name == "__main__.py" else program.main),
            "runtime": _runtime(program),
        }
        self._project.mkdir(exist_ok=True)
        # JSON is YAML, and leaves no doubt which text is a number.
        (self._project / "Pulumi.yaml").write_text(json.dumps(settings), encoding="utf-8")
        (self._project / f"Pulumi.{stack}.yaml").unlink(missing_ok=True)
        self._checked(["stack", "select", "--create", stack])
        values = program.configuration(stack).with_values(config or {}, (), program.name)
        pairs = [
            word
            for key, value in sorted(values.values.items())
            for word in ("--secret" if key in values.secret else "--plaintext", f"{key}={value}")
        ]
        if pairs:
            self._checked(["config", "set-all", "--stack", stack, *pairs])

    def start(self, arguments: list[str]) -> "subprocess.Popen[str]":
        """Start the CLI, in a process group of its own."""
        return subprocess.Popen(  # noqa: S603 - the CLI that was found, with our own words
            [str(self._tool.file), *arguments, "--non-interactive", "--color", "never"],
            cwd=self._project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, arguments: list[str], on_event: OnEvent | None = None, timeout: float = TIMEOUT) -> Outcome:
        """Run the CLI to its end. An operation writes an event log; ``on_event`` sees each event as it comes.

        Raises:
            AiinfraError: ``rehearsal-timeout``.
        """
        began = time.monotonic()
        logged = arguments[0] in ("preview", "up", "refresh", "destroy")
        log = self.root / "tmp" / "events.json"
        log.unlink(missing_ok=True)
        process = self.start([*arguments, *(["--event-log", str(log)] if logged else [])])
        try:
            stdout, stderr = _followed(process, log, on_event, timeout)
        except subprocess.TimeoutExpired:
            message = f"pulumi {arguments[0]} did not end within {timeout:g} s"
            raise AiinfraError("rehearsal-timeout", message, "look for a wait without end in the program") from None
        finally:
            end(process)
        return Outcome(process.returncode, stdout, stderr, read(_Tail(log).new()), time.monotonic() - began)

    @property
    def _project(self) -> Path:
        return self.root / "project"

    def _checked(self, arguments: list[str]) -> None:
        outcome = self.run(arguments)
        if outcome.code != 0:
            message = f"pulumi {' '.join(arguments[:2])} failed: {(outcome.stderr or outcome.stdout).strip()}"
            raise AiinfraError("rehearsal-setup", message, "run aiinfra doctor")


@contextmanager
def workplace(tool: Tool, providers: str) -> Iterator[Workplace]:
    """A new one; its folder is deleted at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="aiinfra-rehearsal-", ignore_cleanup_errors=True) as folder:
        yield Workplace(Path(folder), tool, providers)


def end(process: "subprocess.Popen[str]", how: signal.Signals = signal.SIGKILL) -> None:
    """End the CLI and what it started, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, how)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _runtime(program: Program) -> dict[str, Any]:
    """The project's own virtual environment where there is one, else the interpreter that runs this."""
    runtime = program.settings.get("runtime")
    options = dict(runtime.get("options") or {}) if isinstance(runtime, dict) else {}
    named = options.get("virtualenv")
    place = program.root / str(named) if named else None
    if place is None or not (place / "bin").is_dir():
        return {"name": "python"}
    return {"name": "python", "options": {**options, "virtualenv": str(place)}}


def _followed(process: "subprocess.Popen[str]", log: Path, on_event: OnEvent | None, timeout: float) -> tuple[str, str]:
    deadline = time.monotonic() + timeout
    tail = _Tail(log)
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise subprocess.TimeoutExpired(process.args, timeout)
        try:
            ended = process.communicate(timeout=min(left, POLL if on_event else left))
        except subprocess.TimeoutExpired:
            ended = None
        if on_event is not None:
            for event in tail.new():
                on_event(event)
        if ended is not None:
            return ended


class _Tail:
    """What was written to an event log since the last look."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._place = 0

    def new(self) -> list[dict[str, Any]]:
        """The events of whole lines that came since."""
        if not self._log.is_file():
            return []
        with self._log.open("rb") as file:
            file.seek(self._place)
            found = file.read()
        whole = found[: found.rfind(b"\n") + 1]
        self._place += len(whole)
        return parse(whole.decode())
