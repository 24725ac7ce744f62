"""The real server, started and asked; and each way it can fail, which must leave no process and no instance file."""

import os
import signal
import socket
import threading
import time

import numpy as np
import onnx
import pytest

from aiinfra.errors import AiinfraError, Exit
from aiinfra.local.client import Client
from aiinfra.local.control import down, status
from aiinfra.local.up import follow, up
from aiinfra.model.facts import TensorFacts
from aiinfra.release.golden import GoldenSet, write_golden
from aiinfra.server.config import Endpoint
from tests.local.conftest import WEIGHTS, X


def test_from_nothing_to_a_prediction_and_down_again(plan, local):
    running, prediction = local.up(plan)
    assert local.heard.predictions == [prediction]
    assert prediction.trial.passed
    assert prediction.trial.origin == "numpy 2"
    (answer,) = prediction.answers
    assert answer.labels == ("fine", "worn", "broken")
    assert np.allclose(answer.predicted, X @ WEIGHTS, rtol=1e-5)
    assert prediction.median_ms > 0
    assert status(local.state).ready
    assert [c.key for c in local.heard.changes] == [
        "repository.dir", "repository.signers", "http.address", "health.address", "tls",
        "models.press.execution_providers",
    ]  # fmt: skip
    assert local.end(running) == running.instance
    with pytest.raises(AiinfraError) as caught:
        status(local.state)
    assert caught.value.code == "not-up"
    assert down(local.state) is None


def test_a_release_is_made_once_and_a_changed_byte_refuses(plan, local):
    for made in (True, False):
        running, _ = local.up(plan)
        assert local.heard.releases[-1].made is made
        local.end(running)
    model = local.heard.releases[0].folder / "model.onnx"
    content = bytearray(model.read_bytes())
    content[-3] ^= 1
    model.write_bytes(content)
    assert local.fails(plan).code == "release-changed"


def test_a_new_development_key_signs_again(plan, local, tmp_path):
    for key_home in (local.home, tmp_path / "other"):
        running, _ = up(plan, local.state, key_home, local.heard)
        local.end(running)
    assert [release.made for release in local.heard.releases] == [True, True]


def test_no_goldens_are_recorded_and_called_so(differing, local):
    running, prediction = local.up(differing(golden_dir=None))
    local.end(running)
    assert prediction.trial.self_recorded
    assert prediction.trial.passed


def test_port_taken(differing, plan, local):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = plan.config.model_copy(update={"http": Endpoint(address=f"0.0.0.0:{port}")})
        error = local.fails(differing(config=config))
        assert error.render().splitlines()[0] == (
            f"error[port-taken]: 127.0.0.1:{port} (http) is in use by another program"
        )
        assert error.exit_code == Exit.REFUSED


def test_model_missing(plan, folder, local):
    (folder / "m.onnx").unlink()
    error = local.fails(plan)
    assert error.render().splitlines()[0] == f"error[model-missing]: no model at {folder / 'm.onnx'}"
    assert error.exit_code == Exit.BAD_INPUT


def test_model_corrupt(plan, folder, local):
    model = folder / "m.onnx"
    model.write_bytes(model.read_bytes()[:-20])
    error = local.fails(plan)
    assert error.render().splitlines()[0] == (
        f"error[model-corrupt]: {model} is not a usable ONNX model: "
        "it does not parse as ONNX: truncated, nested too deeply, or not a model"
    )
    assert error.exit_code == Exit.BAD_INPUT


