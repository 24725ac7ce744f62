"""One run of checkov over one file."""

import json
import os
import subprocess
from pathlib import Path

Verdict = tuple[frozenset[tuple[str, str]], frozenset[str]]
"""``((check, resource) that failed, every check that ran)``."""


def run(checkov: Path, framework: str, file: Path) -> Verdict:
    """Judge ``file``; a crash or a file that checkov cannot read fails the test."""
    arguments = ["--framework", framework, "-o", "json", "--compact", "--skip-download"]
    ran = subprocess.run(
        [checkov, "-f", str(file), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=file.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(file.parent), "LOG_LEVEL": "ERROR"},
    )
    assert "Traceback" not in ran.stderr, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    assert found["summary"]["parsing_errors"] == 0
    results = found["results"]
    failed = frozenset((one["check_id"], one["resource"]) for one in results["failed_checks"])
    return failed, frozenset(one["check_id"] for kind in ("passed_checks", "failed_checks") for one in results[kind])
