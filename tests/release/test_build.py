import dataclasses
import hashlib
import json

import onnx
import pytest

from aiinfra.errors import BadInput, Refused
from aiinfra.release.build import build_release
from aiinfra.release.manifest import ReleaseManifest


def contents(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_the_folder(source, tmp_path):
    manifest = build_release(source, tmp_path / "r")
    files = contents(tmp_path / "r")
    assert list(files) == [
        "golden/test_data_set_0/input_0.pb",
        "golden/test_data_set_0/output_0.pb",
        "model.onnx",
        "release.json",
    ]
    assert files["model.onnx"] == source.model.read_bytes()
    assert json.loads(files["release.json"]) == {
        "schema": "aiinfra.release/1",
        "name": "line-vibration",
        "version": "3",
        "digest": "sha256:" + hashlib.sha256(files["model.onnx"]).hexdigest(),
        "external": [],
        "inputs": [{"name": "x", "dtype": "FP32", "shape": [-1, 6], "onnx_type": "tensor(float)"}],
        "outputs": [
            {"name": "y", "dtype": "FP32", "shape": [-1, 3], "onnx_type": "tensor(float)", "labels": ["a", "b", "c"]}
        ],
        "tolerance": {"absolute": 1e-5, "relative": 1e-3},
        "golden": {"origin": "numpy 2", "sets": ["test_data_set_0"]},
        "tiers": [],
        "origin": {"data": "", "code": "", "run": ""},
    }
    assert ReleaseManifest.read(tmp_path / "r") == manifest


def test_the_same_inputs_give_the_same_bytes(source, tmp_path):
    build_release(source, tmp_path / "a")
    build_release(source, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_never_over_something_else(source, tmp_path):
    (tmp_path / "r").mkdir()
    with pytest.raises(Refused) as caught:
        build_release(source, tmp_path / "r")
    assert caught.value.code == "release-exists"


@pytest.mark.parametrize("change", [{"version": "1.0"}, {"name": "Has Space"}, {"golden": [], "golden_origin": ""}])
def test_what_does_not_fit(source, tmp_path, change):
    with pytest.raises(BadInput) as caught:
        build_release(dataclasses.replace(source, **change), tmp_path / "r")
    assert caught.value.code == "release-invalid"
    assert list(tmp_path.glob("*r*/*")) == [source.model]  # nothing half made, no draft left


def test_external_data_travels(source, tmp_path):
    def save(location):
        proto = onnx.load(source.model)
        onnx.save_model(proto, source.model, save_as_external_data=True, location=location, size_threshold=0)

    save("weights/big.bin") if (source.model.parent / "weights").mkdir() is None else None
    manifest = build_release(source, tmp_path / "r")
    assert [item.path for item in manifest.external] == ["weights/big.bin"]
    assert "weights/big.bin" in contents(tmp_path / "r")


def test_external_data_that_would_take_the_signatures_place(source, tmp_path):
    onnx.save_model(
        onnx.load(source.model), source.model, save_as_external_data=True, location="model.sig", size_threshold=0
    )
    with pytest.raises(BadInput, match="a name that a release needs"):
        build_release(source, tmp_path / "r")
