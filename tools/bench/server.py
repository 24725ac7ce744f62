"""The server against what its users would pick instead: same models, same client, one core for the server.

Rounds are interleaved (every server once a round, in a turning order); medians over rounds and ratios are printed, with
versions. Absolute figures move with the machine; ratios within one run are what counts. The second table divides by the
processor time that the server itself used, which is what is left to compare where other programs share its core.

    python -m tools.bench.server --out .bench --rounds 5 --seconds 2
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import grpc
import numpy as np

from aiinfra.bench.driver import Driver
from aiinfra.bench.request import make_request, metadata_of, site_of
from aiinfra.server.grpc_messages import SERVICE, message
from tools.bench._server import certificates
from tools.bench._server.contenders import SIZES, Contender, contenders
from tools.bench._server.starts import measure as measure_starts

SERVER_CORE, CLIENT_CORE = 0, 1
RAW = """
import sys, time, numpy as np, onnxruntime
o = onnxruntime.SessionOptions(); o.intra_op_num_threads = 1
s = onnxruntime.InferenceSession(sys.argv[1], o); x = {"x": np.zeros((1, 3, 224, 224), np.float32)}
s.run(None, x); n = 0; began = time.perf_counter(); used = time.process_time()
while time.perf_counter() - began < float(sys.argv[2]): s.run(None, x); n += 1
print(n / (time.perf_counter() - began), n / (time.process_time() - used))
"""


Row = list[tuple[float, float, float]]
"""Rounds: answers a second, median latency, answers a processor second."""
Results = dict[str, dict[str, Row]]
"""Scenario -> contender -> rounds."""


Rows = list[dict[str, object]]


CONNECTIONS = {"small": (1, 32), "large": (8,)}


def scenarios(model: str) -> list[tuple[str, int]]:
    """Encoding, connections."""
    return [(encoding, count) for encoding in ("json", "binary", "grpc") for count in CONNECTIONS[model]]


async def _grpc(port: int, model: str, seconds: float, count: int) -> tuple[float, float]:
    shape = [1, *SIZES[model][0]]
    tensor = {"name": "x", "datatype": "FP32", "shape": shape}
    raw = [np.random.default_rng(0).random(shape, np.float32).tobytes()]
    request = message("ModelInferRequest")(
        model_name=model, inputs=[tensor], raw_input_contents=raw
    ).SerializeToString()
    times: list[float] = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        await call(request)
        began = time.perf_counter()

        async def one() -> None:
            while (now := time.perf_counter()) - began < seconds:
                await call(request)
                times.append(time.perf_counter() - now)

        await asyncio.gather(*(one() for _ in range(count)))
        taken = time.perf_counter() - began
    return len(times) / taken, median(times)


def measure(one: Contender, model: str, encoding: str, count: int, seconds: float) -> tuple[float, float] | None:
    """Answers a second and median latency; None where the server does not speak it."""
    if encoding not in one.encodings:
        return None
    if encoding == "grpc":
        return asyncio.run(_grpc(one.ports.grpc, model, seconds, count))
    context = certificates.client_context(one.folder) if one.scheme == "https" else None
    site = site_of(f"{one.scheme}://127.0.0.1:{one.ports.http}", context)
    port = {"name": "x", "datatype": "FP32", "shape": [-1, *SIZES[model][0]]}
    given: dict[str, object] = {"inputs": [port], "outputs": [{"name": "y"}]}
    if one.scheme == "http":
        metadata_of(site, model)
    request = make_request(site, model, given, binary=encoding == "binary")
    outcome = Driver(site, request).run(seconds, connections=count)
    if set(outcome.statuses) != {"200"}:
        raise SystemExit(f"{one.name} answered {dict(outcome.statuses)} to {model} {encoding}")
    return outcome.rate, outcome.percentile(0.5)


def run(
    out: Path, *, rounds: int = 5, seconds: float = 2.0, only: list[str] | None = None, served: tuple[str, ...] = ()
) -> Rows:
    """Install, start, measure, print the tables; the rows for the record."""
    rows: Rows = []
    text = ""
    for model in served or tuple(SIZES):
        found, table = _one_model(model, out, rounds=rounds, seconds=seconds, only=only)
        print(table)
        text += table + "\n\n"
        rows += found
    (out / "server.md").write_text(text)
    return rows


def _one_model(model: str, out: Path, *, rounds: int, seconds: float, only: list[str] | None) -> tuple[Rows, str]:
    everyone = [one for one in contenders() if not only or one.name in only]
    results: Results = {}
    raw: list[tuple[float, float]] = []
    for one in everyone:
        one.install(out.resolve() / "servers", model)
    all_cores = os.sched_getaffinity(0)
    try:
        for one in everyone:
            one.start(SERVER_CORE)
        os.sched_setaffinity(0, {CLIENT_CORE})
        for number in range(rounds):
            turned = everyone[number % len(everyone) :] + everyone[: number % len(everyone)]
            for encoding, count in scenarios(model):
                if model == "large":  # beside each scenario: the machine's speed changes within a round
                    raw.append(_raw(everyone[0].model_file, seconds))
                for one in turned:
                    _round(one, (encoding, count), seconds, results)
        memory = {one.name: one.memory() for one in everyone}
    finally:
        os.sched_setaffinity(0, all_cores)
        for one in everyone:
            one.stop()
    starts = measure_starts(everyone[0].repository, SERVER_CORE) if everyone[0].name == "aiinfra" else {}
    rows: Rows = [
        {"scenario": scenario, "server": name, "rounds": row}
        for scenario, by_name in results.items()
        for name, row in by_name.items()
    ]
    return rows, render(everyone, results, raw, memory, starts)


def _round(one: Contender, scenario: tuple[str, int], seconds: float, results: Results) -> None:
    encoding, count = scenario
    model = one.model
    before = one.processor_s()
    found = measure(one, model, encoding, count, seconds)
    if found is not None:
        used = max(one.processor_s() - before, 0.01)
        entry = (found[0], found[1], found[0] * seconds / used)
        results.setdefault(f"{model} {encoding} c={count}", {}).setdefault(one.name, []).append(entry)


def _raw(file: Path, seconds: float) -> tuple[float, float]:
    """onnxruntime alone: calls a second, and a processor second."""
    command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-c", RAW, str(file), str(seconds)]
    rate, of_processor = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(rate), float(of_processor)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(".bench"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", nargs="*", help="names of contenders")
    parser.add_argument("--models", nargs="*", default=(), choices=[*SIZES, []], help="one of them; all by default")
    options = parser.parse_args()
    run(options.out, rounds=options.rounds, seconds=options.seconds, only=options.only, served=tuple(options.models))
    return 0


def render(
    everyone: list[Contender],
    results: Results,
    raw: list[tuple[float, float]],
    memory: dict[str, float],
    starts: dict[str, float],
) -> str:
    """Medians as a table; ours divided by each rival's in brackets."""
    names = [one.name for one in everyone]
    lines = ["| requests a second (p50 ms) | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += _rows(names, results, 0, lambda row: f" ({median(entry[1] for entry in row) * 1e3:.2f})")
    lines.append("| memory, MB | " + " | ".join(f"{memory[name]:.0f}" for name in names) + " |")
    lines.append("| started within, s | " + " | ".join(f"{one.ready_s:.1f}" for one in everyone) + " |")
    lines += ["", "| requests a processor second | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += _rows(names, results, 2, lambda _: "")
    if raw:
        rate, of_processor = (median(one[at] for one in raw) for at in (0, 1))
        lines.append(
            f"\nraw onnxruntime, same model and core: {rate:.1f} a second, {of_processor:.1f} a processor second"
        )
    if starts:
        lines.append("\nour starts: " + ", ".join(f"{name} {figure:.2f}" for name, figure in starts.items()))
    lines.append("\n" + "; ".join(f"{one.name}: {one.versions}" for one in everyone))
    return "\n".join(lines)


def _rows(names: list[str], results: Results, column: int, note: Callable[[Row], str]) -> list[str]:
    first = names[0]
    lines = []
    for scenario, by_name in results.items():
        cells = []
        for name in names:
            row = by_name.get(name)
            if row is None:
                cells.append("-")
                continue
            figure = median(entry[column] for entry in row)
            own = median(entry[column] for entry in by_name[first]) if first in by_name else figure
            ratio = "" if name == first else f", ours {own / figure:.2f}x"
            cells.append(f"{figure:,.{0 if figure > 100 else 1}f}{note(row)}{ratio}")
        lines.append(f"| {scenario} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
