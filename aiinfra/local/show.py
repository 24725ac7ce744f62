"""How the local plane shows itself in a terminal."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.status import Status as Spinner

from aiinfra.local.client import request_of
from aiinfra.local.dev_release import DevRelease
from aiinfra.local.overlay import Change
from aiinfra.local.prediction import Prediction, in_words
from aiinfra.local.state import Instance, State
from aiinfra.model.facts import ModelFacts
from aiinfra.release.trial import Trial

HEADS = ("the server says", "the framework said", "the truth")
MOST_ROWS = 10


class Terminal:
    """Tells a person what happens; a spinner names the step while it runs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner: Spinner | None = None

    def step(self, text: str) -> None:
        """Show ``text`` beside a spinner (on a terminal; in a file it would only be noise)."""
        if not self._console.is_terminal:
            return
        if self._spinner is None:
            self._spinner = self._console.status(text)
            self._spinner.start()
        self._spinner.update(text)

    def done(self) -> None:
        """Take the spinner away."""
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    def released(self, facts: ModelFacts, release: DevRelease) -> None:
        """Name the model and its release."""
        how = "signed with this machine's development key" if release.made else "as made before; its signature holds"
        self._line(f"model    {facts.file}, {facts.digest[:19]}..., {facts.parameters:,} parameters")
        self._line(f"release  {_short(release.folder)} ({how})")

    def changed(self, changes: Sequence[Change]) -> None:
        """List every key that differs from what the site gets."""
        self._line(f"overlay  {len(changes)} keys differ from what the site gets; all else is the same:")
        width = max((len(change.key) for change in changes), default=0)
        for change in changes:
            self._line(f"  {change.key:<{width}}  {_short(change.before)} -> {_short(change.after)}  ({change.why})")

    def predicted(self, prediction: Prediction) -> None:
        """Show the prediction beside the expected answer, and how long it took."""
        self.done()
        for line in prediction_lines(prediction):
            self._line(line)

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False)


def prediction_lines(prediction: Prediction) -> list[str]:
    """The golden request in words."""
    lines = []
    for name, value in prediction.golden.inputs.items():
        lines.append(f"input    {name} {list(value.shape)} = {in_words(value, ())}")
    for answer in prediction.answers:
        lines.append(
            f"predicts {answer.name} {list(answer.predicted.shape)} = {in_words(answer.predicted, answer.labels)}"
        )
        lines.append(
            f"expected {answer.name} {list(answer.expected.shape)} = {in_words(answer.expected, answer.labels)}"
        )
    lines += truth_lines(prediction)
    lines.append(f"verdict  {verdict(prediction.trial)}")
    lines.append(f"latency  first {prediction.first_ms:.2f} ms, median of 20 {prediction.median_ms:.2f} ms, over HTTP")
    return lines


def truth_lines(prediction: Prediction) -> list[str]:
    """Row by row: what the server answers, what the training framework answered, what is true."""
    answer = prediction.told
    if answer is None:
        return []
    rows = [
        (in_words(one[None], answer.labels), in_words(other[None], answer.labels), truth or "not stated")
        for one, other, truth in zip(answer.predicted, answer.expected, prediction.truths, strict=True)
    ]
    left, rows = len(rows[MOST_ROWS:]), rows[:MOST_ROWS]
    wide = [
        max(len(text) for text in (head, *column)) for head, column in zip(HEADS, zip(*rows, strict=True), strict=True)
    ]
    table = [
        "  ".join(text.ljust(size) for text, size in zip(row, wide, strict=True)).rstrip() for row in (HEADS, *rows)
    ]
    right = sum(
        in_words(row[None], answer.labels).rpartition(" (")[0] == truth
        for row, truth in zip(answer.predicted, prediction.truths, strict=True)
    )
    return [
        *(f"  {line}" for line in table),
        *([f"  and {left} more"] if left else []),
        f"truth    {right} of {len(prediction.truths)} rows are answered as they are",
    ]


def verdict(trial: Trial) -> str:
    """Whether the goldens hold, how far off at most, and what that proves."""
    held = "golden outputs hold" if trial.passed else "golden outputs DO NOT hold"
    largest = trial.max_difference
    difference = "" if largest is None else f", largest difference {largest:.3g}"
    origin = "self-recorded: the same answers, not the right ones" if trial.self_recorded else f"from: {trial.origin}"
    return f"{held}{difference} ({origin})"


def next_lines(instance: Instance, state: State, prediction: Prediction | None, *, detached: bool) -> list[str]:
    """Where to look next."""
    lines = [f"{instance.name} is up at {instance.url} (pid {instance.pid})"]
    if prediction is not None:
        lines.append(f"  ask      {curl(instance, state, prediction)}")
    declaration = Path(instance.declaration)
    named = "" if declaration.parent == Path.cwd() else f" {shlex.quote(_short(declaration))}"
    lines.append(f"  status   aiinfra status{named}")
    lines.append(f"  end      {'' if detached else 'Ctrl-C, or '}aiinfra down{named}")
    lines.append(f"  config   {_short(state.config)}")
    lines.append(f"  log      {_short(state.log)}")
    return lines


def curl(instance: Instance, state: State, prediction: Prediction) -> str:
    """A command that asks for the golden prediction, from the request kept in the state folder.

    Where JSON cannot carry the request, a command that shows the model's metadata.
    """
    base = f"curl -s {instance.url}/v2/models/{instance.name}"
    head, binary = request_of(prediction.golden.inputs)
    if binary:
        return base
    state.request.write_bytes(head)
    return f"{base}/infer -d @{shlex.quote(_short(state.request))}"


def _short(path: Path | str) -> str:
    """A path below the current folder as people would type it."""
    try:
        return str(Path(path).relative_to(Path.cwd())) if Path(path).is_absolute() else str(path)
    except ValueError:
        return str(path)
