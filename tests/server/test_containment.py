"""Hostile model files and folders, and what a process that runs one may do."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from aiinfra.errors import AiinfraError
from aiinfra.server.confine import landlock_version
from tests.server.conftest import Serve, affine, configuration, floats, running, value, write_model


def refused(root: Path, **sections: Any) -> AiinfraError:
    with pytest.raises(AiinfraError) as caught, running(configuration(root, **sections)):
        pass
    return caught.value


def external(root: Path, location: str) -> Path:
    """A model whose weight is kept in ``location``."""
    weight = numpy_helper.from_array(np.ones(4, np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, text in (("location", location), ("length", "16")):
        weight.external_data.add(key=key, value=text)
    return write_model(
        root / "m/1/model.onnx",
        [helper.make_node("Mul", ["x", "w"], ["y"])],
        [value("x", TensorProto.FLOAT, ["N", 4])],
        [value("y", TensorProto.FLOAT, ["N", 4])],
        [weight],
    )


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname", "a/../../secret", "sub/data", "..", "", "a\\b"])
def test_external_data_stays_in_the_folder(tmp_path: Path, location: str) -> None:
    (tmp_path / "m/secret").parent.mkdir(parents=True)
    (tmp_path / "m/secret").write_bytes(b"\0" * 16)
    external(tmp_path, location)
    assert refused(tmp_path).code == "model-external-data"


def test_external_data_beside_the_model_is_served_and_its_absence_is_said(tmp_path: Path) -> None:
    external(tmp_path, "weights.bin")
    assert refused(tmp_path).code == "model-external-data"
    (tmp_path / "m/1/weights.bin").write_bytes(np.float32([3, 3, 3, 3]).tobytes())
    with running(configuration(tmp_path)) as server:
        assert server.infer({"inputs": [floats(1, 2, 3, 4)]})[1]["outputs"][0]["data"] == [3, 6, 9, 12]


def test_links_of_either_kind_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(np.float32([3, 3, 3, 3]).tobytes())
    for number, link in enumerate((lambda p: p.symlink_to(secret), lambda p: os.link(secret, p))):
        root = tmp_path / str(number)
        external(root, "weights.bin")
        link(root / "m/1/weights.bin")
        assert refused(root).code == "release-link"
    affine(tmp_path / "elsewhere/1/model.onnx")
    linked = tmp_path / "folder/m"
    linked.mkdir(parents=True)
    (linked / "1").symlink_to(tmp_path / "elsewhere/1")
    assert refused(tmp_path / "folder").code == "release-link"


def test_an_operator_of_a_foreign_domain_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Run", ["x"], ["y"], domain="evil.example")
    ports = [value("x", TensorProto.FLOAT, [4])], [value("y", TensorProto.FLOAT, [4])]
    graph = helper.make_graph([node], "g", *ports)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("evil.example", 1)]
    file = tmp_path / "m/1/model.onnx"
    file.parent.mkdir(parents=True)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), file)
    assert refused(tmp_path).code == "model-operator"


def hungry(path: Path, elements: int) -> Path:
    """Makes ``elements`` floats out of nothing."""
    size = numpy_helper.from_array(np.array([elements], np.int64), "n")
    return write_model(
        path,
        [
            helper.make_node("ConstantOfShape", ["n"], ["big"]),
            helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
            helper.make_node("Add", ["x", "sum"], ["y"]),
        ],
        [value("x", TensorProto.FLOAT, ["N", 4])],
        [value("y", TensorProto.FLOAT, ["N", 4])],
        [size],
    )


def test_a_model_that_takes_too_much_memory_never_reaches_the_server(tmp_path: Path) -> None:
    hungry(tmp_path / "m/1/model.onnx", 1 << 33)
    assert refused(tmp_path, vetting={"memory": "2 GiB", "time": "10 s"}).code in ("model-memory", "model-hostile")


def endless(path: Path) -> Path:
    """y = x after as many turns of a loop as x[0] says."""
    one = value("i", TensorProto.INT64, [])
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Identity", ["v"], ["w"])],
        "body",
        [one, value("c", TensorProto.BOOL, []), value("v", TensorProto.FLOAT, ["N", 4])],
        [value("d", TensorProto.BOOL, []), value("w", TensorProto.FLOAT, ["N", 4])],
    )
    zero = numpy_helper.from_array(np.array([0], np.int64), "zero")
    return write_model(
        path,
        [
            helper.make_node("ReduceMax", ["x"], ["top"], keepdims=0),
            helper.make_node("Cast", ["top"], ["turns"], to=TensorProto.INT64),
            helper.make_node("Loop", ["turns", "", "x"], ["y"], body=body),
        ],
        [value("x", TensorProto.FLOAT, ["N", 4])],
        [value("y", TensorProto.FLOAT, ["N", 4])],
        [zero],
    )


@pytest.mark.parametrize("untrusted", [False, True])
def test_a_call_without_end_stops_at_its_deadline_and_others_go_on(
    serve: Serve, tmp_path: Path, untrusted: bool
) -> None:
    endless(tmp_path / "models/slow/1/model.onnx")
    affine(tmp_path / "models/m/1/model.onnx")
    server = serve(models={"slow": {"deadline": "1 s", "untrusted": untrusted, "threads": 1}})
    metadata = server.request("GET", "/v2/models/slow")[2]
    assert metadata["properties"]["lane"] == "threads"
    assert server.infer({"inputs": [floats(1e18, 0, 0, 0)]}, "slow")[0] == 504
    assert server.infer({"inputs": [floats(1, 2, 3, 4)]})[0] == 200
    end = time.monotonic() + 60
    while server.infer({"inputs": [floats(3, 0, 0, 0)]}, "slow")[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_an_untrusted_models_process_is_killed_and_comes_back(serve: Serve, tmp_path: Path) -> None:
    affine(tmp_path / "models/m/1/model.onnx", 3)
    server = serve(models={"m": {"untrusted": True}})
    body = {"inputs": [floats(1, 2, 3, 4)]}
    assert server.infer(body)[1]["outputs"][0]["data"] == [3, 6, 9, 12]
    lane: Any = server.server.catalogue.find("m").lane
    lane._process.kill()
    statuses = []
    end = time.monotonic() + 60
    while not statuses or statuses[-1] != 200:
        statuses.append(server.infer(body)[0])
        assert time.monotonic() < end
        time.sleep(0.05)
    assert set(statuses) <= {200, 503}
    assert server.infer({"inputs": [floats(1, 2, 3, 4, 5, 6, 7, 8)]})[1]["outputs"][0]["shape"] == [2, 4]
    assert server.infer({"inputs": []})[0] == 400


PROBE = """
import json, socket, sys
from aiinfra.server.confine import confine
missing = confine(readable=None, writable=[sys.argv[1]], connect=[2], listen=True)
def tried(work):
    try: work()
    except PermissionError: return "denied"
    except OSError as error: return type(error).__name__
    return "done"
print(json.dumps([missing, tried(lambda: open(sys.argv[1] + "/in", "w").close()),
  tried(lambda: open(sys.argv[2] + "/out", "w").close()),
  *(tried(lambda: socket.create_connection(("127.0.0.1", port))) for port in (1, 2))]))
"""


def test_a_process_gives_up_what_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-c", PROBE, str(tmp_path / "in"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    missing, inside, outside, connection, named = json.loads(done.stdout)
    assert inside == "done"
    assert "no-new-privileges" not in missing
    version = landlock_version()
    assert ("landlock" in missing) == (version == 0)
    assert outside == ("denied" if version else "done")
    assert connection == ("denied" if version >= 4 else "ConnectionRefusedError")
    assert named == "ConnectionRefusedError"
