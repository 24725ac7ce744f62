"""Simulate a bearing's vibration, train the example's model on it, measure it on another machine's, write its goldens.

Run with this folder's own requirements (they are not the product's):

    python -m venv /tmp/train && /tmp/train/bin/pip install -r requirements.txt && /tmp/train/bin/python train.py

The vibration is simulated: no openly licensed recording was found in a package registry. The model of a fault is the
one of R. B. Randall and J. Antoni, "Rolling element bearing diagnostics - A tutorial", Mechanical Systems and Signal
Processing 25 (2011) 485-520: at every pass of the fault an impulse excites a resonance of the structure; the passes
slip by one or two percent; a fault of the turning inner race is heard louder while it is in the load zone. Pass
frequencies follow from geometry: outer n/2 fr (1 - d/D cos a), inner n/2 fr (1 + d/D cos a), here of a 6205 bearing
(n 9 balls, d 7.94 mm, D 39.04 mm, a 0). Everything is seeded; weights still differ in their last digits from one
processor to another.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

HERE = Path(__file__).parent
LABELS = ["sound", "outer-race", "inner-race"]
RATE, WINDOW, SEED = 12_800, 4096, 20260101
STEP, BINS = 16, 96
SLOW = WINDOW // STEP
BALLS, BALL, PITCH = 9, 7.94, 39.04
GOLDEN_PER_CLASS = 3
TOLERANCE = {"atol": 1e-4, "rtol": 1e-3}


def vibration(
    rng: np.random.Generator, label: int, resonances: tuple[float, float], noise: tuple[float, float]
) -> np.ndarray:
    """One window of acceleration, standardised: shaft harmonics, the fault's impulses, noise."""
    shaft = rng.uniform(20.0, 32.0)  # Hz: 1,200 to 1,920 turns a minute
    time = np.arange(WINDOW) / RATE
    signal = np.zeros(WINDOW)
    for order, size in enumerate(rng.uniform(0.1, 1.0, 3) / np.arange(1, 4), start=1):
        signal += size * np.sin(2 * np.pi * order * shaft * time + rng.uniform(0, 2 * np.pi))
    if label:
        sign = -1 if label == 1 else 1
        passes = BALLS / 2 * shaft * (1 + sign * BALL / PITCH)
        resonance, decay = rng.uniform(*resonances), rng.uniform(600.0, 1400.0)
        at, size = rng.uniform(0, 1 / passes), rng.uniform(1.0, 3.0)
        while at < WINDOW / RATE:
            start = int(np.ceil(at * RATE))
            since = time[start : start + 256] - at
            load = 1.0 if label == 1 else 0.55 + 0.45 * np.cos(2 * np.pi * shaft * at)
            signal[start : start + 256] += size * load * np.exp(-decay * since) * np.sin(2 * np.pi * resonance * since)
            at += 1 / passes * (1 + rng.normal(0, 0.015))
    signal += rng.normal(0, rng.uniform(*noise), WINDOW)
    return ((signal - signal.mean()) / signal.std()).astype(np.float32)


