"""``up``, ``status`` and ``down`` as a person types them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.conftest import folder, port  # noqa: F401 - fixtures of the local plane's tests

ROOT = Path(__file__).parents[2]


CORRUPT = (
    "error[model-corrupt]: m.onnx is not a usable ONNX model: "
    "it does not parse as ONNX: truncated, nested too deeply, or not a model"
)
DIFFERS = (
    "error[model-differs]: m.onnx is not the model that is declared: input 'x' is FP32 [-1, 4], declared FP32 [-1, 5]"
)


@pytest.fixture
def line(folder, tmp_path):  # noqa: F811
    """Runs ``aiinfra`` in the declaration's folder; whatever is up at the end of the test is taken down."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path / "config"), "COLUMNS": "200"}

    def run(*words, wait=True):
        command = [sys.executable, "-W", "error", "-m", "aiinfra", *words]
        if not wait:
            return subprocess.Popen(
                command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)

    yield run
    run("down")


def until(process, text):
    """Read standard output up to the line that holds ``text``."""
    lines = []
    for said in process.stdout:
        lines.append(said)
        if text in said:
            return lines
    raise AssertionError(f"ended without saying {text!r}: {lines} {process.stderr.read()}")


def test_detached_then_status_then_down(line, port, folder):  # noqa: F811
    up = line("up", "--local", "--detach", "--port", str(port))
    assert (up.returncode, up.stderr) == (0, "")
    for part in (
        "repository.dir      /models -> .aiinfra/local/press/releases/",
        f"http.address        0.0.0.0:8443 -> 127.0.0.1:{port}  (this machine only, on the port asked for)",
        "predicts y [1, 3] = ",
        "expected y [1, 3] = ",
        "verdict  golden outputs hold, largest difference ",
        "(from: numpy 2)",
        "latency  first ",
        f"ask      curl -s http://127.0.0.1:{port}/v2/models/press/infer -d @.aiinfra/local/press/golden-request.json",
    ):
        assert part in up.stdout
    status = line("status")
    assert (status.returncode, status.stdout.split(" (pid")[0]) == (0, f"press is up at http://127.0.0.1:{port}")
    envelope = json.loads(line("status", "deployment.yaml", "--json").stdout)
    assert envelope["data"][0]["ready"] is True
    again = line("up", "--local")
    assert (again.returncode, again.stderr.splitlines()[0][:46]) == (
        3,
        "error[already-up]: press is already up at http",
    )
    down = line("down")
    assert (down.returncode, down.stdout) == (0, "press is down\n")
    assert (line("down").stdout, line("status").returncode) == ("nothing was up\n", 1)
    assert not (folder / ".aiinfra/local/press/instance.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_until_it_is_told(line, port, folder, number):  # noqa: F811
    up = line("up", "--local", "--port", str(port), wait=False)
    until(up, "log ")
    up.send_signal(number)
    out, err = up.communicate(timeout=30)
    assert (up.returncode, out.splitlines()[-1], err) == (0, "press is down", "")  # told early, it may not say all
    assert line("status").stderr.startswith("error[not-up]")
    assert not (folder / ".aiinfra/local/press/instance.json").exists()


def test_in_the_foreground_until_the_server_is_killed(line, port, folder):  # noqa: F811
    up = line("up", "--local", "--port", str(port), wait=False)
    until(up, "log ")
    os.kill(json.loads((folder / ".aiinfra/local/press/instance.json").read_text())["pid"], signal.SIGKILL)
    _, err = up.communicate(timeout=30)
    first = "error[server-gone]: the server of press ended without being asked to: killed by SIGKILL"
    assert (up.returncode, err.splitlines()[0]) == (1, first)
    status = line("status")
    assert (status.returncode, status.stderr.splitlines()[0]) == (1, first)


def test_without_local(line):
    up = line("up", "deployment.yaml")
    assert up.returncode == 2
    assert up.stderr.splitlines() == [
        "error[up-local-only]: aiinfra up serves on this machine only, and wants --local to say so",
        "  fix: in the cloud or on a site: aiinfra compile deployment.yaml --out build, then pulumi up in each project",
    ]


@pytest.mark.parametrize(
    ("change", "code", "first"),
    [
        (lambda f: (f / "m.onnx").unlink(), 2, "error[model-missing]: no model at m.onnx"),
        (lambda f: (f / "m.onnx").write_bytes(b"junk"), 2, CORRUPT),
        (lambda f: edit(f, "shape: [-1, 4]", "shape: [-1, 5]"), 2, DIFFERS),
        (lambda f: edit(f, "golden: golden", "golden: absent"), 2, "error[golden-missing]: absent is not a folder"),
    ],
)
def test_mistakes(line, folder, change, code, first):  # noqa: F811
    change(folder)
    up = line("up", "--local", "--port", "18123")
    assert (up.returncode, up.stderr.splitlines()[0]) == (code, first)
    assert "Traceback" not in up.stderr
    assert not (folder / ".aiinfra/local/press/instance.json").exists()


def edit(folder, old, new):  # noqa: F811
    file = folder / "deployment.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_site_must_be_one(line):
    up = line("up", "--local", "--site", "lin")
    assert up.stderr.splitlines() == [
        "error[site-unknown]: deployment.yaml declares no site 'lin'; did you mean 'line'?",
        "  fix: name one of line",
    ]
