"""Processes by identity: a process id is used again by the system, so a process is that id and when it started."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_STEP_S: Final = 0.05
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Process:
    """A process that this machine ran at one time."""

    pid: int
    started: str
    """When it started, in the system's own words: boot and clock ticks on Linux, a date elsewhere."""
    mark: str
    """A word of its command line that no other process has."""

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs. A process that ended but was not collected does not run."""
        for _ in range(_TRIES):
            if started(self.pid) != self.started:
                return False
            line = command_line(self.pid)
            if line:
                return self.mark in line
            time.sleep(_STEP_S / 10)  # a process that is just being started has no command line for a moment
        return False

    def stop(self, grace: float = 15.0) -> bool:
        """Ask it to end, wait ``grace`` seconds, then end it. Whether it ended by itself.

        Another process with the same id is never signalled.
        """
        if not self._signal(signal.SIGTERM):
            return True
        if self._gone(grace):
            return True
        self._signal(signal.SIGKILL)
        self._gone(5.0)
        return False

    def _signal(self, number: int) -> bool:
        if hasattr(os, "pidfd_open"):
            return self._signal_exactly(number)
        if not self.alive:
            return False
        os.kill(self.pid, number)
        return True

    def _signal_exactly(self, number: int) -> bool:
        """With a handle that stays this process's even if its id is given to another between check and signal."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.alive:
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def _gone(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.alive:
                return True
            time.sleep(_STEP_S)
        return not self.alive


def started(pid: int) -> str:
    """When process ``pid`` started, in the system's own words; empty where there is none or it has ended."""
    if not _PROC.joinpath("self/stat").exists():
        return _ps(pid, "lstart")
    try:
        # the second field is the program's name in brackets, and may hold spaces and brackets itself
        fields = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    state, ticks = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot} {ticks}"


def command_line(pid: int) -> str:
    """The command line of process ``pid``; empty where it cannot be read."""
    if not _PROC.joinpath("self/stat").exists():
        return _ps(pid, "command")
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _ps(pid: int, column: str) -> str:
    """macOS and the BSDs; a process that ended but was not collected has state Z."""
    line = ["/bin/ps", "-o", "state=", "-o", f"{column}=", "-p", str(pid)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env={"LC_ALL": "C"})  # noqa: S603 - fixed words
    state, _, text = done.stdout.strip().partition(" ")
    return "" if done.returncode or state.startswith("Z") else text.strip()
