"""The command line as a person or a script meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aiinfra.cli import COMMANDS

ROOT = Path(__file__).parent.parent.parent
WHOLE = ROOT / "tests" / "data" / "declarations" / "whole.yaml"


def aiinfra(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiinfra", *map(str, arguments)]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env, timeout=120)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    ran = aiinfra(name, "--help")
    assert ran.returncode == 0
    assert "Example" in ran.stdout or "Commands" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_help_lists_every_command_and_the_way_in() -> None:
    ran = aiinfra("--help")
    assert ran.returncode == 0
    assert all(name in ran.stdout for name in COMMANDS)
    assert "aiinfra init --model" in ran.stdout


def test_validate_exits_by_what_it_found(tmp_path: Path) -> None:
    assert aiinfra("validate", ROOT / "tests/data/declarations/bad.yaml").returncode == 2
    ran = aiinfra("validate", WHOLE)
    assert ran.returncode == 1
    assert "[no-signer]" in ran.stderr
    assert "line-vibration, stack production, 3 sites" in ran.stdout
    missing = aiinfra("validate", tmp_path / "x.yaml")
    assert missing.returncode == 2
    assert missing.stderr.startswith("error[declaration-missing]: ")


def test_json_is_one_object_whatever_happens() -> None:
    good = json.loads(aiinfra("validate", WHOLE, "--json").stdout)
    assert sorted(good) == ["data", "findings", "schema", "tool", "version"]
    assert good["data"]["objective"]["p99"] == "20 ms"
    bad = json.loads(aiinfra("validate", ROOT / "tests/data/declarations/bad.yaml", "--json").stdout)
    assert bad["data"] is None
    assert {"id", "severity", "message", "path", "source"} <= set(bad["findings"][0])


def test_compile_twice_changes_nothing_and_an_edit_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "infra"
    assert aiinfra("compile", WHOLE, "--out", out).returncode == 1
    again = aiinfra("compile", WHOLE, "--out", out)
    assert "0 written" in again.stdout
    main = out / "registry" / "__main__.py"
    main.write_text(main.read_text() + "# mine\n")
    changed = tmp_path / "deployment.yaml"
    changed.write_text(WHOLE.read_text().replace("name: line-vibration", "name: line-noise"))
    (tmp_path / "sites.csv").write_text((WHOLE.parent / "sites.csv").read_text())
    ran = aiinfra("compile", changed, "--out", out)
    assert ran.returncode == 3
    assert main.read_text().endswith("# mine\n")
    assert (out / "registry" / "__main__.py.new").is_file()


def test_the_schema_is_written_where_asked(tmp_path: Path) -> None:
    assert aiinfra("schema", "--out", tmp_path / "s.json").returncode == 0
    assert json.loads((tmp_path / "s.json").read_text())["title"] == "aiinfra deployment"


def test_an_unknown_command_is_bad_input() -> None:
    ran = aiinfra("valdate")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


def test_edges_are_told_drawn_and_given_as_data(tmp_path: Path) -> None:
    shown = aiinfra("export", WHOLE, "--project", "site-press-line", "--format", "edges")
    assert shown.returncode == 0
    assert "plc-gateway" in shown.stdout
    data = json.loads(aiinfra("export", ROOT / "stacks/edge-site", "--format", "edges", "--json").stdout)["data"]
    assert {"src", "dst", "port", "why", "urn", "cluster"} == set(data["edge-site"]["edges"][0])
    assert aiinfra("export", WHOLE, "--format", "edges", "--out", tmp_path / "x.pdf").returncode == 2
    assert aiinfra("export", WHOLE, "--format", "edges", "--out", tmp_path / "all").returncode == 0
    assert (tmp_path / "all/site-press-line/edges.svg").read_text().startswith("<svg")
