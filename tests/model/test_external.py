import hashlib
import os

import onnx
import pytest

from aiinfra.errors import BadInput
from aiinfra.model.facts import check_facts, read_facts


def _relocate(model, location, **entries):
    proto = onnx.load(model, load_external_data=False)
    tensor = proto.graph.initializer[0]
    del tensor.external_data[:]
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=value)
    model.write_bytes(proto.SerializeToString())


def _code(model):
    with pytest.raises(BadInput) as caught:
        read_facts(model)
    return caught.value.code


def test_data_files_are_listed_with_their_digests(with_data):
    facts = read_facts(with_data)
    data = with_data.parent / "weights.bin"
    digest = "sha256:" + hashlib.sha256(data.read_bytes()).hexdigest()
    assert [(f.path, f.digest, f.size) for f in facts.external] == [("weights.bin", digest, data.stat().st_size)]
    assert facts.total_size == with_data.stat().st_size + data.stat().st_size
    assert facts.parameters == 64 * 32 + 32 + 32 * 8
    assert facts.work.macs == 64 * 32 + 32 * 8


def test_changed_data_makes_facts_stale(with_data):
    facts = read_facts(with_data)
    data = with_data.parent / "weights.bin"
    data.write_bytes(data.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadInput) as caught:
        check_facts(facts, with_data)
    assert caught.value.code == "facts-stale"


@pytest.mark.parametrize(
    "location",
    ["../weights.bin", "/etc/passwd", "a/../../weights.bin", "a/../weights.bin", "c:\\x", "..\\x", "C:x", "."],
)
def test_paths_out_of_the_folder(with_data, location):
    (with_data.parent / "a").mkdir()
    (with_data.parent.parent / "weights.bin").write_bytes(b"0" * 100_000)
    _relocate(with_data, location)
    assert _code(with_data) == "model-unsafe"


def test_a_symbolic_link(with_data):
    data = with_data.parent / "weights.bin"
    data.rename(with_data.parent / "real.bin")
    data.symlink_to("real.bin")
    assert _code(with_data) == "model-unsafe"


def test_a_linked_folder_on_the_way(with_data):
    (with_data.parent / "real").mkdir()
    (with_data.parent / "weights.bin").rename(with_data.parent / "real/weights.bin")
    (with_data.parent / "link").symlink_to("real")
    _relocate(with_data, "link/weights.bin")
    assert _code(with_data) == "model-unsafe"


def test_a_hard_link(with_data):
    os.link(with_data.parent / "weights.bin", with_data.parent / "second.bin")
    assert _code(with_data) == "model-unsafe"


def test_a_folder_and_a_pipe(with_data):
    data = with_data.parent / "weights.bin"
    data.unlink()
    data.mkdir()
    assert _code(with_data) == "model-unsafe"
    data.rmdir()
    os.mkfifo(data)
    assert _code(with_data) == "model-unsafe"


def test_missing_and_short_data(with_data):
    data = with_data.parent / "weights.bin"
    data.write_bytes(data.read_bytes()[:100])
    assert _code(with_data) == "model-corrupt"
    data.unlink()
    assert _code(with_data) == "model-missing"


@pytest.mark.parametrize(
    "entries",
    [
        {"offset": "-5"},
        {"offset": "x"},
        {"offset": "99999999999"},
        {"length": "7"},
        {"length": str(2**62)},
        {"location": ""},
    ],
)
def test_ranges_that_do_not_fit(with_data, entries):
    _relocate(with_data, entries.pop("location", "weights.bin"), **entries)
    assert _code(with_data) == "model-corrupt"


def test_a_data_file_hidden_in_a_sparse_tensor_is_seen(mlp):
    proto = onnx.load(mlp)
    sparse = proto.graph.sparse_initializer.add(dims=[4])
    sparse.values.CopyFrom(onnx.TensorProto(name="s", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL))
    sparse.values.external_data.add(key="location", value="../../etc/passwd")
    mlp.write_bytes(proto.SerializeToString())
    assert _code(mlp) == "model-unsafe"
