"""A pull that stays, on a clock that is told."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.rollout import command
from aiinfra.rollout.home import Home
from aiinfra.rollout.pull import Outcome, Result
from aiinfra.rollout.soak import Clock
from aiinfra.rollout.stay import Wall, own_delay, stay
from aiinfra.spec.window import parse_window
from aiinfra.units import Duration

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
NIGHTLY = parse_window("02:00")


class Ended(Exception):
    """The process ends."""


class Time:
    """A wall clock that sleeping moves; leaps happen at the sleep with that number."""

    def __init__(self, until: timedelta, leaps: dict[int, timedelta] | None = None, factor: float = 1.0) -> None:
        self.now, self.end, self.leaps, self.sleeps = MIDNIGHT, MIDNIGHT + until, leaps or {}, 0
        self.factor = factor

    @property
    def wall(self) -> Wall:
        def sleep(seconds: float) -> None:
            if self.now >= self.end:
                raise Ended
            self.now += timedelta(seconds=seconds * self.factor) + self.leaps.get(self.sleeps, timedelta())
            self.sleeps += 1

        return Wall(lambda: self.now, sleep)


def runs(time: Time, *, delay: timedelta = timedelta(), takes: timedelta = timedelta()) -> tuple[list[str], list[str]]:
    """When it ran, and what it said."""
    found: list[str] = []
    said: list[str] = []

    def once() -> None:
        found.append(f"{time.now:%d %H:%M:%S}")
        time.now += takes

    with pytest.raises(Ended):
        stay(NIGHTLY, delay, once, time.wall, said.append)
    return found, said


def test_once_each_time_the_window_opens_and_says_when_next() -> None:
    found, said = runs(Time(timedelta(days=3)))
    assert found == ["20 02:00:00", "21 02:00:00", "22 02:00:00"]
    assert said[0] == "the next pull: Fri 2026-11-20 02:00:00 UTC"
    assert len(said) == 4


def test_at_its_own_moment_within_the_jitter() -> None:
    assert runs(Time(timedelta(days=2)), delay=timedelta(minutes=25))[0] == ["20 02:25:00", "21 02:25:00"]


def test_a_run_that_takes_long_makes_nothing_up() -> None:
    assert runs(Time(timedelta(days=4)), takes=timedelta(hours=30))[0] == ["20 02:00:00", "22 02:00:00"]


def test_a_clock_that_is_set_neither_runs_twice_nor_makes_up() -> None:
    forward = runs(Time(timedelta(hours=30), {3: timedelta(hours=5)}))
    assert forward[0] == ["21 02:00:00"]  # it leapt over the first
    assert "the clock was set, or this machine slept" in forward[1]
    back = Time(timedelta(hours=3), {370: timedelta(minutes=-30)})  # after the run
    assert runs(back)[0] == ["20 02:00:00", "20 02:00:00"]  # the clock says 02:00 twice, and so does the pull


def test_a_slow_machine_misses_no_window() -> None:
    assert runs(Time(timedelta(days=2), factor=17.0))[0][0] > "20 02:00:00"
    assert len(runs(Time(timedelta(days=2), factor=17.0))[0]) == 2


def test_a_window_that_never_opens_is_said() -> None:
    said: list[str] = []
    with pytest.raises(Ended):
        stay(parse_window("*-2-30"), timedelta(), lambda: None, Time(timedelta(hours=1)).wall, said.append)
    assert said == ["the window never opens again"]


def test_a_disks_own_moment_is_drawn_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    hour = Duration("1 h")
    first = own_delay(tmp_path / "a", hour)
    assert timedelta() <= first < timedelta(hours=1)
    assert own_delay(tmp_path / "a", hour) == first
    assert {own_delay(tmp_path / str(n), hour) for n in range(8)} != {first}
    assert own_delay(tmp_path / "a", Duration("0 s")) == timedelta()
    (tmp_path / "a" / ".aiinfra" / "seed").write_text("half wri")
    assert own_delay(tmp_path / "a", hour) == own_delay(tmp_path / "a", hour)
    (tmp_path / "file").touch()
    assert own_delay(tmp_path / "file", hour) < timedelta(hours=1)  # not kept, and no end


def repeat(tmp_path: Path, tell: Callable[[Outcome], None] = lambda outcome: None, **options: object) -> list[str]:
    said: list[str] = []
    given = {"window": "02:00", "jitter": Duration("0 s"), "wall": Time(timedelta(days=1)).wall, **options}
    models = tmp_path / "models"
    models.mkdir(exist_ok=True)
    with pytest.raises(Ended):
        command.repeat(
            "registry.example.com/x:1",
            say=said.append,
            told=tell,
            progress=lambda file, done, total: None,
            repository=models,
            signers=[tmp_path / "release.pem"],
            **given,
        )
    return said


FAILURES = (
    (
        AiinfraError("link-lost", "registry.example.com does not answer"),
        "link-lost: registry.example.com does not answer",
    ),
    (BadInput("no-signers", "no signer is named"), "no-signers: no signer is named"),
    (OSError(28, "No space left on device"), "this run failed: OSError(28, 'No space left on device')"),
    (ZeroDivisionError("ours"), "this run failed: ZeroDivisionError('ours')"),
)


@pytest.mark.parametrize(("failure", "told"), FAILURES)
def test_first_it_finishes_and_a_run_that_fails_is_no_end(
    failure: Exception, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def run(source: str | None, *, finish: bool, **options: object) -> Outcome:
        asked.append((source, finish))
        if not finish:
            raise failure
        return Outcome(Result.NOTHING)

    monkeypatch.setattr(command, "run", run)
    outcomes: list[Outcome] = []
    said = repeat(tmp_path, outcomes.append)
    assert asked == [(None, True), ("registry.example.com/x:1", False)]
    assert [outcome.result for outcome in outcomes] == [Result.NOTHING]
    assert said[1] == told


def test_it_finishes_when_the_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    answers = iter((None, None, object()))

    def look(address: str, model: str) -> object:
        order.append("look")
        return next(answers)

    def run(source: str | None, **options: object) -> Outcome:
        order.append("run")
        return Outcome(Result.NOTHING)

    monkeypatch.setattr(command, "look", look)
    monkeypatch.setattr(command, "run", run)
    clock = Clock(lambda: 0.0, lambda seconds: None)
    repeat(tmp_path, watch="127.0.0.1:9091", clock=clock)
    assert order[:4] == ["look", "look", "look", "run"]


@pytest.mark.parametrize(
    ("options", "code"),
    [({"window": "nightly"}, "window-invalid"), ({"first": True}, "pull-needs"), ({"finish": True}, "pull-needs")],
)
def test_what_cannot_be_meant(tmp_path: Path, options: dict[str, object], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        repeat(tmp_path, **options)
    assert caught.value.code == code


def test_as_the_first_process_of_a_container_it_ends_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    words = [sys.executable, "-m", "aiinfra", "release", "pull", "registry.example.com/x:1", "--window", "*-2-30"]
    words += ["--repository", str(tmp_path / "models"), "--signer", str(tmp_path / "release.pem")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "nothing was begun\n"
    assert process.stderr.readline() == "the window never opens again\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.communicate()
    assert Home(tmp_path / "models").begun() is None
