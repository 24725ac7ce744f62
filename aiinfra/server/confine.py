"""What a process gives up for good: new privileges, writing, reading, outgoing connections, where the kernel allows.

Landlock (Linux 5.13 and later, network rules from 6.7) is called through its system calls; numbers and flags are those
of ``linux/landlock.h``. A hard link defeats path rules, so release folders refuse those. Every function says what it
could not do instead of failing: an older kernel serves, and the log says with how little around it.
"""

import ctypes
import os
import resource
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH, _NET_PORT = 1, 2
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ = 1 << 2 | 1 << 3
"""Read a file, list a folder."""
_CHANGE = sum(1 << bit for bit in range(4, 13))
"""Remove and make files, folders, sockets, devices and links."""
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | 1 << 2 | _TRUNCATE
"""Rights that a rule on a single file may name."""


def no_new_privileges() -> bool:
    """No program started from here on gains rights that this process lacks."""
    return _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0


def no_core_dumps() -> bool:
    """A crash must not write inputs to a file."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return True


def landlock_version() -> int:
    """The kernel's Landlock version; 0 where it has none."""
    return max(0, _libc().syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_FLAG))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _handled(version: int, *, reads: bool) -> int:
    rights = _WRITE_FILE | _CHANGE
    if reads:
        rights |= _READ | _EXECUTE
    if version >= 2:
        rights |= _REFER
    if version >= 3:
        rights |= _TRUNCATE
    return rights


def confine(
    *, readable: Iterable[str] | None, writable: Iterable[str], connect: Iterable[int], listen: bool
) -> list[str]:
    """Confine this thread and whatever it starts; call it before other threads begin.

    ``readable`` None leaves reading alone; otherwise only below those paths may be read. Writing stays possible below
    ``writable`` only. TCP connections can be opened to the ports of ``connect`` only; without ``listen`` no port bound.
    Returns what could not be done.
    """
    missing = [] if no_new_privileges() else ["no-new-privileges"]
    no_core_dumps()
    version = landlock_version()
    if not version:
        return [*missing, "landlock"]
    network = _CONNECT_TCP | (0 if listen else _BIND_TCP)
    if version < 4:
        missing.append("landlock-network")
        network = 0
    rights = _handled(version, reads=readable is not None)
    ruleset = struct.pack("<QQ", rights, network) if version >= 4 else struct.pack("<Q", rights)
    libc = _libc()
    handle = libc.syscall(_CREATE, ruleset, ctypes.c_size_t(len(ruleset)), 0)
    if handle < 0:
        return [*missing, "landlock"]
    try:
        for path in readable or ():
            _allow(libc, handle, path, (_READ | _EXECUTE) & rights)
        for path in writable:
            _allow(libc, handle, path, rights & ~_EXECUTE)
        for port in connect if network else ():
            libc.syscall(_ADD, handle, _NET_PORT, struct.pack("<QQ", _CONNECT_TCP, port), 0)
        if libc.syscall(_RESTRICT, handle, 0) != 0:
            missing.append("landlock")
    finally:
        os.close(handle)
    return missing


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """A rule for what is there; a path that is not there needs none."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = rights if Path(path).is_dir() else rights & _FILE_RIGHTS
        rule = struct.pack("<Qi", allowed, descriptor)
        libc.syscall(_ADD, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


SYSTEM_PATHS = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys/devices", "/dev")
"""What any Python process reads; a model's process may read these, its own packages and the model."""
