"""The golden request: a real input sent over HTTP, its prediction beside the expected answer, and how long it took."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aiinfra.local.client import Client
from aiinfra.release.golden import GoldenSet, read_golden
from aiinfra.release.manifest import GOLDEN, ReleaseManifest
from aiinfra.release.trial import Trial, try_release

REPEATS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """One output of the first golden set."""

    name: str
    predicted: np.ndarray
    expected: np.ndarray
    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the golden request gave."""

    golden: GoldenSet
    answers: tuple[Answer, ...]
    trial: Trial
    first_ms: float
    """The first request, connection included."""
    median_ms: float
    """Median of :data:`REPEATS` more on the kept connection."""
    truths: tuple[str, ...] = ()
    """What each row of the input is in reality; empty: nobody says."""

    @property
    def told(self) -> Answer | None:
        """The output that says in words what the truths say in words: labelled, one row a truth."""
        for answer in self.answers:
            if answer.labels and self.truths and answer.predicted.ndim and len(answer.predicted) == len(self.truths):
                return answer
        return None


def predict(address: str, release: Path, truths: tuple[str, ...] = ()) -> Prediction:
    """Send the golden inputs of ``release`` to the server at ``address`` and compare what it answers.

    ``truths`` says what each row of the first set is in reality.

    Raises:
        AiinfraError: ``request-failed``.
    """
    manifest = ReleaseManifest.read(release)
    golden = read_golden(release / GOLDEN, manifest.inputs, manifest.outputs)[0]
    with Client(address, manifest.name) as client:
        begin = time.perf_counter()
        answered = client.infer(golden.inputs)
        first = time.perf_counter() - begin
        trial = try_release(release, client.infer)
        times = [_timed(client, golden) for _ in range(REPEATS)]
    answers = tuple(
        Answer(output.name, answered[output.name], golden.outputs[output.name], output.labels)
        for output in manifest.outputs
        if output.name in answered
    )
    return Prediction(golden, answers, trial, first * 1e3, statistics.median(times) * 1e3, truths)


def _timed(client: Client, golden: GoldenSet) -> float:
    begin = time.perf_counter()
    client.infer(golden.inputs)
    return time.perf_counter() - begin


def in_words(value: np.ndarray, labels: Sequence[str]) -> str:
    """The first row of an output as a person reads it: a label and its score, or the first values.

    One value a label: the largest wins. A single whole number: the label of that number.
    """
    row = value.reshape(-1, value.shape[-1])[0] if value.ndim and value.size else value.reshape(-1)
    if labels and row.size == len(labels) and row.dtype.kind in "fiu":
        best = int(np.argmax(row))
        return f"{labels[best]} ({_number(row[best])})"
    if labels and row.size == 1 and row.dtype.kind in "iu" and 0 <= int(row[0]) < len(labels):
        return f"{labels[int(row[0])]} ({int(row[0])})"
    shown = ", ".join(_number(item) for item in row[:6])
    return f"[{shown}{', ...' if row.size > 6 else ''}]"


def _number(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return f"{float(value):.4g}" if not isinstance(value, str) else value  # type: ignore[arg-type]
