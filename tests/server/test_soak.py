"""Minutes at full load, and versions coming and going a thousand times: memory stays where it was.

The short form of each runs with the other tests; it asserts on answers alone. Memory is judged by the long form.
"""

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiinfra.bench.driver import Driver
from aiinfra.bench.request import make_request, metadata_of, site_of
from tests.server.conftest import affine, floats
from tests.server.processes import Process, serving

MANAGER = [{"identity": "local", "verbs": ["infer", "read", "manage"]}]
LONG = [pytest.mark.soak, pytest.mark.timeout(900)]


def slope(samples: list[tuple[float, int]]) -> float:
    """Growth by least squares."""
    at, held = np.array(samples).T
    return float(np.polyfit(at, held, 1)[0])


def load(server: Process, seconds: float) -> list[Any]:
    """JSON and binary on 16 connections each; meanwhile connections come and go and bad requests are made."""
    site = site_of(f"http://{server.addresses['http']}")
    metadata = metadata_of(site, "m")
    outcomes: list[Any] = []

    def drive(*, binary: bool) -> None:
        outcomes.append(Driver(site, make_request(site, "m", metadata, binary=binary)).run(seconds, connections=16))

    threads = [threading.Thread(target=drive, kwargs={"binary": binary}) for binary in (True, False)]
    for thread in threads:
        thread.start()
    number = 0
    while any(thread.is_alive() for thread in threads):
        number += 1
        connection = http.client.HTTPConnection(server.addresses["http"], timeout=30)
        bad = json.dumps({"id": str(number), "inputs": [floats(1, 2, 3, 4, name=f"x{number}")]})
        connection.request("POST", f"/v2/models/m{number % 2 or ''}/infer", bad, {f"x-{number}": "a"})
        assert connection.getresponse().status in (400, 404)
        connection.close()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("rounds", [1, pytest.param(12, marks=LONG)])
def test_memory_is_flat_at_full_load(tmp_path: Path, rounds: int, capsys: pytest.CaptureFixture[str]) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    audit = {"file": str(tmp_path / "audit.jsonl"), "rotate": "64 MiB"}
    with serving(tmp_path, {"audit": audit}) as server:
        began = time.monotonic()
        samples: list[tuple[float, int]] = []
        answered = 0
        for _ in range(rounds):
            for outcome in load(server, 2.0 if rounds == 1 else 15.0):
                assert set(outcome.statuses) == {"200"}
                assert outcome.lost == 0
                answered += len(outcome.latencies)
            samples.append((time.monotonic() - began, server.memory_kb()))
            for old in tmp_path.glob("audit.jsonl.*"):
                old.unlink()
        if rounds > 1:
            later = samples[rounds // 3 :]
            growth = slope(later) * (later[-1][0] - later[0][0])
            with capsys.disabled():
                print(f"\n{answered} answers in {samples[-1][0]:.0f} s; kB held: {[held for _, held in samples]}")
                print(f"growth over the last {later[-1][0] - later[0][0]:.0f} s: {growth:.0f} kB")
            assert growth < 2000


@pytest.mark.parametrize("cycles", [5, pytest.param(1000, marks=LONG)])
def test_memory_is_flat_over_load_and_unload(tmp_path: Path, cycles: int, capsys: pytest.CaptureFixture[str]) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    (tmp_path / "verdicts").mkdir()
    repository = {"dir": str(tmp_path / "models"), "allow_unsigned": True, "verdicts": str(tmp_path / "verdicts")}
    with serving(tmp_path, {"allow": MANAGER, "repository": repository, "log": {"level": "warning"}}) as server:
        connection = http.client.HTTPConnection(server.addresses["http"], timeout=60)

        def ask(path: str, body: Any = None) -> int:
            connection.request("POST", path, json.dumps(body) if body else None)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        samples: list[tuple[float, int]] = []
        for cycle in range(cycles):
            assert ask("/v2/repository/models/m/unload") == 200
            assert ask("/v2/repository/models/m/load") == 200
            assert ask("/v2/models/m/infer", {"inputs": [floats(1, 2, 3, 4)]}) == 200
            if cycle >= cycles // 2 and cycle % 20 == 0:
                samples.append((cycle, server.memory_kb()))
        connection.close()
        if cycles > 100:
            with capsys.disabled():
                print(
                    f"\nkB a cycle over the last {cycles // 2}: {slope(samples):.2f}; {[held for _, held in samples]}"
                )
            assert slope(samples) < 5
