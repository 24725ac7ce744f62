"""The audit log: one JSON line an event, each carrying the hash of the line before it, with signed checkpoints.

A changed, missing, added or moved line breaks the chain at that place. What was cut off the end shows only as far as
the last signed checkpoint that somebody kept elsewhere; that is why checkpoints are also written to the server's log.
No tensor contents are written. What a caller is refused for asking too often is counted and written once a second: a
flood of requests is not a flood of records. Where the file has a largest size, a full one is sealed with a checkpoint
and set aside as ``FILE.NUMBER`` (its last record's), and the chain goes on in a new one.
"""

import asyncio
import glob
import hashlib
import os
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from aiinfra.errors import BadInput
from aiinfra.server.config import Audit
from aiinfra.server.journal import Journal
from aiinfra.server.refusal import Kind, Refusal

_MOST_WAITING = 10_000
_MOST_COUNTED = 1000
_COUNT_S = 1.0
_DIGITS = 12
GENESIS = "0" * 64
"""``prev`` of a file's first line."""


def hash_of(line: bytes) -> str:
    """The hash that the next line carries: SHA-256 of a line without its newline."""
    return hashlib.sha256(line).hexdigest()


def set_aside(path: Path) -> list[Path]:
    """The full files of a log, oldest first."""
    found = path.parent.glob(f"{glob.escape(path.name)}.{'[0-9]' * _DIGITS}")
    return sorted(found)


class AuditLog:
    """Appends to one file; goes on with the chain that it finds there."""

    def __init__(self, settings: Audit, journal: Journal) -> None:
        self._journal = journal
        self._path = Path(settings.file)
        self._key = _private_key(settings.key) if settings.key else None
        self._waiting: list[dict[str, Any]] = []
        self._awake = False
        self.broken = False
        """The last write failed; nothing is served meanwhile."""
        self._counted: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._most = settings.rotate.bytes if settings.rotate is not None else 0
        self._turning = False
        self._seq, self._prev = _last(self._path) or _last_of_all(set_aside(self._path))
        self._file: BinaryIO = self._open()
        self._size = os.fstat(self._file.fileno()).st_size

    def _open(self) -> BinaryIO:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError:
            raise BadInput(
                "audit-unwritable",
                f"{self._path} cannot be written",
                "name a plain file in a folder that the server owns",
            ) from None
        return os.fdopen(descriptor, "ab", buffering=0)

    def require(self) -> None:
        """Refuse to serve what could not be recorded.

        Raises:
            Refusal: the log cannot be written.
        """
        if self.broken:
            self._flush()
        if self.broken:
            raise Refusal(Kind.UNAVAILABLE, "requests cannot be recorded at the moment", retry_after=5)

    def record(self, event: dict[str, Any]) -> None:
        """Write an event at the end of this turn of the loop. While nothing can be written, they pile up to a bound."""
        if self.broken and len(self._waiting) >= _MOST_WAITING:
            return
        self._waiting.append(event)
        if not self._awake:
            self._awake = True
            asyncio.get_running_loop().call_soon(self._flush)

    def count(self, event: dict[str, Any]) -> None:
        """Record an event that may come thousands of times a second: once a second, with how often it came."""
        key = (event["transport"], event["identity"], event["model"])
        known = self._counted.get(key)
        if known is not None:
            known["count"] += 1
            return
        if not self._counted:
            asyncio.get_running_loop().call_later(_COUNT_S, self._write_counted)
        elif len(self._counted) >= _MOST_COUNTED:
            self._write_counted()
        self._counted[key] = {**event, "count": 1}

    def _write_counted(self) -> None:
        counted = list(self._counted.values())
        self._counted.clear()
        if not self._file.closed:
            for event in counted:
                self.record(event)

    def _flush(self) -> None:
        self._awake = False
        lines = []
        seq, prev = self._seq, self._prev
        moment = datetime.now(UTC).isoformat(timespec="microseconds")  # one turn of the loop is one moment
        for event in self._waiting:
            seq += 1
            line = orjson.dumps({"seq": seq, "prev": prev, "time": moment, **event})
            prev = hash_of(line)
            lines.append(line + b"\n")
        data = b"".join(lines)
        try:
            written = self._file.write(data) if data else 0
            if written != len(data):
                os.ftruncate(self._file.fileno(), os.fstat(self._file.fileno()).st_size - written)
                raise OSError("the line was cut")
        except OSError as error:
            if not self.broken:
                self._journal.warning("audit-unwritable", file=str(self._path), reason=error.strerror)
            self.broken = True
            return
        self.broken = False
        self._seq, self._prev = seq, prev
        self._size += written
        self._waiting.clear()
        if self._most and self._size >= self._most and not self._turning:
            self._turn_over()

    def _turn_over(self) -> None:
        """Seal the file, set it aside, go on in a new one. Where that fails, go on in the old one."""
        self._turning = True
        try:
            if not self._seal():
                return
            aside = self._path.with_name(f"{self._path.name}.{self._seq:0{_DIGITS}}")
            full = self._file
            self._path.rename(aside)
            try:
                self._file = self._open()
            except BadInput:
                aside.rename(self._path)
                raise
            self._size = 0
            asyncio.get_running_loop().run_in_executor(None, _settle, full)
            self._journal.info("audit-turned-over", file=str(aside), seq=self._seq, hash=self._prev)
        except (OSError, BadInput) as error:
            self._size = 0  # try again one file's length later
            self._journal.warning("audit-not-turned-over", file=str(self._path), reason=type(error).__name__)
        finally:
            self._turning = False

    async def checkpoint(self) -> None:
        """Write (and sign, where there is a key) the hash of everything so far, and force it to the disk.

        A disk may take a second for what a busy minute wrote; the loop goes on meanwhile.
        """
        if self._seal():
            seq, prev = self._seq, self._prev
            descriptor = os.dup(self._file.fileno())
            try:
                await asyncio.to_thread(os.fsync, descriptor)
            finally:
                os.close(descriptor)
            self._journal.info("audit-checkpoint", seq=seq, hash=prev)

    def _seal(self) -> bool:
        """Write a checkpoint; whether that went well."""
        self._write_counted()
        self._flush()
        event: dict[str, Any] = {"event": "checkpoint"}
        if self._key is not None:
            event["signature"] = b64encode(_sign(self._key, self._prev)).decode()
        self._waiting.append(event)
        self._flush()
        return not self.broken

    def close(self) -> None:
        """A last checkpoint, then let go of the file."""
        if self._seal():
            os.fsync(self._file.fileno())
            self._journal.info("audit-checkpoint", seq=self._seq, hash=self._prev)
        self._file.close()


