"""What is rendered is small, valid and the same every time."""

import subprocess
import sys
from pathlib import Path

from aiinfra.compiler.projects import projects
from aiinfra.compiler.rendering import render
from aiinfra.compiler.writing import write
from aiinfra.server.config import ServerConfig
from aiinfra.spec.reading import load

DATA = Path(__file__).parent.parent / "data" / "declarations"


def test_which_projects() -> None:
    found = projects(load(DATA / "whole.yaml"))
    assert [(p.kind.value, p.folder, p.name) for p in found] == [
        ("registry", "registry", "line-vibration-registry"),
        ("training", "training", "line-vibration-training"),
        ("platform", "platform", "line-vibration-platform"),
        ("site", "site-press-line", "line-vibration-site-press-line"),
        ("box", "site-cabinet", "line-vibration-site-cabinet"),
    ]


def test_projects_are_small_and_clean(tmp_path: Path) -> None:
    declaration = load(DATA / "whole.yaml")
    files = render(declaration)
    assert files == render(declaration)
    for project in projects(declaration):
        own = [name for name in files if name.startswith(f"{project.folder}/")]
        assert len(own) <= 6
    assert all(len(text.splitlines()) <= 60 for name, text in files.items() if name.endswith("__main__.py"))
    write(files, tmp_path)
    for arguments in (["check", "--isolated", "--select", "E,F,I,B,UP,D"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, "--config", "line-length=120", str(tmp_path)]
        assert subprocess.run(ruff, capture_output=True, text=True, check=False).returncode == 0


def test_the_copy_compiles_to_itself(tmp_path: Path) -> None:
    first = render(load(DATA / "whole.yaml"))
    write(first, tmp_path)
    assert render(load(tmp_path / "deployment.yaml")) == first


def test_a_box_gets_the_configuration_of_its_class() -> None:
    files = render(load(DATA / "whole.yaml"))
    config = ServerConfig.model_validate(__import__("tomllib").loads(files["site-cabinet/server.toml"]))
    assert config.repository.allow_unsigned is False
    assert [(a.identity, a.models) for a in config.allow] == [
        ("spiffe://line-vibration/caller/plc", ("line-vibration",))
    ]
    assert config.tls is not None
    assert config.models["line-vibration"].execution_providers == ("CPUExecutionProvider",)
