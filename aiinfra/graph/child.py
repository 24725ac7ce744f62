"""Runs a program in a process of its own: another revision, another environment, or one that may not end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import AiinfraError, BadInput, Exit
from aiinfra.findings import Finding
from aiinfra.graph.existing import Existing
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.places import INSTALLED, OURS
from aiinfra.graph.program import find

START: Final = 30.0
"""Seconds that starting Python and importing the SDKs may take on top of the program's own."""
LAST_LINES: Final = 15
"""How much of what a failed program wrote is shown."""


def collect_in_subprocess(
    path: str | Path,
    *,
    project: str | None = None,
    stack: str = "production",
    mode: Mode = Mode.SYMBOLIC,
    config: Mapping[str, str] | None = None,
    secret_config: Collection[str] = (),
    references: Mapping[str, Graph] | None = None,
    stand_ins: bool = False,
    assume_config: bool = False,
    fingerprint_key: bytes | None = None,
    existing: Mapping[str, Existing] | None = None,
    timeout: float = 300.0,
    python: str = sys.executable,
) -> Graph:
    """:func:`aiinfra.graph.collect.collect` of a project's folder or a Python file, by another Python.

    The arguments are those of ``collect``; ``python`` is the interpreter, which must have aiinfra installed. The
    program is killed, with all it started, when its time is over. What it prints is shown where it fails.

    Raises:
        AiinfraError: what ``collect`` raises; ``program-crashed`` where the process ended without an answer;
            ``python-unusable`` where ``python`` is not there or has no aiinfra.
    """
    find(path)  # what is wrong with the path is said in the caller's words
    request = {
        "path": str(Path(path).absolute()),
        "project": project,
        "stack": stack,
        "mode": mode.value,
        "config": dict(config or {}),
        "secret_config": sorted(secret_config),
        "references": {name: graph.as_json() for name, graph in (references or {}).items()},
        "stand_ins": stand_ins,
        "assume_config": assume_config,
        "existing": {own: there.as_json() for own, there in (existing or {}).items()},
        "fingerprint_key": fingerprint_key.hex() if fingerprint_key is not None else None,
        "timeout": timeout,
    }
    code, answer, written = _run(python, json.dumps(request).encode(), timeout + START)
    if code is None:
        message = f"the program of {path} did not end within {timeout:g} s and was killed{_shown(written)}"
        raise AiinfraError("program-timeout", message, "look for a wait without end, or allow more time")
    if b"No module named aiinfra" in written and not answer:
        raise AiinfraError("python-unusable", f"{python} has no aiinfra", "install aiinfra[pulumi] in its environment")
    try:
        data = json.loads(answer)
    except ValueError:
        ended = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        message = f"the process that ran {path} {ended} without an answer{_shown(written)}"
        raise AiinfraError("program-crashed", message, "run the program alone to see why") from None
    if "error" in data:
        raise error_from(data["error"], _shown(written))
    try:
        return Graph.from_json(data["graph"])
    except (ValueError, KeyError, TypeError) as error:
        remedy = "use the same version of aiinfra on both sides"
        raise AiinfraError("python-unusable", f"{python} has another version of aiinfra: {error}", remedy) from None


def error_as(error: AiinfraError) -> dict[str, Any]:
    """What the child says instead of a graph."""
    findings = error.findings if isinstance(error, BadInput) else ()
    return {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        "exit": int(error.exit_code),
        "findings": [finding.as_json() for finding in findings],
    }


def error_from(data: Mapping[str, Any], written: str = "") -> AiinfraError:
    """The inverse of :func:`error_as`, with what the program wrote after the message."""
    message = f"{data['message']}{written}"
    if data["exit"] == Exit.BAD_INPUT:
        findings = [Finding.from_json(item) for item in data["findings"]]
        return BadInput(data["code"], message, data["remedy"], findings)
    return AiinfraError(data["code"], message, data["remedy"])


def _run(python: str, request: bytes, timeout: float) -> tuple[int | None, bytes, bytes]:
    """Exit code (None: killed for time), the answer, and what the program wrote."""
    # -P: the working directory's modules must not stand in for installed ones.
    command = [python, "-P", "-m", "aiinfra.graph"]
    try:
        child = subprocess.Popen(  # noqa: S603 - the interpreter is the caller's choice
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(python),
            start_new_session=True,
        )
    except OSError as error:
        remedy = "name a Python interpreter that is there"
        raise AiinfraError("python-unusable", f"{python} cannot be run: {error.strerror}", remedy) from None
    with child:
        try:
            answer, written = child.communicate(request, timeout)
        except subprocess.TimeoutExpired:
            _kill(child)
            answer, written = child.communicate()
            return None, answer, written
        except BaseException:
            _kill(child)
            raise
        return child.returncode, answer, written


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """End the child and all it started."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        child.kill()


def _environment(python: str) -> dict[str, str]:
    """Ours; a source tree that is not installed is found by the same Python, too."""
    environment = dict(os.environ)
    if python == sys.executable and not INSTALLED.intersection(OURS.parts):
        paths = [str(OURS.parent), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def _shown(written: bytes) -> str:
    lines = written.decode(errors="replace").strip().splitlines()[-LAST_LINES:]
    return "\n  the program wrote:\n" + "\n".join(f"    {line}" for line in lines) if lines else ""
