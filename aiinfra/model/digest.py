"""The digest that pins a file."""

import hashlib
from pathlib import Path


def file_digest(file: Path) -> str:
    """``sha256:HEX`` of the file's bytes, read in pieces."""
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
