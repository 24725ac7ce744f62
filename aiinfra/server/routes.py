"""REST targets: which operation a method and a path name. Pure; every name is checked here once."""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote_to_bytes

from aiinfra.server.refusal import Kind, Refusal, bad
from aiinfra.server.repository import is_name


class Operation(Enum):
    """What a request asks for."""

    LIVE = "live"
    READY = "ready"
    SERVER_METADATA = "server_metadata"
    MODEL_METADATA = "model_metadata"
    MODEL_READY = "model_ready"
    STATISTICS = "statistics"
    INFER = "infer"
    INDEX = "index"
    LOAD = "load"
    UNLOAD = "unload"


@dataclass(frozen=True, slots=True)
class Target:
    """An operation and the model it is about; empty names where it is about none or the default version."""

    operation: Operation
    model: str = ""
    version: str = ""


_GET: dict[tuple[str, ...], Operation] = {
    (): Operation.SERVER_METADATA,
    ("health", "live"): Operation.LIVE,
    ("health", "ready"): Operation.READY,
    ("models", "stats"): Operation.STATISTICS,
}
_MODEL: dict[tuple[str, ...], tuple[str, Operation]] = {
    (): ("GET", Operation.MODEL_METADATA),
    ("ready",): ("GET", Operation.MODEL_READY),
    ("stats",): ("GET", Operation.STATISTICS),
    ("infer",): ("POST", Operation.INFER),
}
_MANAGE = {"load": Operation.LOAD, "unload": Operation.UNLOAD}


class MethodNotAllowed(Refusal):
    """The path is right, the method is not; carries the one that is."""

    def __init__(self, allowed: str) -> None:
        super().__init__(Kind.METHOD, f"use {allowed} here")
        self.allowed = allowed


def resolve(method: str, url: bytes) -> Target:
    """The target of ``method url``.

    Raises:
        Refusal: no such path (``NOT_FOUND``), the wrong method, or a path that is not plain (``BAD_REQUEST``).
    """
    parts = _parts(url)
    if not parts or parts[0] != "v2":
        raise Refusal(Kind.NOT_FOUND, "no such path; the protocol's paths begin with /v2")
    wanted, target = _target(tuple(parts[1:]))
    if method != wanted and not (method == "HEAD" and wanted == "GET"):
        raise MethodNotAllowed(wanted)
    return target


def _parts(url: bytes) -> list[str]:
    """Path segments, decoded. A query is refused: no path of the protocol takes one."""
    path, mark, _ = url.partition(b"?")
    if mark:
        raise bad("this server takes no query")
    if not path.startswith(b"/"):
        raise bad("the target must be a path")
    segments = []
    for raw in path[1:].removesuffix(b"/").split(b"/"):
        try:
            segments.append(unquote_to_bytes(raw).decode("utf-8"))
        except UnicodeDecodeError:
            raise bad("the path is not UTF-8") from None
    return segments


def _target(rest: tuple[str, ...]) -> tuple[str, Target]:
    if rest in _GET:
        return "GET", Target(_GET[rest])
    if len(rest) >= 2 and rest[0] == "models" and is_name(rest[1]):
        return _model_target(rest[1], rest[2:])
    if rest == ("repository", "index"):
        return "POST", Target(Operation.INDEX)
    if len(rest) == 4 and rest[:2] == ("repository", "models") and rest[3] in _MANAGE and is_name(rest[2]):
        return "POST", Target(_MANAGE[rest[3]], rest[2])
    raise Refusal(Kind.NOT_FOUND, "no such path")


def _model_target(model: str, rest: tuple[str, ...]) -> tuple[str, Target]:
    version = ""
    if len(rest) >= 2 and rest[0] == "versions":
        version, rest = rest[1], rest[2:]
        if not is_name(version):
            raise Refusal(Kind.NOT_FOUND, "no such path")
    entry = _MODEL.get(rest)
    if entry is None:
        raise Refusal(Kind.NOT_FOUND, "no such path")
    method, operation = entry
    return method, Target(operation, model, version)
