"""How long our server takes from its start to its first answer, and how much memory it then holds."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent


def _start(repository: Path, verdicts: Path, core: int) -> tuple[float, float]:
    """Seconds until it listens with its model warm, and its proportional set size in MB (children have ended)."""
    config = verdicts / "server.toml"
    config.write_text(
        f'[repository]\ndir = "{repository}"\nallow_unsigned = true\nverdicts = "{verdicts}"\n'
        '[http]\naddress = "127.0.0.1:0"\n'
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
    command = ["taskset", "-c", str(core), sys.executable, "-m", "aiinfra.server", "--config", str(config)]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "listening"
        took = time.monotonic() - began
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        return took, int(text.split("\nPss:")[1].split()[0]) / 1000
    finally:
        process.terminate()
        process.wait(20)


def measure(repository: Path, core: int, times: int = 5) -> dict[str, float]:
    """Medians and the slowest of ``times`` starts, without a kept verdict and with one; memory, the largest seen."""
    without: list[float] = []
    cached: list[float] = []
    memory: list[float] = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            without.append(_start(repository, Path(folder), core)[0])
            took, held = _start(repository, Path(folder), core)
            cached.append(took)
            memory.append(held)
    return {
        "without a verdict": median(without),
        "without a verdict, slowest": max(without),
        "with a verdict": median(cached),
        "with a verdict, slowest": max(cached),
        "memory, MB": max(memory),
    }
