"""A program in a process of its own answers with the same graph, or with the same error and what it wrote."""

import os
import sys
import time
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.graph.child import collect_in_subprocess, error_as, error_from
from aiinfra.graph.collect import collect
from aiinfra.graph.node import Mode


def test_the_graph_is_the_same(mixed: Path) -> None:
    options = {
        "mode": Mode.PREVIEW,
        "stack": "staging",
        "config": {"region": "eu-west-1", "token": "canary"},
        "secret_config": ["token"],
        "fingerprint_key": b"k",
        "references": {"other": collect(lambda: None)},
    }
    assert collect_in_subprocess(mixed, **options) == collect(mixed, **options)


def test_errors_are_the_same_and_what_the_program_wrote_is_shown(project) -> None:
    folder = project("import pulumi\nprint('looking')\npulumi.Config().require('zones')\n")
    with pytest.raises(BadInput) as caught:
        collect_in_subprocess(folder)
    assert caught.value.code == "config-missing"
    first, *rest = caught.value.message.splitlines()
    assert first == "__main__.py:3: the program needs the configuration key 'small:zones', which is not set"
    assert rest == ["  the program wrote:", "    looking"]


def test_a_process_that_dies_is_an_error_with_its_last_words(project) -> None:
    folder = project("import os, sys\nsys.stderr.write('out of memory')\nsys.stderr.flush()\nos._exit(9)\n")
    with pytest.raises(AiinfraError, match="ended with code 9 without an answer") as caught:
        collect_in_subprocess(folder)
    assert caught.value.code == "program-crashed"
    assert "    out of memory" in caught.value.message


def test_a_program_that_hangs_is_killed_with_what_it_started(project, tmp_path, monkeypatch) -> None:
    # Blocked in C with signals held back: only a kill ends it.
    main = (
        "import os, signal, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    for patience in (8.0, 60.0, 120.0):  # a loaded machine may need long to get as far as the program
        monkeypatch.setattr("aiinfra.graph.child.START", patience)
        with pytest.raises(AiinfraError) as caught:
            collect_in_subprocess(project(main), timeout=1)
        assert caught.value.code == "program-timeout"
        if (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text():
            break
    pid = int((tmp_path / "pid").read_text())
    for _ in range(300):
        if not alive(pid):
            return
        time.sleep(0.1)
    raise AssertionError("the program's own child is still there")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.is_file() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_python_without_aiinfra_is_told(project, tmp_path) -> None:
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\necho '{fake}: No module named aiinfra' >&2\nexit 1\n")
    fake.chmod(0o755)
    for python, said in [(str(fake), "has no aiinfra"), (str(tmp_path / "nowhere"), "cannot be run")]:
        with pytest.raises(AiinfraError, match=said) as caught:
            collect_in_subprocess(project("", name=said.split()[0]), python=python)
        assert caught.value.code == "python-unusable"


def test_another_version_of_the_graph_is_told(project, tmp_path) -> None:
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\ncat > /dev/null\necho \'{"graph": {"schema": "aiinfra.graph/9"}}\'\n')
    fake.chmod(0o755)
    with pytest.raises(AiinfraError, match="another version of aiinfra"):
        collect_in_subprocess(project(""), python=str(fake))


def test_what_is_wrong_with_the_path_is_said_without_a_process() -> None:
    with pytest.raises(BadInput, match="nowhere is not there"):
        collect_in_subprocess("nowhere", python=sys.executable + "-not")


def test_errors_survive_the_way_back() -> None:
    finding = Finding("tier-unknown", Severity.ERROR, "no such tier", "sites[0].tier", remedy="use one")
    for error in (BadInput("declaration-invalid", "m", "r", [finding]), AiinfraError("duplicate-urn", "m", "r")):
        back = error_from(error_as(error))
        assert (type(back), back.render()) == (type(error), error.render())
