"""The server as a whole: what a caller sees, and how it starts and ends."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError
from tests.server.conftest import Serve, affine, configuration, floats, running


def test_a_prediction_and_what_the_model_says_of_itself(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    server = serve()
    assert server.request("GET", "/v2/health/ready")[::2] == (200, {"ready": True})
    assert server.request("GET", "/v2/health/live")[::2] == (200, {"live": True})
    status, metadata = server.request("GET", "/v2/models/m")[::2]
    assert status == 200
    assert metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}]
    assert metadata["versions"] == ["1"]
    status, headers, answer = server.request("POST", "/v2/models/m/infer", {"id": "a", "inputs": [floats(1, 2, 3, 4)]})
    assert status == 200
    assert answer == {
        "model_name": "m",
        "model_version": "1",
        "id": "a",
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 4], "data": [2, 4, 6, 8]}],
    }
    assert headers["aiinfra-model-digest"] == metadata["properties"]["digest"]


def test_the_newest_version_or_the_one_that_current_names(serve: Serve, tmp_path: Path) -> None:
    for version in ("2", "9", "10"):
        affine(tmp_path / f"models/m/{version}/model.onnx", float(version))
        affine(tmp_path / f"models/n/{version}/model.onnx", float(version))
    (tmp_path / "models/n/current").write_text("9\n")
    server = serve()
    assert server.infer({"inputs": [floats(1, 1, 1, 1)]}, "m")[1]["model_version"] == "10"
    assert server.infer({"inputs": [floats(1, 1, 1, 1)]}, "n")[1]["model_version"] == "9"
    assert server.infer({"inputs": [floats(1, 1, 1, 1)]}, "n/versions/9")[0] == 200
    assert server.infer({"inputs": [floats(1, 1, 1, 1)]}, "n/versions/10")[0] == 404


def refused(**sections: object) -> AiinfraError:
    root = sections.pop("root")
    assert isinstance(root, Path)
    with pytest.raises(AiinfraError) as caught, running(configuration(root, **sections)):
        pass
    return caught.value


def test_what_cannot_be_served_is_refused_with_its_code(tmp_path: Path) -> None:
    assert refused(root=tmp_path / "absent").code == "repository-absent"
    (tmp_path / "empty").mkdir()
    assert refused(root=tmp_path / "empty").code == "repository-empty"
    broken = tmp_path / "broken/m/1/model.onnx"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not a model")
    assert refused(root=tmp_path / "broken").code == "model-corrupt"
    affine(tmp_path / "models/m/1/model.onnx")
    signed_only = {"dir": str(tmp_path / "models")}
    assert refused(root=tmp_path, repository=signed_only).code == "release-unsigned"
    pinned = {"m": {"digest": "sha256:" + "0" * 64}}
    assert refused(root=tmp_path / "models", models=pinned).code == "model-digest"
    (tmp_path / "models/m/current").write_text("7")
    assert refused(root=tmp_path / "models").code == "current-unreadable"


def test_plain_text_stays_on_this_machine_and_a_taken_port_is_said(tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    assert refused(root=tmp_path / "models", http={"address": "0.0.0.0:0"}).code == "plaintext-refused"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        error = refused(root=tmp_path / "models", http={"address": address})
    assert error.render().splitlines()[0] == f"error[port-taken]: {address} is already in use"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_where_it_listens_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    affine(tmp_path / "models/m/1/model.onnx")
    ready = tmp_path / "ready"
    command = [sys.executable, "-m", "aiinfra.server", str(tmp_path / "models"), "--http", "127.0.0.1:0"]
    command += ["--allow-unsigned", "--ready-file", str(ready)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert first["event"] == "listening"
        assert first["models"] == ["m"]
        assert json.loads(ready.read_text()) == {"http": first["http"]}
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert json.loads(out) == {"event": "stopped"}
    assert not ready.exists()


def test_the_process_shows_a_users_mistake_as_one_paragraph(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aiinfra.server", str(tmp_path / "absent"), "--http", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error[repository-absent]: ")
    assert "Traceback" not in done.stderr
