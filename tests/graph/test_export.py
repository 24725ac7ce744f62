"""Graphs as text and files."""

import json
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
import pytest

from aiinfra.errors import BadInput, Refused
from aiinfra.graph.collect import collect
from aiinfra.graph.export import Format, text_of, write
from aiinfra.graph.node import Graph, Mode
from aiinfra.spec import yaml


@pytest.fixture
def graph() -> Graph:
    def program() -> None:
        k8s.core.v1.Namespace("n", metadata={"name": "line"})
        k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, data={"on": "yes", "k": pulumi.Output.secret("canary")})

    return collect(program, mode=Mode.PREVIEW)


def test_json_and_yaml_hold_the_same_and_no_secret(graph) -> None:
    as_json, as_yaml = (text_of(graph, form)[0] for form in (Format.JSON, Format.YAML))
    assert json.loads(as_json) == yaml.read(as_yaml, "x").data == graph.as_json()
    assert "canary" not in as_json + as_yaml


def test_the_mode_that_suits() -> None:
    assert {form.value: form.mode for form in Format} == {
        "json": Mode.SYMBOLIC,
        "yaml": Mode.SYMBOLIC,
        "manifests": Mode.PREVIEW,
        "edges": Mode.SYMBOLIC,
        "terraform-plan": Mode.SYMBOLIC,
    }


def test_files(graph, tmp_path) -> None:
    target = tmp_path / "new" / "graph.json"
    assert write(graph, Format.JSON, target) == ([target], [])
    assert Graph.from_json(json.loads(target.read_text())) == graph
    stream, notes = write(graph, Format.MANIFESTS, tmp_path / "all.yaml", omit_secrets=True)
    assert [file.name for file in stream] == ["all.yaml"]
    assert [note.id for note in notes] == ["manifest-left-out"]
    folder = tmp_path / "manifests"
    files, _ = write(graph, Format.MANIFESTS, folder, omit_secrets=True)
    assert [file.name for file in files] == ["00-namespace-line.yaml"]
    assert files[0].read_text() == (tmp_path / "all.yaml").read_text().removeprefix("---\n")


def test_writing_twice_changes_nothing_and_stale_manifests_are_refused(graph, tmp_path) -> None:
    write(graph, Format.MANIFESTS, tmp_path, omit_secrets=True)
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    write(graph, Format.MANIFESTS, tmp_path, omit_secrets=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    (tmp_path / "00-namespace-gone.yaml").write_text("")
    with pytest.raises(Refused, match=r"00-namespace-gone\.yaml") as caught:
        write(graph, Format.MANIFESTS, tmp_path, omit_secrets=True)
    assert (caught.value.code, caught.value.exit_code) == ("export-stale", 3)


@pytest.mark.parametrize(
    ("form", "name", "said"),
    [
        (Format.JSON, ".", "is a folder"),
        (Format.MANIFESTS, "file", "is a file"),
        (Format.JSON, "file/x.json", "cannot be written"),
    ],
)
def test_places_that_cannot_be_written_to(graph, tmp_path: Path, form: Format, name: str, said: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=said) as caught:
        write(graph, form, tmp_path / name, omit_secrets=True)
    assert caught.value.code == "out-unusable"
