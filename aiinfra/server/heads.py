"""Heads of HTTP requests, and those of them that were read before.

A client sends the same head again and again. llhttp reads every head once; the same bytes at the same place (the
beginning of a message) then mean the same, so what llhttp said of them is looked up instead.
"""

from dataclasses import dataclass
from typing import Any

END = b"\r\n\r\n"
_MOST = 1024
_LONGEST = 1024
"""Longest head that is kept, in bytes."""


@dataclass(slots=True)
class Head:
    """What is known when a request's headers are complete. The same for every request with the same head."""

    method: str
    url: bytes
    headers: dict[bytes, bytes]
    size: int = 0
    """Bytes of the body, as Content-Length says."""
    target: Any = None
    """What the gate found the request to be about."""


class Heads:
    """Heads of a listener that llhttp has read, by their bytes."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def find(self, data: bytes) -> tuple[Head, bytes] | None:
        """Head and body of ``data``, where it is exactly one request whose head is known."""
        end = data.find(END) + 4
        head = self._known.get(data[:end])
        if head is None or len(data) - end != head.size:
            return None
        return head, data[end:]

    def keep(self, data: bytes, head: Head) -> None:
        """Remember the head of ``data``, which llhttp found to be exactly one request that ``head`` describes and after
        which the connection goes on.
        """
        end = len(data) - head.size
        plain = b"transfer-encoding" not in head.headers and b"expect" not in head.headers
        if plain and end <= _LONGEST and data.find(END) + 4 == end:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[data[:end]] = head
