"""Versions come and go while requests are answered."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server.conftest import Serve, affine, floats

MANAGER = [{"identity": "local", "verbs": ["infer", "read", "manage"]}]
BODY = {"inputs": [floats(1, 1, 1, 1)]}


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def test_a_version_that_current_newly_names_takes_over_without_a_lost_request(serve: Serve, tmp_path: Path) -> None:
    root = tmp_path / "models/m"
    affine(root / "1/model.onnx", 1)
    (root / "current").write_text("1")
    server = serve()
    answers: list[tuple[int, Any]] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(server.infer(BODY))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        affine(root / "2/model.onnx", 2)
        (root / "next").write_text("2")
        (root / "next").replace(root / "current")
        until(lambda: bool(answers) and answers[-1][1]["model_version"] == "2")
    finally:
        stop.set()
        thread.join()
    assert {status for status, _ in answers} == {200}
    for _, answer in answers:
        assert answer["outputs"][0]["data"] == [int(answer["model_version"])] * 4


def test_a_version_that_fails_is_dropped_and_the_last_good_one_answers(serve: Serve, tmp_path: Path) -> None:
    root = tmp_path / "models/m"
    affine(root / "1/model.onnx", 1)
    server = serve(allow=MANAGER)
    (root / "2").mkdir()
    (root / "2/model.onnx").write_bytes(b"broken")
    status, _, answer = server.request("POST", "/v2/repository/models/m/load")
    assert (status, "model-corrupt" in answer["error"]) == (422, True)
    assert str(tmp_path) not in answer["error"]
    assert server.infer(BODY)[1]["model_version"] == "1"
    index = server.request("POST", "/v2/repository/index")[2]
    assert index == [
        {"name": "m", "version": "1", "state": "READY", "reason": ""},
        {"name": "m", "version": "2", "state": "UNAVAILABLE", "reason": "model-corrupt"},
    ]
    assert server.request("POST", "/v2/repository/index", {"ready": True})[2] == index[:1]


def test_models_are_loaded_and_unloaded_by_who_may(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx", 1)
    server = serve(allow=MANAGER)
    assert "model_repository" in server.request("GET", "/v2")[2]["extensions"]
    assert server.request("POST", "/v2/repository/models/m/unload")[0] == 200
    assert server.request("GET", "/v2/models/m/ready")[0] == 503
    assert server.infer(BODY)[0] == 404
    assert server.request("POST", "/v2/repository/models/m/unload")[0] == 404
    assert server.request("POST", "/v2/repository/models/absent/load")[0] == 404
    override = {"parameters": {"config": "{}"}}
    assert server.request("POST", "/v2/repository/models/m/load", override)[0] == 400
    assert server.request("POST", "/v2/repository/models/m/load", {"parameters": {}})[0] == 200
    assert server.infer(BODY)[0] == 200


def test_statistics_count_what_was_asked(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx", 1)
    server = serve()
    for _ in range(3):
        server.infer({"inputs": [floats(*range(8))]})
    server.infer({"inputs": []})
    (entry,) = server.request("GET", "/v2/models/m/stats")[2]["model_stats"]
    assert (entry["inference_count"], entry["execution_count"]) == (6, 3)
    assert entry["inference_stats"]["success"]["count"] == 3
    assert entry["batch_stats"][0]["batch_size"] == 2
    assert server.request("GET", "/v2/models/stats")[2]["model_stats"][0]["name"] == "m"


def test_before_the_models_are_loaded_the_answer_is_not_yet(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx", 1)
    server = serve()
    server.server.service.ready = False
    assert server.request("GET", "/v2/health/ready")[0] == 503
    assert server.request("GET", "/v2/health/live")[0] == 200
    status, headers, _ = server.request("POST", "/v2/models/later/infer", BODY)
    assert (status, headers["retry-after"]) == (503, "1")
    server.server.service.ready = True
    assert server.request("POST", "/v2/models/later/infer", BODY)[0] == 404
