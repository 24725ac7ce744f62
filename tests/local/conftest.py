"""A declaration with a small model, and what the local plane needs around it."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from aiinfra.errors import AiinfraError
from aiinfra.local.control import down
from aiinfra.local.plan import LocalPlan
from aiinfra.local.process import command_line
from aiinfra.local.state import State
from aiinfra.local.up import up
from aiinfra.model.facts import TensorFacts
from aiinfra.release.golden import GoldenSet, write_golden
from aiinfra.server.config import Endpoint, ModelSettings, Repository, ServerConfig, Tls

WEIGHTS = np.random.default_rng(5).normal(size=(4, 3)).astype(np.float32)
X = np.array([[1, 2, 3, 4]], np.float32)

DECLARATION = """\
name: press
tags: {owner: me, cost_center: "1", data_class: internal}
model:
  file: m.onnx
  inputs: [{name: x, dtype: FP32, shape: [-1, 4]}]
  outputs: [{name: y, dtype: FP32, shape: [-1, 3], labels: [fine, worn, broken]}]
  golden: golden
sites:
  - class: line
    tier: {accelerator: cpu-x86-64}
    runtime: {on: k3s, callers: [plc]}
"""


class Heard:
    """A teller that remembers."""

    def __init__(self):
        self.changes, self.releases, self.predictions = (), [], []

    def step(self, text):
        assert text

    def released(self, facts, release):
        self.releases.append(release)

    def changed(self, changes):
        self.changes = changes

    def predicted(self, prediction):
        self.predictions.append(prediction)


class Local:
    """The local plane of one state folder."""

    def __init__(self, state, home):
        self.state, self.home, self.heard = state, home, Heard()

    def up(self, plan):
        return up(plan, self.state, self.home, self.heard)

    def fails(self, plan):
        """The error of an ``up`` that must leave nothing."""
        with pytest.raises(AiinfraError) as caught:
            self.up(plan)
        self.nothing_left()
        return caught.value

    def end(self, running):
        ended = down(self.state)
        running.child.wait()
        self.nothing_left()
        return ended

    def nothing_left(self):
        """No instance file, no file half written, and no process that knows this folder."""
        assert self.state.instance() is None
        names = [file.name for file in self.state.folder.glob("*")]
        assert [name for name in names if name.startswith(("instance", "ready", "."))] == []
        pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
        assert [pid for pid in pids if str(self.state.folder) in command_line(pid)] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """m.onnx (y = x @ WEIGHTS), its goldens from numpy, and deployment.yaml."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(WEIGHTS, "w")],
    )
    place = tmp_path / "press"
    place.mkdir()
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (place / "m.onnx").write_bytes(model.SerializeToString(deterministic=True))
    write_golden(place / "golden", [GoldenSet("test_data_set_0", {"x": X}, {"y": X @ WEIGHTS})])
    (place / "golden" / "golden.json").write_text('{"framework": "numpy 2", "samples": [{"truth": "fine"}]}')
    (place / "deployment.yaml").write_text(DECLARATION)
    return place


@pytest.fixture
def plan(folder: Path) -> LocalPlan:
    """The same as plain values, every listener on a port the system chooses."""
    config = ServerConfig(
        repository=Repository(dir="/models", signers=("/etc/aiinfra/signers/release.pem",)),
        http=Endpoint(address="0.0.0.0:0"),
        health=Endpoint(address="0.0.0.0:0"),
        tls=Tls(certificate="/tls/tls.crt", key="/tls/tls.key", client_ca="/tls/ca.crt"),
        models={"press": ModelSettings(execution_providers=("TensorrtExecutionProvider",))},
    )
    return LocalPlan(
        name="press",
        model_file=folder / "m.onnx",
        declared_inputs=[TensorFacts(name="x", dtype="FP32", shape=(-1, 4), onnx_type="")],
        declared_outputs=[TensorFacts(name="y", dtype="FP32", shape=(-1, 3), onnx_type="")],
        golden_dir=folder / "golden",
        config=config,
        labels={"y": ("fine", "worn", "broken")},
        declaration=folder / "deployment.yaml",
    )


@pytest.fixture
def local(folder: Path, tmp_path: Path) -> Iterator[Local]:
    """The local plane of ``folder``; whatever still runs at the end of the test is ended."""
    state = State.beside(folder / "deployment.yaml", "press")
    yield Local(state, tmp_path / "home")
    instance = state.instance()
    if instance is not None and instance.process.alive:
        os.kill(instance.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(instance.pid, 0)


@pytest.fixture
def port() -> int:
    """The first of four free ports in a row."""
    for _ in range(100):
        with contextlib.ExitStack() as stack:
            first = socket.socket()
            stack.enter_context(first)
            first.bind(("127.0.0.1", 0))
            base = first.getsockname()[1]
            try:
                for offset in (1, 2, 3):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", base + offset))
            except (OSError, OverflowError):
                continue
            return base
    raise AssertionError("no four free ports in a row")


@pytest.fixture
def differing(plan: LocalPlan):
    """The plan with fields changed."""
    return lambda **fields: replace(plan, **fields)
