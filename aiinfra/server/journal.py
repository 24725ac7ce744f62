"""The server's own log: one event a line on standard error, JSON or text for people. No tensor contents, no secrets."""

import sys
from datetime import UTC, datetime
from typing import TextIO

import orjson

from aiinfra.server.config import Log, LogLevel

_ORDER = (LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARNING)


class Journal:
    """Writes events at or above the configured level."""

    def __init__(self, settings: Log, out: TextIO | None = None) -> None:
        self._least = _ORDER.index(settings.level)
        self._json = settings.json_lines
        self._out = out

    def _write(self, level: LogLevel, event: str, fields: dict[str, object]) -> None:
        if _ORDER.index(level) < self._least:
            return
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self._json:
            line = orjson.dumps({"time": moment, "level": level, "event": event, **fields}, default=str).decode()
        else:
            line = " ".join([moment, level.value, event, *(f"{key}={value}" for key, value in fields.items())])
        out = self._out or sys.stderr
        out.write(line + "\n")
        out.flush()

    def debug(self, event: str, **fields: object) -> None:
        """Something only a developer wants to know."""
        self._write(LogLevel.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Something that happened as it should."""
        self._write(LogLevel.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Something an operator should look at."""
        self._write(LogLevel.WARNING, event, fields)
