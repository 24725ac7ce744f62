"""The bundle of a box, judged by systemd itself where it is on the machine."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aiinfra.check.checks import has_a_runtime
from aiinfra.compiler.rendering import render
from aiinfra.spec.reading import load
from tests.goldens import check_golden
from tests.programs import ROOT

ANALYZE = shutil.which("systemd-analyze")
SYSTEMD = pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")
DECLARATION = """
name: help-point
tags: {owner: a, cost_center: b, data_class: internal}
model: {file: speech.onnx}
sites:
  - class: cabinet
    tier: %s
    runtime: %s
"""
JETSON = "{accelerator: jetson-orin-nano-super, power_mode: 7W}"
CPU = "{accelerator: cpu-x86-64}"


def bundle(folder: Path, tier: str = JETSON, runtime: str = "{on: box}") -> dict[str, str]:
    (folder / "deployment.yaml").write_text(DECLARATION % (tier, runtime))
    files = render(load(folder))
    return {name.partition("/")[2]: text for name, text in files.items() if name.startswith("site-cabinet/")}


def test_golden_bundle_of_a_jetson(tmp_path: Path, update_golden: bool) -> None:
    """The factory's box, and a board that fetches its releases with an onnxruntime of its own."""
    factory = render(load(ROOT / "examples" / "factory" / "deployment.yaml"))
    brought = {name.partition("/")[2]: text for name, text in factory.items() if name.startswith("site-press-line/")}
    wheel = f"https://wheels.example/onnxruntime_gpu-1.31.1-cp311-cp311-linux_aarch64.whl#sha256={'a' * 64}"
    source = "registry.example.com/models/help-point:cabinet"
    words = f"{{on: box, callers: [intercom], updates: {{source: '{source}'}}, runtime_wheel: '{wheel}'}}"
    fetching = bundle(tmp_path, runtime=words)
    for name, files in (("factory", brought), ("fetching", fetching)):
        for file, text in files.items():
            check_golden(f"box/{name}/{file}", text, update=update_golden)
    assert set(brought) == {"README.md", "aiinfra-power.service", "aiinfra-server.service", "server.toml"}
    assert {"aiinfra-pull.timer", "aiinfra-pull.service"} <= set(fetching) - set(brought)


def root(folder: Path, files: dict[str, str]) -> Path:
    """A file system with the bundle installed as its README says, and stubs of what the units name."""
    base = folder / "root"
    units = base / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    for name, text in files.items():
        if name.endswith(".service"):
            (units / name).write_text(text)
    for name in ("sysinit", "basic", "network-online", "shutdown", "multi-user", "network", "local-fs"):
        (units / f"{name}.target").write_text(f"[Unit]\nDescription={name}\n")
    for name in ("system.slice", "-.slice", "-.mount", "tmp.mount"):
        (units / name).write_text("[Unit]\nDescription=stub\n")
    for program in ("opt/aiinfra/bin/aiinfra", "bin/sh"):
        (base / program).parent.mkdir(parents=True, exist_ok=True)
        (base / program).write_text("#!/bin/sh\n")
        (base / program).chmod(0o755)
    return base


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    environment = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning"}
    return subprocess.run([ANALYZE, *map(str, arguments)], capture_output=True, text=True, check=False, env=environment)


@SYSTEMD
@pytest.mark.parametrize("tier", [JETSON, CPU])
def test_the_units_are_valid(tmp_path: Path, tier: str) -> None:
    base = root(tmp_path, bundle(tmp_path, tier))
    units = sorted(file.name for file in (base / "etc/systemd/system").glob("aiinfra-*.service"))
    assert len(units) == (2 if tier == JETSON else 1)
    ran = analyze("verify", "--man=no", f"--root={base}", *units)
    assert [line for line in ran.stderr.splitlines() if "aiinfra" in line or "Unknown" in line] == []


UPDATES = (
    '{on: box, updates: {source: "registry.example.com/models/help-point:cabinet", window: "Sun *-*-* 02:00", '
    "jitter: 1 h, soak: 5 min, max_p99: 20 ms}}"
)


@SYSTEMD
def test_a_box_that_pulls_has_valid_units(tmp_path: Path) -> None:
    files = bundle(tmp_path, CPU, UPDATES)
    base = root(tmp_path, files)
    (base / "etc/systemd/system/aiinfra-pull.timer").write_text(files["aiinfra-pull.timer"])
    (base / "etc/systemd/system/timers.target").write_text("[Unit]\nDescription=timers\n")
    units = ["aiinfra-pull.service", "aiinfra-pull-finish.service", "aiinfra-pull.timer", "aiinfra-server.service"]
    ran = analyze("verify", "--man=no", f"--root={base}", *units)
    assert [line for line in ran.stderr.splitlines() if "aiinfra" in line or "Unknown" in line] == []
    for unit in units[:2]:
        (tmp_path / unit).write_text(files[unit])
        judged = analyze("security", "--offline=true", "--threshold=12", "--json=short", tmp_path / unit)
        assert judged.returncode == 0, unit
    assert analyze("calendar", "Sun *-*-* 02:00").returncode == 0


