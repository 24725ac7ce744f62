"""docs/workflows/release.yml: every command it runs is one that there is, with the options it has."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from aiinfra.cli import group

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / "docs" / "workflows" / "release.yml"
ACTIONLINT = shutil.which("actionlint", path=f"{ROOT / 'tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
PAGE = ROOT / "docs" / "release-pipeline.md"


def commands() -> list[str]:
    """What the workflow's steps and the page run of ours."""
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    scripts = "\n".join(step.get("run", "") for job in jobs for step in job["steps"])
    page = re.findall(r"`(aiinfra [a-z]+ [a-z]+ [^`<]*--[^`]*)`", PAGE.read_text(encoding="utf-8"))
    blocks = re.findall(r"(?m)^aiinfra .*$", PAGE.read_text(encoding="utf-8"))
    found = [line.strip() for line in scripts.splitlines() if line.strip().startswith("aiinfra ")]
    return sorted({*found, *page, *blocks})


@pytest.mark.parametrize("line", commands())
def test_a_command_is_one_that_there_is(line: str) -> None:
    words = shlex.split(re.split(r" [>|] ", line)[0])[1:]
    command: click.Command = group
    context = click.Context(group)
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    made = command.make_context(command.name, words)
    assert not made.args


def test_there_are_commands_to_look_at() -> None:
    assert len(commands()) > 12


EXTRAS = {"release build": "release", "release sign": "aws", "release push": "aws", "release verify": "release"}
"""What a command needs installed there: goldens, cards and bills; the key in KMS; credentials of ECR; verifying."""


def test_every_job_installs_what_its_commands_need() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    for name, job in jobs.items():
        script = "\n".join(step.get("run", "") for step in job["steps"])
        installed = {extra for found in re.findall(r"aiinfra\[([a-z,]+)\]", script) for extra in found.split(",")}
        needed = {extra for words, extra in EXTRAS.items() if f"aiinfra {words}" in script}
        assert needed <= installed, name
        assert "aiinfra release" not in script or installed, f"{name} installs nothing"


@pytest.mark.e2e
@pytest.mark.skipif(ACTIONLINT is None, reason="actionlint is not here: make tools")
def test_actionlint_has_nothing_to_say() -> None:
    ran = subprocess.run([str(ACTIONLINT), WORKFLOW], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
