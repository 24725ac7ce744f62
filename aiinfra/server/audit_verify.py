"""Reading an audit log back: is every line in its place, and did the key's owner sign the checkpoints?"""

from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.server.audit import GENESIS, hash_of


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


def verify_audit(file: Path, key: Path | None = None) -> Audited:
    """Check the chain of ``file``, and with ``key`` (PEM, public) every checkpoint's signature.

    Raises:
        BadInput: ``audit-absent`` or ``audit-key``.
        AiinfraError: ``audit-broken``, naming the line.
    """
    public = _public_key(key) if key is not None else None
    try:
        stream = file.open("rb")
    except OSError:
        raise BadInput("audit-absent", f"{file} cannot be read", "name the file of [audit]") from None
    prev, number, checkpoints, signed, unsealed = GENESIS, 0, 0, 0, 0
    with stream:
        for number, raw in enumerate(stream, start=1):
            line = raw.rstrip(b"\n")
            record = _record(line, raw.endswith(b"\n"), file, number)
            if record.get("seq") != number:
                raise _broken(file, number, f"it says it is record {record.get('seq')!r}: a record is missing or added")
            if record.get("prev") != prev:
                raise _broken(file, number, "the record before it is not the one that it was written after")
            unsealed += 1
            if record.get("event") == "checkpoint":
                checkpoints += 1
                unsealed = 0
                if public is not None:
                    _check(public, record, prev, file, number)
                    signed += 1
            prev = hash_of(line)
    return Audited(number, checkpoints, signed, unsealed, prev)


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
