"""Property values as they travel between a program and the engine, and as a graph holds them.

The engine marks what is not plain with a signature key inside an object, and an unknown value with a fixed string
(pulumi ``sdk/go/common/resource/properties.go``, ``asset.go``). :class:`Decoder` turns a message into the plain JSON
values of ``aiinfra.graph.node``; :func:`encode` goes the other way, for answers.
"""

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiinfra.graph.node import ASSET, REF, SECRET, UNKNOWN

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct, Value

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker of the wire format
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN_VALUE: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

RESERVED: Final = frozenset({SECRET, UNKNOWN, REF, ASSET})
EXACT: Final = 2**53
"""Above it a double no longer holds every integer, so a whole number stays a float."""
FINGERPRINT_DIGITS: Final = 16
LARGEST_HASHED_FILE: Final = 256 * 1024 * 1024


class Decoder:
    """Turns messages into JSON values, drops secrets as it meets them, and keeps them in memory for :meth:`scrub`.

    ``key``: with it, each secret carries a fingerprint, an HMAC-SHA256 of its JSON cut to 16 hexadecimal digits;
    without it, none. ``root``: paths of assets inside it are made relative to it.
    """

    def __init__(self, key: bytes | None = None, root: Path | None = None) -> None:
        self._key = key
        self._root = root
        self._seen: set[str] = set()

    def mapping(self, struct: "Struct") -> dict[str, Any]:
        """The properties of a resource, keys sorted. Keys that start with ``__`` are the SDK's own and left out."""
        fields = struct.fields
        return {escape(key): self.value(fields[key]) for key in sorted(fields) if not key.startswith("__")}

    def value(self, value: "Value") -> Any:
        """One property value."""
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            text = value.string_value
            return {UNKNOWN: True} if text == UNKNOWN_VALUE else text
        if kind == "number_value":
            return plain_number(value.number_value)
        if kind == "bool_value":
            return value.bool_value
        if kind == "list_value":
            return [self.value(item) for item in value.list_value.values]
        if kind == "struct_value":
            return self._object(value.struct_value)
        return None

    def scrub(self, text: str) -> str:
        """``text`` with every secret seen so far (of four characters or more) replaced by ``[secret]``."""
        for secret in sorted(self._seen, key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        return text

    def remember(self, secret: str) -> None:
        """Have :meth:`scrub` replace ``secret`` too."""
        if len(secret) >= 4:
            self._seen.add(secret)

    def _object(self, struct: "Struct") -> Any:
        fields = struct.fields
        if SIGNATURE not in fields:
            return {escape(key): self.value(fields[key]) for key in sorted(fields)}
        signature = fields[SIGNATURE].string_value
        if signature == SECRET_SIGNATURE:
            return {SECRET: self._fingerprint(self._plain(fields["value"]))}
        if signature == RESOURCE_SIGNATURE:
            return {REF: fields["urn"].string_value}
        if signature == OUTPUT_SIGNATURE:
            if "secret" in fields and fields["secret"].bool_value:
                return {SECRET: self._fingerprint(self._plain(fields["value"]) if "value" in fields else None)}
            return self.value(fields["value"]) if "value" in fields else {UNKNOWN: True}
        if signature in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
            return {ASSET: self._asset(fields, "asset" if signature == ASSET_SIGNATURE else "archive")}
        return {escape(key): self.value(fields[key]) for key in sorted(fields) if key != SIGNATURE}

    def _plain(self, value: "Value") -> Any:
        """The value of a secret, for its fingerprint alone."""
        kind = value.WhichOneof("kind")
        if kind == "struct_value":
            fields = value.struct_value.fields
            return {key: self._plain(fields[key]) for key in sorted(fields)}
        if kind == "list_value":
            return [self._plain(item) for item in value.list_value.values]
        if kind == "string_value":
            if value.string_value != UNKNOWN_VALUE:
                self.remember(value.string_value)
            return value.string_value
        return None if kind in (None, "null_value") else getattr(value, kind)

    def _fingerprint(self, plain: Any) -> str:
        if self._key is None or plain in (None, UNKNOWN_VALUE):
            return ""
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:FINGERPRINT_DIGITS]

    def _asset(self, fields: Mapping[str, "Value"], kind: str) -> dict[str, Any]:
        data: dict[str, Any] = {"kind": kind}
        if "text" in fields:
            data["sha256"] = hashlib.sha256(fields["text"].string_value.encode()).hexdigest()
        elif "path" in fields:
            data |= self._file(fields["path"].string_value)
        elif "uri" in fields:
            data["uri"] = fields["uri"].string_value
        elif "assets" in fields:
            data["assets"] = self.value(fields["assets"])
        return data

    def _file(self, text: str) -> dict[str, str]:
        file = Path(text).absolute()
        if self._root is not None and file.is_relative_to(self._root):
            text = file.relative_to(self._root).as_posix()
        if not file.is_file() or file.stat().st_size > LARGEST_HASHED_FILE:
            return {"path": text}
        with file.open("rb") as stream:
            return {"path": text, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def escape(key: str) -> str:
    """A mapping's own key; one that reads like a reserved object's gets one more ``$``."""
    return f"${key}" if key.startswith("$") and key.lstrip("$") in _RESERVED_WORDS else key


def unescape(key: str) -> str:
    """The inverse of :func:`escape`."""
    return key[1:] if key.startswith("$$") and key.lstrip("$") in _RESERVED_WORDS else key


_RESERVED_WORDS: Final = frozenset(word.removeprefix("$") for word in RESERVED)


def plain_number(number: float) -> int | float | str:
    """An integer where nothing is lost; a string for what JSON cannot write (``NaN``, ``Infinity``)."""
    if math.isnan(number) or math.isinf(number):
        return str(number)
    return int(number) if number.is_integer() and abs(number) <= EXACT else number


def encode(value: Any, stand_in: str) -> Any:
    """A graph's JSON value as the SDK reads it, in plain Python: what an answer is built from.

    A secret becomes a secret whose value is ``stand_in``, since its own was dropped when it was recorded.
    """
    if isinstance(value, Mapping):
        if SECRET in value:
            return secret(stand_in)
        if UNKNOWN in value:
            return UNKNOWN_VALUE
        if REF in value:
            return value[REF]
        if ASSET in value:
            return None
        return {unescape(key): encode(item, f"{stand_in}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [encode(item, f"{stand_in}[{index}]") for index, item in enumerate(value)]
    return value


def secret(value: Any) -> dict[str, Any]:
    """``value`` marked as a secret."""
    return {SIGNATURE: SECRET_SIGNATURE, "value": value}
