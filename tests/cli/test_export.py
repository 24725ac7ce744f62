"""``aiinfra export`` as a person or a script meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
MIXED = ROOT / "tests" / "data" / "programs" / "mixed"
OBJECTS = """
import pulumi, pulumi_kubernetes as k8s
print("looking around")
k8s.core.v1.Namespace("n", metadata={"name": "line"})
k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data={"k": pulumi.Config().require("token")})
"""


def export(*arguments: str | Path, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "aiinfra", "export", *map(str, arguments)]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env, timeout=120)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(OBJECTS)
    return tmp_path / "app.py"


def test_a_project_is_printed_whole_without_its_secrets() -> None:
    ran = export(MIXED, "--config", "token=canary-4711")
    assert (ran.returncode, ran.stderr) == (0, "")
    graph = json.loads(ran.stdout)
    assert (graph["project"], graph["mode"], len(graph["resources"])) == ("mixed", "symbolic", 13)
    assert "canary" not in ran.stdout


def test_manifests_are_printed_or_written_without_what_the_program_prints(program: Path, tmp_path: Path) -> None:
    asked = ("app.py", "--format", "manifests", "--omit-secrets", "--config", "token=canary-4711")
    printed = export(*asked, cwd=tmp_path)
    assert printed.returncode == 0
    assert yaml.safe_load(printed.stdout) == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "line"}}
    assert "Secret s is left out" in printed.stderr
    written = export(*asked, "--out", "manifests", cwd=tmp_path)
    assert written.returncode == 0
    assert [file.name for file in (tmp_path / "manifests").iterdir()] == ["00-namespace-line.yaml"]
    assert "canary" not in printed.stdout + printed.stderr + written.stdout + written.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "first"),
    [
        (("app.py", "--format", "manifests", "--config", "token=x"), 2, "error[manifests-refused]: 1 value"),
        (("app.py",), 2, "error[config-missing]: app.py:5: the program needs the configuration key 'project:token'"),
        (("ap.py",), 2, "error["),
        (("broken.py",), 1, "error[program-failed]: broken.py:1: ZeroDivisionError: division by zero"),
        (("app.py", "--config", "token"), 2, "Usage"),
    ],
)
def test_mistakes_are_one_message(program: Path, arguments: tuple, code: int, first: str) -> None:
    (program.parent / "broken.py").write_text("1 / 0\n")
    ran = export(*arguments, cwd=program.parent)
    assert ran.returncode == code
    assert ran.stderr.startswith(first)
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
