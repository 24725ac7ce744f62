"""A class whose sites fetch their manifests, at 1,000 to 100,000 sites: compiled, registered, one site's own share.

Each measurement is the median of three processes of their own: seconds are wall time from the start of Python to the
files, megabytes the peak. The rival is the same declaration without ``delivery``, where Pulumi keeps every site (its
program is recorded for 100 sites: it grows by as much for every further one). Targets: 100,000 sites in 20 s and
1,000 MB (aim 3 s), as many resources as for 1,000, no object above 1 MiB.
"""

import json
import resource
import subprocess
import sys
import time
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
PUSHED = 100
RUNS = 3
TEXT = """\
name: help-point
tags: {{owner: traffic-control, cost_center: "5520", data_class: internal}}
model: {{file: speech.onnx, digest: "sha256:{digest}"}}
sites:
  - class: cabinet
    tier: {{accelerator: cpu-x86-64}}
    runtime: {{on: k3s, callers: [voice/intercom], issuer: {{name: cabinet-ca}}}}
    {delivery}
    rows: rows.csv
"""
DELIVERY = 'delivery: {artifact: "oci://registry.example.com/fleet/cabinet"}'


def run(out: Path) -> list[dict[str, Any]]:
    """Measure, print a table, draw the curve into ``out``, and return the rows."""
    rows: list[dict[str, Any]] = []
    print(f"{'how':10} {'sites':>8} {'seconds':>8} {'MB':>5} {'resources':>9} {'largest kB':>10} {'site s':>7}")
    for how, size in (*(("fetched", size) for size in SIZES), ("pushed", PUSHED)):
        found = [_child(how, size) for _ in range(RUNS)]
        row: dict[str, Any] = {
            "how": how,
            "sites": size,
            **{key: median(one[key] for one in found) for key in found[0]},
        }
        rows.append(row)
        figures = f"{row['seconds']:8.2f} {row['megabytes']:5.0f} {row['resources']:9.0f} {row['largest'] / 1000:10.1f}"
        print(f"{how:10} {size:8} {figures} {row['own']:7.2f}", flush=True)
    last, rival = rows[-2], rows[-1]
    each = rival["seconds"] / PUSHED
    print(f"a site costs {last['seconds'] / last['sites'] * 1e6:.0f} us fetching, {each * 1e6:.0f} us where Pulumi")
    print(f"keeps it: {each / (last['seconds'] / last['sites']):.0f} times as much")
    (out / "fleet.svg").write_text(curve(rows[:-1]), encoding="utf-8")
    return rows


def curve(rows: list[dict[str, Any]]) -> str:
    """Seconds over sites, both logarithmic, as an SVG."""
    from math import log10  # noqa: PLC0415 - of this picture alone

    def at(row: dict[str, Any]) -> tuple[float, float]:
        return 60 + (log10(row["sites"]) - 3) / 2 * 400, 240 - (log10(row["seconds"]) + 1) / 2.5 * 200

    lines = [
        f'<line x1="{a[0]:.0f}" y1="{a[1]:.0f}" x2="{b[0]:.0f}" y2="{b[1]:.0f}" stroke="#1f6feb"/>'
        for a, b in pairwise(map(at, rows))
    ]
    dots = [
        f'<circle cx="{at(row)[0]:.0f}" cy="{at(row)[1]:.0f}" r="3" fill="#1f6feb"/>'
        f'<text x="{at(row)[0]:.0f}" y="{at(row)[1] - 8:.0f}">{row["seconds"]:.2f} s, {row["megabytes"]:.0f} MB</text>'
        f'<text x="{at(row)[0]:.0f}" y="262">{row["sites"]:,}</text>'
        for row in rows
    ]
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 280" font-family="sans-serif" font-size="11"'
    words = '<text x="260" y="278">sites of one class</text><text x="60" y="16">seconds to compile and export</text>'
    return "\n".join([f'{head} text-anchor="middle">', words, *lines, *dots, "</svg>", ""])


def _child(how: str, size: int) -> dict[str, float]:
    arguments = [sys.executable, __file__, how, str(size)]
    ran = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=ROOT)
    answer: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def _measure(how: str, size: int, folder: Path) -> dict[str, float]:
    text = TEXT.format(digest="0" * 64, delivery=DELIVERY if how == "fetched" else "offline: 0 h")
    (folder / "deployment.yaml").write_text(text, encoding="utf-8")
    lines = "".join(f"site-{n},Street {n},{n % 40}\n" for n in range(size))
    (folder / "rows.csv").write_text(f"name,street,lamps\n{lines}", encoding="utf-8")
    started = time.perf_counter()
    sys.path.insert(0, str(ROOT))
    load = import_module("aiinfra.spec.reading").load
    render = import_module("aiinfra.compiler.rendering").render
    write = import_module("aiinfra.compiler.writing").write
    collect = import_module("aiinfra.graph.collect").collect
    declaration = load(folder / "deployment.yaml")
    write(render(declaration), folder / "out")
    graph = collect(folder / "out" / "site-cabinet", stack="production")
    seconds = time.perf_counter() - started
    own = time.perf_counter()
    if how == "fetched":
        import_module("aiinfra.compiler.fleet").enrolment(declaration, f"site-{size - 1}")
    nodes = [json.dumps(dict(node.inputs)) for node in graph]
    return {
        "seconds": seconds,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "resources": len(nodes),
        "largest": max(map(len, nodes)),
        "own": time.perf_counter() - own,
    }


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        print(json.dumps(_measure(sys.argv[1], int(sys.argv[2]), Path(place))))
