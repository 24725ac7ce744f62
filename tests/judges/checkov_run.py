"""What checkov says of files and of Terraform plans. It lives in an environment of its own."""

import json
import os
import subprocess
from pathlib import Path

from tests.programs import ROOT

ENVIRONMENT = ROOT / ".venv-judges"
Verdict = tuple[frozenset[tuple[str, str]], frozenset[str]]
"""``((check, resource) that failed, every check that ran)``."""


def _run(program: str, arguments: list[str | Path], folder: Path) -> str:
    """What it prints; a crash fails the test."""
    found = ENVIRONMENT / "bin" / program
    assert found.exists(), f"no checkov in {ENVIRONMENT}: run make judges, which sets it up"
    ran = subprocess.run(
        [found, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LOG_LEVEL": "ERROR"},
    )
    assert "Traceback" not in ran.stderr, ran.stderr[-2000:]
    return ran.stdout


def of_manifests(file: Path) -> Verdict:
    """Judge a file of Kubernetes objects; one that checkov cannot read fails the test."""
    arguments = ["-f", file, "--framework", "kubernetes", "-o", "json", "--compact", "--skip-download"]
    found = json.loads(_run("checkov", arguments, file.parent))
    assert found["summary"]["parsing_errors"] == 0
    results = found["results"]
    failed = frozenset((one["check_id"], one["resource"]) for one in results["failed_checks"])
    return failed, frozenset(one["check_id"] for kind in ("passed_checks", "failed_checks") for one in results[kind])


def of_plans(plans: list[str], folder: Path) -> list[Verdict]:
    """Judge each Terraform plan by itself; one that checkov cannot read fails the test."""
    files = [folder / f"{number}.plan.json" for number in range(len(plans))]
    for file, text in zip(files, plans, strict=True):
        file.write_text(text)
    script = Path(__file__).with_name("in_checkov_environment.py")
    found = json.loads(_run("python", [script, *files], folder))
    assert [one["unread"] for one in found] == [[]] * len(plans)
    return [(frozenset(map(tuple, one["failed"])), frozenset(one["ran"])) for one in found]
