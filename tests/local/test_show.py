"""What a person reads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aiinfra.local.prediction import Answer, Prediction
from aiinfra.local.show import next_lines, prediction_lines
from aiinfra.local.state import Instance, State
from aiinfra.release.golden import GoldenSet
from aiinfra.release.trial import OutputTrial, Trial

X = np.array([[1, 2]], np.float32)
Y = np.array([[0.25, 0.75]], np.float32)


@pytest.fixture
def prediction() -> Prediction:
    golden = GoldenSet("test_data_set_0", {"x": X}, {"y": Y})
    trial = Trial((OutputTrial("test_data_set_0", "y", 2, 0, 1.5e-7),), "scikit-learn 1.9.1")
    return Prediction(golden, (Answer("y", Y, Y, ("fine", "worn")),), trial, 3.21, 0.4567)


def test_a_prediction(prediction):
    assert prediction_lines(prediction) == [
        "input    x [1, 2] = [1, 2]",
        "predicts y [1, 2] = worn (0.75)",
        "expected y [1, 2] = worn (0.75)",
        "verdict  golden outputs hold, largest difference 1.5e-07 (from: scikit-learn 1.9.1)",
        "latency  first 3.21 ms, median of 20 0.46 ms, over HTTP",
    ]


def test_a_wrong_one_and_a_self_recorded_one(prediction):
    wrong = Trial((OutputTrial("test_data_set_0", "y", 2, 2, 0.5, "differs"),), "self-recorded")
    assert prediction_lines(replace(prediction, trial=wrong))[3] == (
        "verdict  golden outputs DO NOT hold, largest difference 0.5 "
        "(self-recorded: the same answers, not the right ones)"
    )


def test_where_to_look_next(prediction, tmp_path, monkeypatch):
    here = tmp_path / "a b"
    state = State.beside(here / "deployment.yaml", "press")
    state.prepare()
    instance = Instance("f00", "press", "1", 7, "x", "127.0.0.1:8443", "r", str(here / "deployment.yaml"))
    monkeypatch.chdir(here)
    assert next_lines(instance, state, prediction, detached=False) == [
        "press is up at http://127.0.0.1:8443 (pid 7)",
        "  ask      curl -s http://127.0.0.1:8443/v2/models/press/infer -d @.aiinfra/local/press/golden-request.json",
        "  status   aiinfra status",
        "  end      Ctrl-C, or aiinfra down",
        "  config   .aiinfra/local/press/server.toml",
        "  log      .aiinfra/local/press/server.log",
    ]
    assert state.request.read_text() == (
        '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]}]}'
    )
    monkeypatch.chdir(Path(tmp_path))
    assert next_lines(instance, state, None, detached=True)[1:3] == [
        "  status   aiinfra status 'a b/deployment.yaml'",
        "  end      aiinfra down 'a b/deployment.yaml'",
    ]
