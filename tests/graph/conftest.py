"""Programs to record, as functions and as project folders."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

MIXED = Path(__file__).parent.parent / "data" / "programs" / "mixed"

Project = Callable[..., Path]


@pytest.fixture
def mixed() -> Path:
    """AWS and Kubernetes, components, secrets, providers, applies, aliases."""
    return MIXED


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Writes a project folder: ``project("main text", name="a", files={"infra.py": "..."})``."""

    def write(main: str, *, name: str = "small", files: Mapping[str, str] | None = None, yaml: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n{yaml}")
        (folder / "__main__.py").write_text(main)
        for file, text in (files or {}).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        return folder

    return write
