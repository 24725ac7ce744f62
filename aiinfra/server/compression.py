"""Bodies that are compressed on the wire: bounded on the way in, by the caller's wish on the way out."""

import gzip
import zlib

from aiinfra.server.refusal import Kind, Refusal, bad

_WINDOW = {b"gzip": 16 + zlib.MAX_WBITS, b"x-gzip": 16 + zlib.MAX_WBITS, b"deflate": zlib.MAX_WBITS}
_LEVEL = 1
_WORTH_IT = 1024
"""Answers shorter than this are sent as they are."""


def decompress(body: bytes, encoding: bytes, limit: int) -> bytes:
    """The body without its ``Content-Encoding``; never makes more than ``limit`` bytes and one.

    Raises:
        Refusal: an unknown encoding, a damaged or cut stream, bytes after its end, or more than ``limit`` bytes.
    """
    encoding = encoding.strip().lower()
    if encoding == b"identity":
        return body
    window = _WINDOW.get(encoding)
    if window is None:
        raise Refusal(Kind.ENCODING, "content-encoding may be gzip, deflate or identity")
    stream = zlib.decompressobj(window)
    try:
        text = stream.decompress(body, limit + 1)
    except zlib.error:
        raise bad("the compressed body is damaged") from None
    if len(text) > limit:
        raise Refusal(Kind.TOO_LARGE, f"the body is longer than {limit} bytes after decompression")
    if not stream.eof:
        raise bad("the compressed body is cut short")
    if stream.unused_data:
        raise bad("there are bytes after the compressed body")
    return text


def compress(body: bytes, accepted: bytes) -> tuple[bytes, bytes]:
    """The body as the caller would have it (``Accept-Encoding``), and the header line that says so."""
    if len(body) < _WORTH_IT:
        return body, b""
    for part in accepted.lower().split(b","):
        name, _, quality = part.partition(b";")
        name = name.strip()
        if quality.replace(b" ", b"") in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"):
            continue
        if name == b"gzip":
            return gzip.compress(body, _LEVEL, mtime=0), b"content-encoding: gzip\r\n"
        if name == b"deflate":
            return zlib.compress(body, _LEVEL), b"content-encoding: deflate\r\n"
    return body, b""
