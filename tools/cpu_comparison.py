"""Estimates against measurements on this machine's CPU, with models built here and those of the examples.

Usage: python tools/cpu_comparison.py estimate|measure [TIER]. `estimate` writes docs/foresight/cpu-estimates.json;
commit it, then `measure` writes docs/foresight/cpu-measured.json and prints the table. Nothing is fitted to either.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from aiinfra.catalogue.catalogue import shipped
from aiinfra.estimate.box import Box, engine_latency
from aiinfra.estimate.calibrate import calibrate
from aiinfra.estimate.onnx_work import of_facts
from aiinfra.model.facts import read_facts
from aiinfra.spec.tier import Tier

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "foresight"


class Graph:
    """Builds a small ONNX graph with random weights: the structure is what counts."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(7)

    def weight(self, *shape: int) -> str:
        name = f"w{len(self.weights)}"
        values = self.random.standard_normal(shape, dtype=np.float32) * 0.02
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def conv(
        self, x: str, inputs: int, outputs: int, k: int, *, stride: int = 1, groups: int = 1, relu: bool = True
    ) -> str:
        w, pad = self.weight(outputs, inputs // groups, k, k), k // 2
        y = self.add("Conv", x, w, self.weight(outputs), strides=[stride] * 2, pads=[pad] * 4, group=groups)
        return self.add("Relu", y) if relu else y

    def dense(self, x: str, inputs: int, outputs: int) -> str:
        return self.add("Add", self.add("MatMul", x, self.weight(inputs, outputs)), self.weight(outputs))

    def save(self, path: Path, shape: list[int], output: str) -> None:
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
        y = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, path.stem, [x], [y], self.weights)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def resnet50(path: Path) -> None:
    g = Graph()
    y = g.add("MaxPool", g.conv("x", 3, 64, 7, stride=2), kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    inputs = 64
    for stage, (blocks, stride) in enumerate(((3, 1), (4, 2), (6, 2), (3, 2))):
        inner, outputs = 64 * 2**stage, 256 * 2**stage
        for block in range(blocks):
            step = stride if block == 0 else 1
            z = g.conv(g.conv(y, inputs, inner, 1), inner, inner, 3, stride=step)
            z = g.conv(z, inner, outputs, 1, relu=False)
            side = g.conv(y, inputs, outputs, 1, stride=step, relu=False) if block == 0 else y
            y, inputs = g.add("Relu", g.add("Add", z, side)), outputs
    y = g.add("Flatten", g.add("GlobalAveragePool", y))
    g.save(path, [1, 3, 224, 224], g.dense(y, 2048, 1000))


def mobile(path: Path) -> None:
    g = Graph()
    y, inputs = g.conv("x", 3, 32, 3, stride=2), 32
    for outputs, blocks, stride in (
        (16, 1, 1),
        (24, 2, 2),
        (32, 3, 2),
        (64, 4, 2),
        (96, 3, 1),
        (160, 3, 2),
        (320, 1, 1),
    ):
        for block in range(blocks):
            step, wide = stride if block == 0 else 1, inputs * 6
            z = g.conv(g.conv(y, inputs, wide, 1), wide, wide, 3, stride=step, groups=wide)
            z = g.conv(z, wide, outputs, 1, relu=False)
            y, inputs = (g.add("Add", z, y) if step == 1 and inputs == outputs else z), outputs
    y = g.add("Flatten", g.add("GlobalAveragePool", g.conv(y, 320, 1280, 1)))
    g.save(path, [1, 3, 224, 224], g.dense(y, 1280, 1000))


def attention(path: Path, tokens: int, hidden: int, heads: int, *, blocks: int, inner: int) -> None:
    """Blocks of attention, each before two products through ``inner`` numbers."""
    g = Graph()
    shape = numpy_helper.from_array(np.array([1, tokens, heads, hidden // heads], dtype=np.int64), "heads")
    flat = numpy_helper.from_array(np.array([1, tokens, hidden], dtype=np.int64), "flat")
    g.weights += [shape, flat]
    y = "x"
    for _ in range(blocks):
        q, k, v = (g.add("Reshape", g.dense(y, hidden, hidden), "heads") for _ in range(3))
        q, v = (g.add("Transpose", part, perm=[0, 2, 1, 3]) for part in (q, v))
        scores = g.add("Softmax", g.add("MatMul", q, g.add("Transpose", k, perm=[0, 2, 3, 1])), axis=-1)
        mixed = g.add("Reshape", g.add("Transpose", g.add("MatMul", scores, v), perm=[0, 2, 1, 3]), "flat")
        y = g.add("Add", y, g.dense(mixed, hidden, hidden))
        y = g.add("Add", y, g.dense(g.add("Relu", g.dense(y, hidden, inner)), inner, hidden))
    g.save(path, [1, tokens, hidden], y)


def transformer(path: Path) -> None:
    attention(path, 128, 512, 8, blocks=6, inner=2048)


def segmenter(path: Path) -> None:
    g = Graph()
    a = g.conv(g.conv("x", 3, 32, 3), 32, 32, 3)
    b = g.conv(g.conv(a, 32, 64, 3, stride=2), 64, 64, 3)
    c = g.conv(g.conv(b, 64, 128, 3, stride=2), 128, 128, 3)
    up = g.add("ConvTranspose", c, g.weight(128, 64, 2, 2), strides=[2, 2])
    d = g.conv(g.add("Concat", up, b, axis=1), 128, 64, 3)
    up = g.add("ConvTranspose", d, g.weight(64, 32, 2, 2), strides=[2, 2])
    g.save(path, [1, 3, 256, 256], g.conv(g.conv(g.add("Concat", up, a, axis=1), 64, 32, 3), 32, 2, 1, relu=False))


def perceptron(path: Path) -> None:
    g = Graph()
    y = "x"
    for _ in range(6):
        y = g.add("Relu", g.dense(y, 4096, 4096))
    g.save(path, [1, 4096], y)


def waveform(path: Path) -> None:
    """Convolutions over 8,192 samples of four channels: what listens to a machine."""
    g, y, inputs = Graph(), "x", 4
    for outputs in (32, 64, 128, 256):
        w = g.weight(outputs, inputs, 9)
        y = g.add("Relu", g.add("Conv", y, w, g.weight(outputs), strides=[4], pads=[4, 4]))
        inputs = outputs
    g.save(path, [1, 4, 8192], g.dense(g.add("Flatten", y), 256 * 32, 8))


def wide(path: Path) -> None:
    """Few large products: two feed-forward blocks of 1,024 over 64 tokens."""
    g, y = Graph(), "x"
    for _ in range(2):
        y = g.add("Add", y, g.dense(g.add("Relu", g.dense(y, 1024, 4096)), 4096, 1024))
    g.save(path, [1, 64, 1024], y)


def plain(path: Path) -> None:
    """Plain 3 x 3 convolutions, as VGG has them."""
    g, y, inputs = Graph(), "x", 3
    for outputs, many in ((64, 2), (128, 2), (256, 3)):
        for _ in range(many):
            y, inputs = g.conv(y, inputs, outputs, 3), outputs
        y = g.add("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    g.save(path, [1, 3, 128, 128], g.dense(g.add("Flatten", g.add("GlobalAveragePool", y)), 256, 100))


def vision_transformer(path: Path) -> None:
    """Attention over 196 patches of 192 numbers, as small vision transformers have it."""
    attention(path, 196, 192, 3, blocks=12, inner=768)


def inception(path: Path) -> None:
    """Branches of 1 x 1, 3 x 3 and 5 x 5 convolutions side by side, joined four times."""
    g, y, inputs = Graph(), "x", 3
    for each, stride in ((32, 2), (64, 2), (96, 2), (128, 1)):
        branches = [
            g.conv(y, inputs, each, 1, stride=stride),
            g.conv(g.conv(y, inputs, each, 1), each, each, 3, stride=stride),
            g.conv(g.conv(y, inputs, each // 2, 1), each // 2, each, 5, stride=stride),
        ]
        y, inputs = g.add("Concat", *branches, axis=1), each * 3
    g.save(path, [1, 3, 160, 160], g.dense(g.add("Flatten", g.add("GlobalAveragePool", y)), inputs, 10))


def autoencoder(path: Path) -> None:
    """Dense layers over 640 numbers, as machines' sounds are judged."""
    g, y, inputs = Graph(), "x", 640
    for outputs in (512, 512, 512, 64, 512, 512, 512):
        y, inputs = g.add("Relu", g.dense(y, inputs, outputs)), outputs
    g.save(path, [1, 640], g.dense(y, inputs, 640))


def detector(path: Path) -> None:
    """A stem of 3 x 3 convolutions on 320 x 320 pixels and heads at three scales."""
    g, y, inputs = Graph(), "x", 3
    heads: list[str] = []
    for outputs in (16, 32, 64, 128, 256):
        y, inputs = g.conv(g.conv(y, inputs, outputs, 3, stride=2), outputs, outputs, 3), outputs
        if outputs >= 64:
            head = g.conv(g.conv(y, outputs, 64, 3), 64, 18, 1, relu=False)
            heads.append(g.add("Flatten", head))
    g.save(path, [1, 3, 320, 320], g.add("Concat", *heads, axis=1))


def long_filter(path: Path) -> None:
    """Long filters over one second of a microphone, 16,000 samples."""
    g, y, inputs = Graph(), "x", 1
    for outputs, k, stride in ((64, 80, 4), (64, 25, 2), (128, 15, 2), (128, 9, 2)):
        w = g.weight(outputs, inputs, k)
        pads = [k // 2, k // 2]
        y = g.add("Relu", g.add("Conv", y, w, g.weight(outputs), strides=[stride], pads=pads))
        inputs = outputs
    g.save(path, [1, 1, 16000], g.dense(g.add("Flatten", g.add("GlobalAveragePool", y)), 128, 12))


BUILT: dict[str, Callable[[Path], None]] = {
    "resnet50": resnet50,
    "mobilenet-like": mobile,
    "transformer-6x512": transformer,
    "segmenter-256": segmenter,
    "perceptron-6x4096": perceptron,
    "waveform-8192": waveform,
    "wide-2x1024": wide,
    "plain-128": plain,
    "vision-transformer-192": vision_transformer,
    "inception-160": inception,
    "autoencoder-640": autoencoder,
    "detector-320": detector,
    "long-filter-16000": long_filter,
}


def models(folder: Path) -> dict[str, Path]:
    found = {}
    for name, build in BUILT.items():
        found[name] = folder / f"{name}.onnx"
        build(found[name])
    return found | {path.stem: path for path in sorted((ROOT / "examples").glob("*/*.onnx"))}


def estimated(paths: dict[str, Path], tier: str) -> dict[str, dict[str, float]]:
    part = shipped().accelerator(tier)
    out: dict[str, dict[str, float]] = {}
    for name, path in paths.items():
        work = of_facts(read_facts(path))
        box = Box(part, part.mode(), cores=1)
        edges = zip(("low", "ms", "high"), engine_latency(box, work).bounds, strict=True)
        shown = {key: float(f"{edge * 1e3:.4g}") for key, edge in edges}
        out[name] = {"giga_operations": work.operations / 1e9, **shown}
    return out


def main() -> None:
    step, tier = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "epyc-zen5"
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = models(Path(folder))
        if step == "estimate":
            document = {"tier": tier, "cores": 1, "models": estimated(paths, tier)}
            (OUT / "cpu-estimates.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
            return
        kept = json.loads((OUT / "cpu-estimates.json").read_text(encoding="utf-8"))
        today = datetime.now(UTC).date()
        rows: dict[str, dict[str, float]] = {}
        for name, path in paths.items():
            chosen = Tier(accelerator=kept["tier"], cores=1)
            found = calibrate(path, chosen, shipped(), seconds=8, host="this machine", taken=today, meters=[])
            rows[name] = {"p50_ms": found.p50 * 1e3, "p99_ms": found.p99 * 1e3, "runs": found.runs}
        (OUT / "cpu-measured.json").write_text(json.dumps({"taken": str(today), "models": rows}, indent=2) + "\n")
        for name, row in rows.items():
            guess = kept["models"][name]
            error, inside = guess["ms"] / row["p50_ms"] - 1, guess["low"] <= row["p50_ms"] <= guess["high"]
            verdict = f"{error * 100:>+7.1f} % {'in' if inside else 'out'}"
            print(f"{name:<20} {guess['ms']:>9.3f} {row['p50_ms']:>9.3f} ms {verdict}")


if __name__ == "__main__":
    main()
