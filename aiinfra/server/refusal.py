"""Why a request is not answered with tensors: one class, with the status each transport shows for it.

The text of a refusal goes to the client, so it names what the client sent and the rule, and never a path, a process
or an exception of ours.
"""

from enum import Enum


class Kind(Enum):
    """What went wrong, with the HTTP status and the name of the gRPC status code."""

    BAD_REQUEST = (400, "INVALID_ARGUMENT")
    UNAUTHENTICATED = (401, "UNAUTHENTICATED")
    FORBIDDEN = (403, "PERMISSION_DENIED")
    NOT_FOUND = (404, "NOT_FOUND")
    METHOD = (405, "UNIMPLEMENTED")
    SLOW = (408, "DEADLINE_EXCEEDED")
    LENGTH_REQUIRED = (411, "INVALID_ARGUMENT")
    TOO_LARGE = (413, "INVALID_ARGUMENT")
    ENCODING = (415, "INVALID_ARGUMENT")
    EXPECTATION = (417, "INVALID_ARGUMENT")
    UNPROCESSABLE = (422, "FAILED_PRECONDITION")
    TOO_MANY = (429, "RESOURCE_EXHAUSTED")
    HEAD_TOO_LARGE = (431, "INVALID_ARGUMENT")
    BUSY = (503, "RESOURCE_EXHAUSTED")
    UNAVAILABLE = (503, "UNAVAILABLE")
    DEADLINE = (504, "DEADLINE_EXCEEDED")

    def __init__(self, status: int, grpc: str) -> None:
        self.status = status
        self.grpc = grpc


class Refusal(Exception):
    """A request that is refused. ``retry_after`` (seconds) is shown where trying again may help."""

    def __init__(self, kind: Kind, message: str, *, retry_after: float | None = None, close: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after = retry_after
        self.close = close
        """Whether the connection cannot go on: the rest of the stream has no known meaning."""


def bad(message: str) -> Refusal:
    """A refusal of kind ``BAD_REQUEST``."""
    return Refusal(Kind.BAD_REQUEST, message)
