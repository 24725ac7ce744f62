"""Where this user's own things are kept: the development key."""

import os
from pathlib import Path


def home() -> Path:
    """``$XDG_CONFIG_HOME/aiinfra``, by default ``~/.config/aiinfra``."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base else Path.home() / ".config") / "aiinfra"
