"""What happened to releases at this site, one JSON object a line, only ever added to."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    event: str
    """``refused``, ``serving``, ``kept``, ``kept-failing``, ``rolled-back`` or ``damaged``."""
    model: str
    version: str
    digest: str
    """Of the artifact."""
    why: str = ""
    """The reason, in words; a refusal's begins with its code."""
    at: str = ""
    """UTC, ISO 8601; written when the entry is."""


class Record:
    """The file. A line that a power cut left half written is skipped, and the next one begins on a line of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, entry: Entry) -> None:
        """Write one entry; it is on the disk when this returns."""
        line = json.dumps({**asdict(entry), "at": datetime.now(UTC).isoformat(timespec="seconds")}, ensure_ascii=False)
        with self._file.open("ab+") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(end - 1, 0))
            torn = end > 0 and stream.read(1) != b"\n"
            stream.write(b"\n" * torn + line.encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def entries(self) -> list[Entry]:
        """All entries, oldest first."""
        if not self._file.is_file():
            return []
        found = []
        for line in self._file.read_bytes().splitlines():
            try:
                found.append(Entry(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return found

    def last(self, digest: str) -> Entry | None:
        """The latest entry on an artifact."""
        return next((entry for entry in reversed(self.entries()) if entry.digest == digest), None)