def _settle(full: BinaryIO) -> None:
    os.fsync(full.fileno())
    full.close()


def _last_of_all(files: list[Path]) -> tuple[int, str]:
    return (_last(files[-1]) if files else None) or (0, GENESIS)


def _last(path: Path) -> tuple[int, str] | None:
    """Number and hash of the last line of a log that is there already; None where it has none."""
    try:
        if path.exists() and not path.is_file():
            raise BadInput("audit-unwritable", f"{path} is no plain file", "name one in a folder that the server owns")
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 65536))
            tail = file.read()
    except FileNotFoundError:
        return None
    except OSError:
        raise BadInput("audit-unwritable", f"{path} cannot be read", "let the server read its own audit log") from None
    if not tail:
        return None
    line = tail.rstrip(b"\n").rpartition(b"\n")[2]
    try:
        seq = orjson.loads(line)["seq"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        seq = None
    if type(seq) is not int or not tail.endswith(b"\n"):
        raise BadInput(
            "audit-broken",
            f"{path} does not end with a whole record",
            "see what changed it; move it away to begin anew",
        )
    return seq, hash_of(line)


def _private_key(file: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415 - with a key only
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(Path(file).read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise BadInput(
            "audit-key", f"{file} is not an elliptic-curve private key in PEM", "make one: openssl ecparam -genkey"
        )
    return key


def _sign(key: Any, text: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    signature: bytes = key.sign(text.encode(), ECDSA(SHA256()))
    return signature
