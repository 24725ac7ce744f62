"""The gate: one number a condition, compared; what is unknown shuts it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.gate import ask_of, from_files, from_prometheus, gate
from aiinfra.spec.class_file import ClassFile
from tests.spec.test_class_file import made

FAILED = 'sum(failed_total{version="$version"})'
METRICS = """\
# TYPE failed counter
failed_total{model="m",version="4"} 7
failed_total{model="m",version="5"} 0
# TYPE answered counter
answered_total{model="m",version="5"} 200
"""


def asking(**conditions: dict[str, Any]) -> ClassFile:
    return made(None, gate={name.replace("_", " "): condition for name, condition in conditions.items()})


@pytest.fixture
def metrics(tmp_path: Path) -> list[Path]:
    for name in ("hall-1", "hall-2"):
        (tmp_path / f"{name}.prom").write_text(METRICS)
    return sorted(tmp_path.glob("*.prom"))


def test_every_condition_is_asked_about_the_waves_version(metrics: list[Path]) -> None:
    told = asking(
        failed={"query": FAILED, "at_most": 6},
        enough={"query": 'sum(answered_total{version="$version"})', "at_least": 100},
        named={"query": "$wave + 0", "at_least": 2, "at_most": 2},
    )
    answers = gate(told, "c", 2, from_files(metrics))
    assert [(one.name, one.value, one.met, one.why) for one in answers] == [
        ("failed", 14.0, False, "14 is not at most 6"),
        ("enough", None, False, "there are no such metrics"),
        ("named", 2.0, True, ""),
    ]
    assert answers[0].query == 'sum(failed_total{version="4"})'
    assert answers[0].as_json()["met"] is False


def test_what_is_not_a_number_shuts_it(metrics: list[Path]) -> None:
    told = asking(nothing={"query": "0 / 0", "at_most": 9}, endless={"query": "1 / 0", "at_least": 1})
    assert [(one.met, one.why) for one in gate(told, "c", 1, from_files(metrics))] == [
        (False, "the answer is nan"),
        (False, "the answer is inf"),
    ]


def test_nothing_asked_is_nothing_known() -> None:
    with pytest.raises(AiinfraError) as caught:
        gate(made(None), "c", 1, lambda query: 1.0)
    assert (caught.value.code, caught.value.exit_code) == ("gate-missing", 1)
    with pytest.raises(BadInput) as unknown:
        gate(asking(a={"query": "1", "at_most": 1}), "c", 3, lambda query: 1.0)
    assert unknown.value.code == "wave-unknown"


class Prometheus(BaseHTTPRequestHandler):
    """Answers every query with the next of ``answers``; remembers what it was asked."""

    answers: list[tuple[int, bytes]]
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)["query"][0]
        self.asked.append((query, self.headers["Authorization"]))
        code, body = self.answers.pop(0)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def prometheus() -> Iterator[tuple[str, type[Prometheus]]]:
    handler = type("Handler", (Prometheus,), {"answers": [], "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", handler
        server.shutdown()
        thread.join()


def vector(*values: str) -> bytes:
    result = [{"metric": {}, "value": [1700000000.0, value]} for value in values]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


SCALAR = json.dumps({"status": "success", "data": {"resultType": "scalar", "result": [1.7e9, "3"]}}).encode()
STRING = json.dumps({"status": "success", "data": {"resultType": "string", "result": [1.7e9, "x"]}}).encode()


@pytest.mark.parametrize(
    ("answer", "met", "why"),
    [
        ((200, vector("0.5")), True, ""),
        ((200, SCALAR), False, "3 is not at most 1"),
        ((200, vector()), False, "there are no such metrics"),
        ((200, vector("0", "0")), False, "the answer is 2 series: sum() them into one"),
        ((200, vector("NaN")), False, "the answer is nan"),
        ((200, STRING), False, "the answer is a string, not one number"),
        ((200, b"<html>"), False, "the answer is not one of Prometheus' API"),
        ((200, b"[]"), False, "the answer is not one of Prometheus' API"),
        ((400, b'{"status": "error", "error": "parse error"}'), False, "Prometheus says: parse error"),
        ((503, b"sorry"), False, "Prometheus answers 503 Service Unavailable"),
    ],
)
def test_answers_of_prometheus(
    prometheus: tuple[str, type[Prometheus]], answer: tuple[int, bytes], met: bool, why: str
) -> None:
    url, handler = prometheus
    handler.answers[:] = [answer]
    (one,) = gate(asking(failed={"query": FAILED, "at_most": 1}), "c", 1, from_prometheus(url, "secret"))
    assert (one.met, one.why) == (met, why)
    assert handler.asked == [('sum(failed_total{version="4"})', "Bearer secret")]


def test_one_that_is_not_there_shuts_it() -> None:
    (one,) = gate(asking(a={"query": "1", "at_most": 1}), "c", 1, from_prometheus("http://127.0.0.1:9"))
    assert not one.met
    assert one.why.startswith("http://127.0.0.1:9 does not answer: ")


def test_where_answers_come_from_is_said_once(metrics: list[Path], tmp_path: Path) -> None:
    for prometheus, files in (("", []), ("http://127.0.0.1:1", metrics)):
        with pytest.raises(BadInput) as caught:
            ask_of(prometheus, None, files)
        assert caught.value.code == "gate-source"
    token = tmp_path / "token"
    with pytest.raises(BadInput) as caught:
        ask_of("https://p.example.com", token, [])
    assert caught.value.code == "token-unreadable"
    token.write_text("secret\n")
    for address in ("http://p.example.com", "file:///etc/passwd", "p.example.com"):
        with pytest.raises(BadInput) as caught:
            ask_of(address, token, [])
        assert caught.value.code == "prometheus-address"
