"""Killed before any change to the disk: never half a release, never an outage, and the next run finishes."""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiinfra.release.artifact import pack
from aiinfra.rollout.home import Home
from aiinfra.server import repository
from tests.rollout.conftest import Factory

ROOT = Path(__file__).parents[2]


class Child:
    """``killed_child.py``, asked one run at a time."""

    def __init__(self, factory: Factory, models: Path, watch: str = "") -> None:
        words = [factory.place.text, str(models), str(factory.signer), *([watch] if watch else [])]
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", str(Path(__file__).parent / "killed_child.py"), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def run(self, at: int) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{at}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate(timeout=60)


@contextmanager
def child(factory: Factory, models: Path, watch: str = "") -> Iterator[Child]:
    running = Child(factory, models, watch)
    try:
        yield running
    finally:
        running.close()


def whole(models: Path, shipped: dict[str, str]) -> str:
    """The version that a server would serve now; every version that is there is exactly what was shipped."""
    there = repository.versions(models, "m")
    for version in there:
        assert pack(models / "m" / version).artifact.digest == shipped[version], f"{version} is not what was shipped"
    current = repository.current(models, "m")
    assert current is not None, "nothing to serve"
    Home(models).record.entries()
    return current


def campaign(factory: Factory, models: Path, kills: int, watch: str = "") -> Counter[str]:
    """Ship version after version; kill the pull of each somewhere, look, and let the next run finish."""
    rng = random.Random(5)
    shipped: dict[str, str] = {}

    def ship(number: int) -> str:
        factory.ship(str(number), factor=float(number))
        folder = factory.root / "built" / f"m-{number}-{float(number)}-None"
        shipped[str(number)] = pack(folder).artifact.digest
        return str(number)

    outcomes: Counter[str] = Counter()
    with child(factory, models, watch) as running:
        ship(1)
        assert running.run(0).split()[0] in ("kept", "current")
        ship(2)
        result, steps, *_ = running.run(0).split()
        assert result == "kept"
        points = [1 + i * int(steps) // kills for i in range(kills)] if kills < int(steps) else []
        points += [rng.randint(1, int(steps)) for _ in range(kills - len(points))]
        before = "2"
        for number, point in enumerate(points, start=3):
            version = ship(number)
            died = running.run(point)
            outcomes[died.split()[0]] += 1
            assert whole(models, shipped) in (before, version)
            if rng.random() < 0.3:
                outcomes[running.run(rng.randint(1, int(steps))).split()[0]] += 1
                assert whole(models, shipped) in (before, version)
            finished = running.run(0)
            assert finished.split()[0] in ("kept", "current"), finished  # the next run finishes
            assert whole(models, shipped) == version
            assert Home(models).begun() is None
            before = version
    return outcomes


def test_killed_at_a_sample_of_steps(tmp_path):
    factory = Factory(tmp_path)
    (tmp_path / "models").mkdir()
    outcomes = campaign(factory, tmp_path / "models", 16)
    assert outcomes["killed"] >= 14


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_killed_two_hundred_times_while_a_server_answers(tmp_path):
    """A real server over the same repository, asked all the while by two callers: no request is lost or wrong."""
    factory = Factory(tmp_path)
    models = tmp_path / "models"
    models.mkdir()
    factory.ship("1", factor=1.0)
    with child(factory, models) as running:
        assert running.run(0).startswith("kept")
    with serving(factory, models, tmp_path) as (http_address, watch):
        lost: list[str] = []
        answers: Counter[str] = Counter()
        stop = threading.Event()
        callers = [threading.Thread(target=ask, args=(http_address, stop, answers, lost)) for _ in range(2)]
        for caller in callers:
            caller.start()
        try:
            outcomes = campaign(factory, models, 200, watch)
        finally:
            stop.set()
            for caller in callers:
                caller.join()
    assert lost == []
    assert outcomes["killed"] >= 190
    assert len(answers) >= 190, "nearly every version answered somebody"


def ask(address: str, stop: threading.Event, answers: Counter[str], lost: list[str]) -> None:
    """Ask one connection again and again; an answer must be its own version's."""
    host, _, port = address.rpartition(":")
    body = json.dumps({"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]})
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    while not stop.is_set():
        try:
            connection.request("POST", "/v2/models/m/infer", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            read = json.loads(answer.read())
            factor = float(read["model_version"])
            if answer.status != 200 or read["outputs"][0]["data"] != [factor, 2 * factor, 3 * factor, 4 * factor]:
                lost.append(str(read)[:200])
            answers[read["model_version"]] += 1
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            lost.append(repr(error))
            connection.close()
        time.sleep(0.01)
    connection.close()


@contextmanager
def serving(factory: Factory, models: Path, home: Path) -> Iterator[tuple[str, str]]:
    config = home / "server.toml"
    config.write_text(
        f'[repository]\ndir = "{models}"\nsigners = ["{factory.signer}"]\n'
        '[vetting]\ntime = "10 min"\n[http]\naddress = "127.0.0.1:0"\n[watch]\naddress = "127.0.0.1:0"\n'
    )
    ready = home / "ready"
    words = [sys.executable, "-m", "aiinfra", "serve", "--config", str(config), "--ready-file", str(ready)]
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT)})
        try:
            end = time.monotonic() + 120
            while not ready.exists():
                assert server.poll() is None, (home / "server.log").read_text()
                assert time.monotonic() < end
                time.sleep(0.1)
            addresses = json.loads(ready.read_text())
            yield addresses["http"], addresses["watch"]
        finally:
            server.terminate()
            server.wait(60)