def test_a_box_that_pulls_does_so_in_its_window_and_finishes_after_a_cut(tmp_path: Path) -> None:
    files = bundle(tmp_path, CPU, UPDATES)
    judged = '--soak "5 min" --max-failed "1 %%" --max-p99 "20 ms"'
    assert (
        "ExecStart=/opt/aiinfra/bin/aiinfra release pull registry.example.com/models/help-point:cabinet "
        f"--config /etc/aiinfra/server.toml --model help-point {judged}\n"
    ) in files["aiinfra-pull.service"]
    assert "OnFailure=aiinfra-pull-finish.service" in files["aiinfra-pull.service"]
    assert f"release pull --finish --config /etc/aiinfra/server.toml {judged}\n" in files["aiinfra-pull-finish.service"]
    timer = files["aiinfra-pull.timer"]
    assert "OnCalendar=Sun *-*-* 02:00\nRandomizedDelaySec=3600s\n" in timer
    assert '[watch]\naddress = "127.0.0.1:9091"' in files["server.toml"]
    assert "digest" not in files["server.toml"], "a pinned digest would refuse every new release"


def test_a_box_that_does_not_pull_has_no_such_units(tmp_path: Path) -> None:
    files = bundle(tmp_path, CPU)
    assert not [name for name in files if "pull" in name]
    assert "watch" not in files["server.toml"]


@SYSTEMD
def test_systemd_sees_what_is_wrong(tmp_path: Path) -> None:
    files = bundle(tmp_path)
    broken = files["aiinfra-server.service"].replace("ProtectSystem=strict", "ProtectSystm=strict")
    base = root(tmp_path, {"aiinfra-server.service": broken})
    assert "ProtectSystm" in analyze("verify", "--man=no", f"--root={base}", "aiinfra-server.service").stderr


@SYSTEMD
@pytest.mark.parametrize(("tier", "exposure"), [(JETSON, 1.5), (CPU, 1.2)])
def test_exposure_is_low(tmp_path: Path, tier: str, exposure: float) -> None:
    unit = tmp_path / "aiinfra-server.service"
    unit.write_text(bundle(tmp_path, tier)["aiinfra-server.service"])
    ran = analyze("security", "--offline=true", f"--threshold={int(exposure * 10)}", "--json=short", unit)
    open_: list[dict[str, Any]] = [item for item in json.loads(ran.stdout) if not item["set"]]
    assert ran.returncode == 0, sorted((item["exposure"], item["name"]) for item in open_)


@SYSTEMD
def test_the_filter_lets_through_what_the_server_calls(tmp_path: Path) -> None:
    """Every call in a trace of the server vetting a model, answering and ending is in the unit's filter."""
    unit = bundle(tmp_path)["aiinfra-server.service"]
    filters = [line.partition("=")[2].split() for line in unit.splitlines() if line.startswith("SystemCallFilter=")]
    taken = {call for name in ("@privileged", "@resources") for call in calls(name)}
    allowed = (calls("@system-service") | calls("@default")) - taken | set(filters[-1])
    assert [names[0] for names in filters[:-1]] == ["@system-service", "~@privileged"]
    seen = {line for line in TRACE.read_text().splitlines() if not line.startswith("#")}
    assert {"landlock_create_ruleset", "mbind", "openat"} <= seen
    assert sorted(seen - allowed) == []
    assert "SystemCallErrorNumber=EPERM" in unit


TRACE = Path(__file__).parent.parent / "data" / "server-calls.txt"


def calls(name: str) -> set[str]:
    """System calls of a set, the sets in it expanded."""
    found: set[str] = set()
    for line in analyze("syscall-filter", name).stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= calls(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def test_the_power_mode_is_found_in_the_boards_own_table(tmp_path: Path) -> None:
    unit = bundle(tmp_path)["aiinfra-power.service"]
    line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
    script = line.partition("'")[2].rstrip("'").replace("$$", "$").replace("\\\\", "\\")
    table = tmp_path / "nvpmodel.conf"
    table.write_text(
        "# a board\n< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=3 NAME=7W >\n< PM_CONFIG DEFAULT=0 >\n"
    )
    script = script.replace("/etc/nvpmodel.conf", str(table)).replace("exec nvpmodel", "echo nvpmodel")
    ran = subprocess.run(["/bin/sh", "-ec", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "nvpmodel -m 3\n"
    table.write_text("< POWER_MODEL ID=0 NAME=15W >\n")
    assert subprocess.run(["/bin/sh", "-ec", script], capture_output=True, check=False).returncode == 1


def test_only_boards_with_modes_get_a_power_unit(tmp_path: Path) -> None:
    assert "aiinfra-power.service" not in bundle(tmp_path, CPU)
    assert "aiinfra-power" not in bundle(tmp_path, CPU)["aiinfra-server.service"]
    assert "Wants=aiinfra-power.service" in bundle(tmp_path)["aiinfra-server.service"]


WHEEL = "https://wheels.example/onnxruntime_gpu-1.23.0-cp311-cp311-linux_aarch64.whl#sha256=" + "0" * 64


def test_a_board_says_which_runtime_it_needs(tmp_path: Path) -> None:
    assert "refuses to start until a wheel built for this board is installed" in bundle(tmp_path)["README.md"]
    assert [finding.id for finding in has_a_runtime(load(tmp_path))] == ["no-runtime-wheel"]
    named = bundle(tmp_path, runtime=f"{{on: box, runtime_wheel: '{WHEEL}'}}")["README.md"]
    assert f"pip install --force-reinstall --no-deps '{WHEEL}'" in named
    assert list(has_a_runtime(load(tmp_path))) == []
    assert "refuses to start" not in bundle(tmp_path, CPU)["README.md"]
