"""The command line's flags laid over the configuration file: one :class:`ServerConfig` from both."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.server.config import ServerConfig

DEFAULT_HTTP = "127.0.0.1:8080"


def configure(
    directory: Path | None,
    *,
    file: Path | None = None,
    http: str | None = None,
    grpc: str | None = None,
    metrics: str | None = None,
    allow_unsigned: bool = False,
    allow_plaintext: bool = False,
) -> ServerConfig:
    """The file's configuration, each flag that is given instead of its key; REST on loopback where none has an address.

    Raises:
        BadInput: ``config-absent``, ``config-syntax`` or ``config-invalid`` (with every key that is wrong).
    """
    document = _read(file) if file is not None else {}
    for section in ("repository", "http", "grpc", "metrics"):
        if not isinstance(document.get(section, {}), dict):
            raise BadInput("config-invalid", f"{section} is not a table", f"write it as [{section}]")
    if directory is not None:
        document.setdefault("repository", {})["dir"] = str(directory)
    if allow_unsigned:
        document.setdefault("repository", {})["allow_unsigned"] = True
    for section, address in (("http", http), ("grpc", grpc), ("metrics", metrics)):
        if address is not None:
            document.setdefault(section, {})["address"] = address
    if "http" not in document and "grpc" not in document:
        document["http"] = {"address": DEFAULT_HTTP}
    if allow_plaintext:
        for section in ("http", "grpc", "metrics"):
            if section in document:
                document[section]["allow_plaintext"] = True
    try:
        return ServerConfig.model_validate(document)
    except ValidationError as error:
        raise invalid(error, str(file) if file is not None else "") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise BadInput("config-absent", f"{file} cannot be read", "name a TOML file with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput("config-syntax", f"{file} is not TOML: {error}", "see docs/server.md for an example") from None


def invalid(error: ValidationError, source: str) -> BadInput:
    """Every problem of a configuration, each with its key."""
    findings = [
        Finding(
            id="config-invalid",
            severity=Severity.ERROR,
            message=problem["msg"],
            path=".".join(str(part) for part in problem["loc"]),
            source=source,
        )
        for problem in error.errors()
    ]
    return BadInput("config-invalid", f"{len(findings)} keys of the configuration are wrong", findings=findings)
