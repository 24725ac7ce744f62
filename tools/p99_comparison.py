"""The 99th percentile that is estimated from a calibration, against the bundled server under load on this machine.

Usage: python -m tools.p99_comparison. For each model: calibrates it as a user would, predicts the 99th percentile at
shares of the measured capacity, then serves it and measures those rates with the driver of `aiinfra bench`, at random
moments. Writes docs/foresight/p99.json and prints the table. The driver runs on the same machine, on a core of its own.
"""

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import onnx

from aiinfra.bench.report import measure
from aiinfra.catalogue.catalogue import shipped
from aiinfra.estimate.box import Box, measured_box
from aiinfra.estimate.calibrate import calibrate
from aiinfra.estimate.queueing import p99
from aiinfra.estimate.value import Value
from aiinfra.spec.tier import Tier
from tools.cpu_comparison import BUILT, ROOT

MODELS = ("mobilenet-like", "wide-2x1024", "waveform-8192")
FREE = ("waveform-8192", "wide-2x1024")
SHARES = (0.2, 0.5, 0.75)
TIER = Tier(accelerator="epyc-zen5", cores=1)
SECONDS = 20.0


def free(path: Path) -> None:
    """Let the first dimension be anything, so that the server may share calls between requests."""
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    onnx.save(model, path)


def predicted(model: Path) -> dict[str, dict[str, float]]:
    part = shipped().accelerator(TIER.accelerator)
    box = Box(part, part.mode(), cores=1)
    found = calibrate(model, TIER, shipped(), seconds=6, host="this machine", taken=datetime.now(UTC).date(), meters=[])
    capacity, _, tail, _, _ = measured_box(found, box)
    service = Value(found.p50 * 0.9, found.p50, found.p50 * 1.1, "s")
    out = {}
    for share in SHARES:
        rate = share * capacity.bounds[1]
        low, value, high = p99(tail, service, capacity, rate, workers=(1, 1)).bounds
        out[f"{share:g}"] = {"rate": rate, "low": low * 1e3, "value": value * 1e3, "high": high * 1e3}
    return out


def served(folder: Path, name: str, rates: list[float]) -> list[float]:
    """p99 in ms of each rate, from a server of one thread."""
    ready = folder / "ready"
    config = folder / "server.toml"
    config.write_text(
        f'[repository]\ndir = "{folder}"\nallow_unsigned = true\n'
        '[http]\naddress = "127.0.0.1:0"\n[models."*"]\nthreads = 1\n'.replace('"*"', f'"{name}"'),
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "aiinfra",
        "serve",
        str(folder),
        "--config",
        str(config),
        "--ready-file",
        str(ready),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            url = f"http://{json.loads(line)['http']}"
            out = []
            for rate in rates:
                report = measure(url, name, rate=rate, arrivals="random", connections=64, seconds=SECONDS, binary=True)
                out.append(report.outcome.percentile(0.99) * 1e3)
            return out
        finally:
            server.terminate()


def main() -> None:
    rows = {}
    for name in MODELS:
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text) / "models"
            path = folder / name / "1" / "model.onnx"
            path.parent.mkdir(parents=True)
            BUILT[name](path)
            if name in FREE:
                free(path)
            guess = predicted(path)
            truth = served(folder, name, [row["rate"] for row in guess.values()])
        for (share, row), found in zip(guess.items(), truth, strict=True):
            inside = row["low"] <= found <= row["high"]
            rows[f"{name} at {share}"] = {**row, "measured": found, "inside": inside}
            words = f"{row['value']:>8.2f} ({row['low']:.2f} to {row['high']:.2f}) {found:>8.2f} ms"
            print(f"{name:<16} {row['rate']:>7.1f}/s {words} {'in' if inside else 'out'}", flush=True)
    kept = {
        key: {k: v if isinstance(v, bool) else float(f"{v:.4g}") for k, v in row.items()} for key, row in rows.items()
    }
    (ROOT / "docs/foresight/p99.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
