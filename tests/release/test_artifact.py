import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.errors import AiinfraError
from aiinfra.release.artifact import ARTIFACT_TYPE, CONFIG_TYPE, MANIFEST_TYPE, pack, read_artifact

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def manifest(*paths, **changes):
    layers = [
        {"mediaType": "x", "digest": EMPTY, "size": 0, "annotations": {"org.cncf.model.filepath": path}}
        for path in paths
    ]
    config = {"mediaType": CONFIG_TYPE, "digest": EMPTY, "size": 0}
    whole = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "artifactType": ARTIFACT_TYPE, "config": config}
    return json.dumps({**whole, "layers": layers, **changes}).encode()


def test_the_manifest_is_model_packs(release):
    packed = pack(release)
    read = json.loads(packed.artifact.manifest)
    assert (read["mediaType"], read["artifactType"]) == (MANIFEST_TYPE, ARTIFACT_TYPE)
    assert read["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    kinds = {layer["annotations"]["org.cncf.model.filepath"]: layer["mediaType"] for layer in read["layers"]}
    assert kinds == {
        "golden/test_data_set_0/input_0.pb": "application/vnd.cncf.model.weight.config.v1.raw",
        "golden/test_data_set_0/output_0.pb": "application/vnd.cncf.model.weight.config.v1.raw",
        "model.onnx": "application/vnd.cncf.model.weight.v1.raw",
        "model.sig": "application/vnd.cncf.model.weight.config.v1.raw",
        "release.json": "application/vnd.cncf.model.weight.config.v1.raw",
    }
    config = json.loads(packed.config)
    assert config == {
        "config": {"format": "onnx"},
        "descriptor": {"name": "line-vibration", "version": "3"},
        "modelfs": {"type": "layers", "diffIds": [layer["digest"] for layer in read["layers"]]},
    }


def test_the_same_release_has_the_same_digest(release, tmp_path):
    import shutil

    shutil.copytree(release, tmp_path / "copy")
    assert pack(tmp_path / "copy").artifact == pack(release).artifact


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["../x"], "which is not one of a release"),
        (["a/../../x"], "which is not one of a release"),
        (["/etc/passwd"], "which is not one of a release"),
        (["a//b"], "which is not one of a release"),
        (["a\\b"], "which is not one of a release"),
        (["C:x"], "which is not one of a release"),
        (["a\nb"], "which is not one of a release"),
        ([""], "which is not one of a release"),
        (["."], "which is not one of a release"),
        (["a", "a"], "twice"),
        (["a", "a/b"], "as a file and as a folder"),
        ([], "does not read"),
    ],
)
def test_paths_that_leave_the_folder(paths, words):
    with pytest.raises(AiinfraError, match=words) as caught:
        read_artifact(manifest(*paths), "r/x:1")
    assert (caught.value.code, caught.value.message.startswith("r/x:1")) == ("artifact-invalid", True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        manifest("a", mediaType="application/vnd.oci.image.index.v1+json"),
        manifest("a", artifactType="x", config={"mediaType": "y", "digest": EMPTY, "size": 0}),
        manifest("a", config={"mediaType": CONFIG_TYPE, "digest": "sha256:../../x", "size": 0}),
        manifest("a", config={"mediaType": CONFIG_TYPE, "digest": EMPTY, "size": -1}),
    ],
)
def test_not_a_models_manifest(content):
    with pytest.raises(AiinfraError) as caught:
        read_artifact(content, "r/x:1")
    assert caught.value.code == "artifact-invalid"


@given(st.text(min_size=1, max_size=40))
def test_no_path_that_is_taken_leaves_a_folder(path):
    from pathlib import PurePosixPath

    try:
        read_artifact(manifest(path), "x")
    except AiinfraError:
        return
    assert not PurePosixPath(path).is_absolute()
    assert ".." not in PurePosixPath(path).parts
