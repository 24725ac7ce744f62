"""The local overlay: the only differences between what a site gets and what is served here, each with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiinfra.server.config import Endpoint, ServerConfig, split_address

_LISTENERS: Final = ("http", "grpc", "health", "metrics")
_CPU: Final = ("CPUExecutionProvider",)


@dataclass(frozen=True, slots=True)
class LocalPaths:
    """Where things are on this machine."""

    repository: Path
    """The model repository with the dev-signed release."""
    signer: Path
    """The development key's public half."""
    state: Path
    """The local plane's own folder."""


@dataclass(frozen=True, slots=True)
class Change:
    """One key of the configuration that differs here."""

    key: str
    before: str
    after: str
    why: str


def overlay(
    config: ServerConfig, paths: LocalPaths, port: int | None = None
) -> tuple[ServerConfig, tuple[Change, ...]]:
    """The configuration for this machine, and every change it took, in the order of the file.

    ``port`` moves the listeners to that port and those after it (REST, gRPC, health, metrics); without it they keep
    the site's ports, on loopback. A site without REST gets it here, since the golden request needs it.
    """
    changes = tuple(_changes(config, paths, port))
    update: dict[str, Any] = config.model_dump(by_alias=True)
    for key, _, value, _ in changes:
        _put(update, key, value)
    changed = ServerConfig.model_validate(update)
    return changed, tuple(Change(key, _text(before), _text(after), why) for key, before, after, why in changes)


_Raw = tuple[str, Any, Any, str]


def _changes(config: ServerConfig, paths: LocalPaths, port: int | None) -> Iterator[_Raw]:
    trust = "releases on this machine are signed by its development key"
    yield from _differs("repository.dir", config.repository.dir, str(paths.repository), "local path")
    yield from _differs("repository.signers", config.repository.signers, (str(paths.signer),), trust)
    yield from _differs("repository.allow_unsigned", config.repository.allow_unsigned, False, "all is dev-signed")
    for index, section in enumerate(_LISTENERS):
        endpoint: Endpoint | None = getattr(config, section)
        if endpoint is not None:
            yield from _listener(section, endpoint, None if port is None else port + index)
        elif section == "http":
            yield "http", None, {"address": f"127.0.0.1:{port or 8080}"}, "the golden request is sent over REST"
    if config.tls is not None:
        yield "tls", config.tls.certificate, None, "loopback only; callers here have no certificates"
    if config.audit is not None:
        yield from _differs("audit.file", config.audit.file, str(paths.state / "audit.jsonl"), "local path")
        yield from _differs("audit.key", config.audit.key, "", "the site's key is not here")
    if config.traces is not None:
        yield "traces", config.traces.endpoint, None, "nothing is sent anywhere"
    for name, settings in config.models.items():
        key = f"models.{name}.execution_providers"
        yield from _differs(key, settings.execution_providers, _CPU, "this machine's CPU")


def _listener(section: str, endpoint: Endpoint, port: int | None) -> Iterator[_Raw]:
    _, declared = split_address(endpoint.address)
    address = f"127.0.0.1:{declared if port is None else port}"
    why = "this machine only" if port is None else "this machine only, on the port asked for"
    yield from _differs(f"{section}.address", endpoint.address, address, why)
    yield from _differs(f"{section}.allow_plaintext", endpoint.allow_plaintext, False, "loopback needs no permission")


def _differs(key: str, before: Any, after: Any, why: str) -> Iterator[_Raw]:
    if before != after:
        yield key, before, after, why


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    if key.startswith("models."):  # a model's name may hold dots
        name, _, last = key.removeprefix("models.").rpartition(".")
        document["models"][name][last] = value
        return
    *path, last = key.split(".")
    for part in path:
        document = document[part]
    document[last] = value


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "-"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) or "-"
