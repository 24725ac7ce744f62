"""Reading an audit log back: is every line in its place, and did the key's owner sign the checkpoints?"""

from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.server.audit import GENESIS, hash_of, set_aside


@dataclass(frozen=True, slots=True)
class Audited:
    """What an unbroken log holds."""

    records: int
    checkpoints: int
    signed: int
    """Checkpoints whose signature was checked; 0 without a key."""
    unsealed: int
    """Records after the last checkpoint: they may be missing later without a trace."""
    last: str
    """Hash of the last line: compare it with the one in the server's own log."""
    files: int
    """Files it is in: the one named, and the full ones set aside before it."""


def verify_audit(file: Path, key: Path | None = None) -> Audited:
    """Check the chain of ``file`` and of the full files set aside before it (``FILE.NUMBER``), and with ``key`` (PEM,
    public) every checkpoint's signature.

    Raises:
        BadInput: ``audit-absent`` or ``audit-key``.
        AiinfraError: ``audit-broken``, naming the line.
    """
    public = _public_key(key) if key is not None else None
    files = [*set_aside(file), file]
    chain = _Chain(public)
    for one in files:
        try:
            with one.open("rb") as stream:
                chain.read(one, stream)
        except OSError:
            raise BadInput("audit-absent", f"{one} cannot be read", "name the file of [audit]") from None
    return Audited(chain.number, chain.checkpoints, chain.signed, chain.unsealed, chain.prev, len(files))


class _Chain:
    """How far the log was read."""

    def __init__(self, public: Any) -> None:
        self._public = public
        self.prev: str = GENESIS
        self.number = self.checkpoints = self.signed = self.unsealed = 0

    def read(self, file: Path, stream: BinaryIO) -> None:
        """Read on in the next file."""
        for at, raw in enumerate(stream, start=1):
            self.number += 1
            line = raw.rstrip(b"\n")
            record = _record(line, raw.endswith(b"\n"), file, at)
            if record.get("seq") != self.number:
                raise _broken(file, at, f"it says it is record {record.get('seq')!r}: a record is missing or added")
            if record.get("prev") != self.prev:
                raise _broken(file, at, "the record before it is not the one that it was written after")
            self.unsealed += 1
            if record.get("event") == "checkpoint":
                self.checkpoints += 1
                self.unsealed = 0
                if self._public is not None:
                    _check(self._public, record, self.prev, file, at)
                    self.signed += 1
            self.prev = hash_of(line)


def _record(line: bytes, whole: bool, file: Path, number: int) -> dict[str, Any]:  # noqa: FBT001 - private, two callers
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        record = None
    if type(record) is not dict or not whole:
        raise _broken(file, number, "it is not a whole record")
    return record


def _broken(file: Path, number: int, why: str) -> AiinfraError:
    return AiinfraError(
        "audit-broken",
        f"{file}:{number}: {why}",
        "compare with a copy; everything before this line is as it was written",
    )


def _public_key(file: Path) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415 - with a key only
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise BadInput(
            "audit-key", f"{file} is not an elliptic-curve public key in PEM", "openssl ec -pubout writes one"
        )
    return key


def _check(key: Any, record: dict[str, Any], prev: str, file: Path, number: int) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    try:
        key.verify(b64decode(record.get("signature", "")), prev.encode(), ECDSA(SHA256()))
    except (InvalidSignature, ValueError, TypeError):
        raise _broken(file, number, "the checkpoint is not signed by this key") from None