def test_a_model_that_only_the_runtime_finds_corrupt(differing, folder, local):
    proto = onnx.load(folder / "m.onnx")
    proto.graph.initializer[0].dims[0] = 5
    (folder / "m.onnx").write_bytes(proto.SerializeToString())
    error = local.fails(differing(golden_dir=None))
    assert (error.code, error.exit_code) == ("model-corrupt", Exit.BAD_INPUT)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"declared_inputs": [TensorFacts(name="x", dtype="FP32", shape=(-1, 8), onnx_type="")]},
         "input 'x' is FP32 [-1, 4], declared FP32 [-1, 8]"),
        ({"declared_inputs": [TensorFacts(name="x", dtype="INT64", shape=(-1, 4), onnx_type="")]},
         "input 'x' is FP32 [-1, 4], declared INT64 [-1, 4]"),
        ({"declared_outputs": [TensorFacts(name="z", dtype="FP32", shape=(-1, 3), onnx_type="")]},
         "its outputs are y; declared z"),
    ],
)  # fmt: skip
def test_model_differs(differing, local, declared, said):
    error = local.fails(differing(**declared))
    assert error.render().splitlines()[0] == f"error[model-differs]: m.onnx is not the model that is declared: {said}"
    assert error.exit_code == Exit.BAD_INPUT


def test_a_second_up(plan, local):
    running, _ = local.up(plan)
    with pytest.raises(AiinfraError) as caught:
        local.up(plan)
    http, pid = running.instance.http, running.instance.pid
    assert caught.value.render().splitlines()[0] == (
        f"error[already-up]: press is already up at http://{http} (pid {pid})"
    )
    assert caught.value.exit_code == Exit.REFUSED
    assert status(local.state).ready  # the first one is not disturbed
    local.end(running)


def test_two_at_the_same_moment(plan, local):
    local.state.prepare()
    with local.state.starting(), pytest.raises(AiinfraError) as caught:
        local.up(plan)
    assert caught.value.code == "already-up"


def test_killed_from_outside_while_followed(plan, local):
    running, _ = local.up(plan)
    os.kill(running.instance.pid, signal.SIGKILL)
    with pytest.raises(AiinfraError) as caught:
        follow(running)
    first = "error[server-gone]: the server of press ended without being asked to: killed by SIGKILL"
    assert caught.value.render().splitlines()[0] == first
    assert caught.value.exit_code == Exit.FAILED
    local.nothing_left()
    with pytest.raises(AiinfraError) as caught:
        status(local.state)
    assert caught.value.render().splitlines()[0] == first
    assert down(local.state) is None
    with pytest.raises(AiinfraError) as caught:
        status(local.state)
    assert caught.value.code == "not-up"


def test_killed_from_outside_while_detached(plan, local):
    running, _ = local.up(plan)
    os.kill(running.instance.pid, signal.SIGKILL)
    os.waitid(os.P_PID, running.instance.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(AiinfraError) as caught:
        status(local.state)
    assert caught.value.code == "server-gone"
    local.nothing_left()
    running.child.wait()
    running, _ = local.up(plan)  # and it can be started again
    local.end(running)


def test_down_from_elsewhere_ends_the_one_who_follows_cleanly(plan, local):
    running, _ = local.up(plan)
    threading.Timer(0.2, down, [local.state]).start()
    follow(running)
    while local.state.instance() is not None:
        time.sleep(0.01)
    local.nothing_left()


def test_golden_mismatch(plan, folder, local):
    wrong = GoldenSet("test_data_set_1", {"x": X}, {"y": X @ WEIGHTS + 1})
    write_golden(folder / "golden", [wrong])
    error = local.fails(plan)
    assert error.code == "golden-mismatch"
    assert error.exit_code == Exit.FAILED
    assert "test_data_set_1: 'y' differs in 3 of 3 values; largest difference 1" in error.message


def test_a_served_answer_that_is_not_the_golden_one(plan, local, monkeypatch):
    """The server tries its goldens itself before it listens; what it then answers over HTTP is compared again."""
    honest = Client.infer
    monkeypatch.setattr(Client, "infer", lambda self, inputs: {"y": honest(self, inputs)["y"] + 1})
    error = local.fails(plan)
    assert (error.code, error.exit_code) == ("golden-mismatch", Exit.FAILED)
    assert len(local.heard.predictions) == 1  # shown before it is refused


def test_what_the_server_refuses_is_told_in_its_own_words(differing, plan, local, monkeypatch):
    monkeypatch.setattr("aiinfra.local.up._check_ports", lambda config: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = plan.config.model_copy(update={"http": Endpoint(address=f"0.0.0.0:{taken.getsockname()[1]}")})
        assert local.fails(differing(config=config)).code == "port-taken"
