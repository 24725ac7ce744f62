"""What this machine lacks: each thing aiinfra can use, whether it is there, and where its vendor's install page is."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from aiinfra.engine.tool import INSTALL_PAGE, behind, find_tool
from aiinfra.errors import AiinfraError

OLDEST_PYTHON: Final = (3, 11)
_PLUGINS: Final = {
    "aws": "https://www.pulumi.com/registry/packages/aws/installation-configuration/",
    "kubernetes": "https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a machine may have. ``needed``: without it something that aiinfra does by itself does not work."""

    name: str
    there: bool
    needed: bool
    found: str
    """Version or place; empty where it is not there."""
    purpose: str
    page: str
    """Address of the vendor's install page."""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def examine(path: str | None = None, home: Path | None = None) -> tuple[Item, ...]:
    """Look for everything, on ``path`` (by default ``PATH``) and in Pulumi's ``home`` (by default ``~/.pulumi``)."""
    return tuple(_items(path, home or Path.home() / ".pulumi"))


def healthy(items: tuple[Item, ...]) -> bool:
    """Whether nothing that is needed is missing."""
    return all(item.there for item in items if item.needed)


def _items(path: str | None, home: Path) -> Iterator[Item]:
    running = ".".join(str(part) for part in sys.version_info[:3])
    new = sys.version_info[:2] >= OLDEST_PYTHON
    yield Item("python", new, True, running, "runs aiinfra (3.11 or later)", "https://www.python.org/downloads/")
    yield _library("pulumi", "aiinfra[pulumi]", "records, reviews and exports programs")
    yield _library("onnxruntime", "aiinfra[server]", "serves models on this machine")
    yield _pulumi(path)
    for name, page in _PLUGINS.items():
        yield _plugin(name, page, home)
    yield _command(
        "kubectl", ["version", "--client"], path, "looks into clusters", "https://kubernetes.io/docs/tasks/tools/"
    )
    yield _command("node", ["--version"], path, "runs programs in TypeScript", "https://nodejs.org/en/download")
    yield _command("docker", ["--version"], path, "builds images", "https://docs.docker.com/engine/install/")


def _library(name: str, extra: str, purpose: str) -> Item:
    there = find_spec(name) is not None
    try:
        found = version(name) if there else ""
    except PackageNotFoundError:
        found = "without metadata"
    return Item(f"{name} (Python)", there, False, found, purpose, f"pip install '{extra}'")


def _pulumi(path: str | None) -> Item:
    purpose = "applies and rehearses programs (pulumi up, aiinfra rehearse)"
    try:
        tool = find_tool(path)
    except AiinfraError as error:
        return Item(
            "pulumi", False, False, "" if error.code == "pulumi-cli-missing" else error.message, purpose, INSTALL_PAGE
        )
    late = behind(tool) if find_spec("pulumi") is not None else ""
    found = f"{tool.version} at {tool.file}" + (f"; {late}" if late else "")
    return Item("pulumi", True, False, found, purpose, INSTALL_PAGE)


def _plugin(name: str, page: str, home: Path) -> Item:
    """A provider's plugin; the CLI downloads it when it is first needed, which a closed network keeps it from."""
    versions = sorted(
        folder.name.removeprefix(f"resource-{name}-")
        for folder in (home / "plugins").glob(f"resource-{name}-v*")
        if folder.is_dir()
    )
    purpose = f"applies {name} resources (pulumi downloads it when it is first needed)"
    return Item(f"pulumi plugin {name}", bool(versions), False, ", ".join(versions), purpose, page)


def _command(name: str, arguments: list[str], path: str | None, purpose: str, page: str) -> Item:
    file = shutil.which(name, path=path)
    said = _said(file, arguments) if file is not None else ""
    return Item(name, file is not None, False, said, purpose, page)


def _said(file: str, arguments: list[str]) -> str:
    try:
        run = subprocess.run([file, *arguments], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return f"{file}, which does not run"
    lines = (run.stdout or run.stderr).strip().splitlines()
    return lines[0] if lines else file
