"""Programs that `make tools` builds from pinned Go modules."""

import os
import shutil
from pathlib import Path

import pytest

from tests.programs import ROOT


def built(name: str) -> Path:
    """The program; the test is skipped where nobody built it."""
    found = shutil.which(name, path=f"{ROOT / 'tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip(f"{name} is not here: make tools builds it")
    return Path(found)