def machine(
    seed: int, count: int, resonances: tuple[float, float], noise: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of one machine, as many of each class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(LABELS)
    return np.stack([vibration(rng, int(label), resonances, noise) for label in labels]), labels


class Net(nn.Module):
    """Envelope analysis, then two layers: high-pass, size, low-pass, spectrum of that, and what was learned of it."""

    def __init__(self) -> None:
        super().__init__()
        taps = np.arange(-31, 32)
        low = np.sinc(2 * 1000 / RATE * taps) * 2 * 1000 / RATE * np.hamming(63)
        high = np.where(taps == 0, 1.0, 0.0) - low / low.sum()
        angle = 2 * np.pi * np.outer(np.arange(SLOW), np.arange(1, BINS + 1)) / SLOW
        window = np.hanning(SLOW)[:, None]
        self.register_buffer("high", torch.from_numpy(high.astype(np.float32))[None, None])
        self.register_buffer("cos", torch.from_numpy((np.cos(angle) * window).astype(np.float32)))
        self.register_buffer("sin", torch.from_numpy((np.sin(angle) * window).astype(np.float32)))
        self.hidden, self.last = nn.Linear(BINS, 48), nn.Linear(48, len(LABELS))

    def spectrum(self, x: torch.Tensor) -> torch.Tensor:
        """Sizes of the envelope's lines, as shares of all of them."""
        sharp = nn.functional.conv1d(x[:, None], self.high, padding=31).abs()
        slow = nn.functional.avg_pool1d(sharp, STEP).flatten(1)
        slow = slow - slow.mean(1, keepdim=True)
        lines = ((slow @ self.cos) ** 2 + (slow @ self.sin) ** 2).sqrt()
        return lines / lines.mean(1, keepdim=True)

    def learned(self, lines: torch.Tensor) -> torch.Tensor:
        """Scores of the classes."""
        return self.last(torch.relu(self.hidden(lines)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of windows."""
        return self.learned(self.spectrum(x))


def fit(x: np.ndarray, y: np.ndarray) -> Net:
    """Sixty passes over the windows' spectra."""
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(mode=True)
    net, targets = Net(), torch.from_numpy(y)
    with torch.no_grad():
        lines = net.spectrum(torch.from_numpy(x))
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=3e-2)
    for _ in range(60):
        for part in torch.randperm(len(lines)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net.learned(lines[part]), targets[part]).backward()
            optimiser.step()
    return net.eval()


def says(net: Net, x: np.ndarray) -> np.ndarray:
    """Probabilities, by PyTorch."""
    with torch.no_grad():
        return torch.softmax(net(torch.from_numpy(x)), dim=1).numpy()


def wilson(right: int, total: int, z: float = 1.96) -> list[float]:
    """The 95 % Wilson score interval of a proportion."""
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return [round(float(middle - half), 4), round(float(middle + half), 4)]


def measure(net: Net, x: np.ndarray, y: np.ndarray) -> dict[str, object]:
    """Accuracy, what is caught of each fault, and alarms of sound windows."""
    said = says(net, x).argmax(axis=1)
    right = int((said == y).sum())
    caught = {LABELS[label]: int((said[y == label] == label).sum()) for label in range(len(LABELS))}
    alarms = int((said[y == 0] != 0).sum())
    return {
        "windows": len(y),
        "accuracy": {"value": round(right / len(y), 4), "right": right, "ci95": wilson(right, len(y))},
        "right_of_each": caught,
        "false_alarms": {"of": int((y == 0).sum()), "count": alarms, "ci95": wilson(alarms, int((y == 0).sum()))},
    }


def export(net: Net) -> None:
    """Write the ONNX file node by node, so that it holds nothing of the exporter's."""
    named = {"high": net.high, "cos": net.cos, "sin": net.sin}
    named |= {"w0": net.hidden.weight, "b0": net.hidden.bias, "w1": net.last.weight, "b1": net.last.bias}
    weights = [numpy_helper.from_array(value.detach().numpy(), name) for name, value in named.items()]
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    weights.append(numpy_helper.from_array(np.array(2.0, np.float32), "two"))

    def node(kind: str, given: str, made: str, **settings: Any) -> onnx.NodeProto:
        return helper.make_node(kind, given.split(), [made], **settings)

    nodes = [
        node("Unsqueeze", "vibration axis", "lifted"),
        node("Conv", "lifted high", "sharp", pads=[31, 31]),
        node("Abs", "sharp", "size"),
        node("AveragePool", "size", "pooled", kernel_shape=[STEP], strides=[STEP]),
        node("Flatten", "pooled", "slow", axis=1),
        node("ReduceMean", "slow", "level", axes=[1], keepdims=1),
        node("Sub", "slow level", "envelope"),
        node("MatMul", "envelope cos", "real"),
        node("MatMul", "envelope sin", "imaginary"),
        node("Pow", "real two", "real2"),
        node("Pow", "imaginary two", "imaginary2"),
        node("Add", "real2 imaginary2", "power"),
        node("Sqrt", "power", "lines"),
        node("ReduceMean", "lines", "mean", axes=[1], keepdims=1),
        node("Div", "lines mean", "shares"),
        node("Gemm", "shares w0 b0", "hidden", transB=1),
        node("Relu", "hidden", "kept"),
        node("Gemm", "kept w1 b1", "scores", transB=1),
        node("Softmax", "scores", "condition", axis=1),
    ]
    given = helper.make_tensor_value_info("vibration", TensorProto.FLOAT, ["batch", WINDOW])
    answer = helper.make_tensor_value_info("condition", TensorProto.FLOAT, ["batch", len(LABELS)])
    graph = helper.make_graph(nodes, "line-vibration", [given], [answer], weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="train.py"
    )
    onnx.checker.check_model(model, full_check=True)
    (HERE / "vibration.onnx").write_bytes(model.SerializeToString(deterministic=True))


def write_goldens(net: Net, x: np.ndarray, y: np.ndarray) -> None:
    """The first windows of each class of the other machine, right or wrong: no picking."""
    picks = np.concatenate([np.flatnonzero(y == label)[:GOLDEN_PER_CLASS] for label in range(len(LABELS))])
    given, wanted = x[picks], says(net, x[picks])
    folder = HERE / "golden" / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input_0.pb").write_bytes(numpy_helper.from_array(given, "vibration").SerializeToString())
    (folder / "output_0.pb").write_bytes(numpy_helper.from_array(wanted, "condition").SerializeToString())
    samples = [
        {
            "source": f"simulated window {pick} of the machine it was not trained on (seed {SEED + 1})",
            "truth": LABELS[y[pick]],
            "framework_says": LABELS[int(row.argmax())],
            "probability": round(float(row.max()), 4),
        }
        for pick, row in zip(picks, wanted, strict=True)
    ]
    note = {
        "framework": f"PyTorch {torch.__version__.partition('+')[0]}",
        "computed_by": "softmax of Net in train.py",
        "tolerance": TOLERANCE,
        "samples": samples,
    }
    (HERE / "golden" / "golden.json").write_text(json.dumps(note, indent=2) + "\n")


def main() -> None:
    """Train on one machine, measure on it and on another one, whose structure rings elsewhere and is noisier."""
    net = fit(*machine(SEED, 3000, (2200.0, 3800.0), (0.1, 0.4)))
    same = machine(SEED + 2, 600, (2200.0, 3800.0), (0.1, 0.4))
    other = machine(SEED + 1, 600, (1800.0, 4400.0), (0.15, 0.6))
    export(net)
    write_goldens(net, *other)
    quality = {
        "trained_on": {"windows": 3000},
        "same_machine": measure(net, *same),
        "other_machine": measure(net, *other),
    }
    (HERE / "quality.json").write_text(json.dumps(quality, indent=2) + "\n")
    print(json.dumps(quality, indent=1))


if __name__ == "__main__":
    main()
