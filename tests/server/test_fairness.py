"""One caller far beyond its rate does not keep another from its answers."""

import gc
import http.client
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aiinfra.bench.report import measure
from tests.server.conftest import affine, configuration, running
from tests.server.pki import DOMAIN, Authority
from tests.server.processes import serving

LIMIT = 500
"""Requests a second that the greedy caller may make; it makes ten times as many."""
POLITE = 100


def contend(folder: Path, seconds: float) -> tuple[Any, Any, dict[str, Any]]:
    """What the polite caller saw alone, what it saw beside the greedy one, and what that one saw."""
    authority = Authority(folder / "pki")
    leaves = {name: authority.issue(name, (f"spiffe://{DOMAIN}/{name}",)) for name in ("server", "greedy", "polite")}
    affine(folder / "models/m/1/model.onnx")
    sections = {
        "tls": {
            "certificate": str(leaves["server"].certificate),
            "key": str(leaves["server"].key),
            "client_ca": str(authority.file),
            "trust_domain": DOMAIN,
        },
        "limits": {"identities": {f"spiffe://{DOMAIN}/greedy": f"{LIMIT}/s"}},
        "allow": [{"identity": f"spiffe://{DOMAIN}/{name}"} for name in ("greedy", "polite")],
        "audit": {"file": str(folder / "audit.jsonl")},
    }
    with serving(folder, sections) as server:
        url = f"https://{server.addresses['http']}"

        def polite() -> Any:
            leaf = leaves["polite"]
            return measure(
                url,
                "m",
                rate=POLITE,
                connections=4,
                seconds=seconds,
                ca=authority.file,
                cert=leaf.certificate,
                key=leaf.key,
            ).outcome

        alone = polite()
        leaf = leaves["greedy"]
        command = [sys.executable, "-c", "from aiinfra.cli import main; main()", "bench", "--json", "--url", url]
        command += ["--model", "m", "--rate", f"{10 * LIMIT}/s", "--connections", "16", "--seconds", str(seconds + 2)]
        command += ["--ca", str(authority.file), "--cert", str(leaf.certificate), "--key", str(leaf.key)]
        greedy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            beside = polite()
            out, _ = greedy.communicate(timeout=120)
        finally:
            greedy.kill()
            greedy.wait()
    return alone, beside, json.loads(out)["data"]


@pytest.mark.parametrize("seconds", [2.0, pytest.param(60.0, marks=[pytest.mark.soak, pytest.mark.timeout(400)])])
def test_the_greedy_one_is_refused_and_the_polite_one_answered(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    alone, beside, greedy = contend(tmp_path, seconds)
    with capsys.disabled():
        if seconds > 10:
            sent = sum(greedy["statuses"].values()) / greedy["seconds"]
            p99 = [f"{outcome.percentile(0.99) * 1e3:.2f} ms" for outcome in (alone, beside)]
            print(f"\np99 alone {p99[0]}, beside {sent:.0f}/s against a limit of {LIMIT}/s {p99[1]}; {greedy}")
    for outcome in (alone, beside):
        assert outcome.statuses == Counter({"200": len(outcome.latencies)})
        assert outcome.lost == 0
    statuses = greedy["statuses"]
    assert statuses.keys() == {"200", "429"}
    assert greedy["lost"] == 0
    allowed = LIMIT * (greedy["seconds"] + 1)  # a second's worth of tokens lies ready at the start
    assert statuses["200"] <= allowed * 1.01 + 1
    assert statuses["429"] > 0


BODY = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}


def ask(address: str, requests: list[tuple[str, str, Any]]) -> list[int]:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    statuses = []
    for method, path, body in requests:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses


@pytest.mark.parametrize(
    ("asked", "limits", "status"),
    [
        (("POST", "/v2/models/m/infer", BODY), {}, 200),
        (("POST", "/v2/models/m/infer", BODY), {"rate": "1/h"}, 429),
        (("POST", "/v2/models/m/infer", {"inputs": []}), {}, 400),
        (("POST", "/v2/models/absent/infer", BODY), {}, 404),
        (("POST", "/v2/repository/models/m/load", {}), {}, 403),
        (("DELETE", "/v2", None), {}, 405),
    ],
)
def test_a_flood_leaves_nothing_for_the_collector(
    tmp_path: Path, asked: tuple[str, str, Any], limits: dict[str, str], status: int
) -> None:
    """What refers to itself waits for the garbage collector, and collecting what a flood left stops everybody."""
    affine(tmp_path / "m/1/model.onnx")
    with running(configuration(tmp_path, limits=limits)) as server:
        address = server.server.addresses["http"]
        ask(address, [asked] * 5)
        gc.collect()
        gc.disable()
        try:
            assert set(ask(address, [asked] * 300)) == {status}
            left = gc.collect()
        finally:
            gc.enable()
    assert left < 150, "less than one object for two requests; a connection that ended leaves some"
