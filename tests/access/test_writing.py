"""Edges as people and programs get them."""

import json
from pathlib import Path

import pytest

from aiinfra.access import everything
from aiinfra.access.edge import Edge
from aiinfra.access.kubernetes import edges
from aiinfra.access.picture import svg
from aiinfra.access.writing import document, text, write
from aiinfra.errors import BadInput
from tests.goldens import check_golden
from tests.programs import programs


def press_line() -> frozenset[Edge]:
    return edges(next(p for p in programs() if p.name == "declarations/whole/site-press-line").graph())


def test_golden_text_and_picture(update_golden: bool) -> None:
    check_golden("edges/press-line.txt", text(press_line()), update=update_golden)
    check_golden("edges/press-line.svg", svg(press_line(), "press line: who may talk to whom"), update=update_golden)


def test_golden_text_of_a_cloud(update_golden: bool) -> None:
    training = next(p for p in programs() if p.name == "declarations/whole/training").graph()
    check_golden("edges/training.txt", text(everything.edges(training)), update=update_golden)
    serving = next(p for p in programs() if p.name == "declarations/serving/serving").graph()
    check_golden("edges/serving.txt", text(everything.edges(serving)), update=update_golden)


def test_actions_are_told_by_who_takes_them() -> None:
    found = [
        Edge("role/a", "arn:aws:s3:::b/*", action, "always", "", kind="action")
        for action in ("s3:PutObject", "s3:GetObject", "kms:Decrypt")
    ]
    assert text(found) == "role/a may\n  kms:Decrypt, s3:GetObject, s3:PutObject\n    on arn:aws:s3:::b/*\n"
    assert "kms: 1, s3: 2" in svg(found, "t")


def test_the_document_holds_every_edge_once() -> None:
    data = json.loads(document(press_line()))
    assert data["schema"] == "aiinfra.edges/1"
    assert {Edge(**{"urn": "", "cluster": "", **item}) for item in data["edges"]} == press_line()


def test_sites_alike_stand_once_and_others_apart() -> None:
    def at(cluster: str, port: str) -> Edge:
        return Edge("a/x", "b/y", port, "because", "", cluster)

    same = [at(f"site-{n}", "TCP 1") for n in range(6)]
    assert "site-0, site-1, site-2 and 3 more clusters alike" in svg(same, "t")
    assert text(same).count("a/x") == 1
    assert text([*same, at("other", "TCP 2")]).count("a/x") == 2


def test_names_cannot_break_the_picture() -> None:
    drawn = svg([Edge("a/<b>", "10.0.0.0/8", "any", '"&', "")], "<t>")
    assert "<b>" not in drawn
    assert "&lt;t&gt;" in drawn


def test_files_by_their_ending_or_all_into_a_folder(tmp_path: Path) -> None:
    found = [Edge("a/x", "b/y", "any", "w", "")]
    assert [file.name for file in write(frozenset(found), "t", tmp_path / "one.svg")] == ["one.svg"]
    written = write(frozenset(found), "t", tmp_path / "all")
    assert [file.name for file in written] == ["edges.txt", "edges.json", "edges.svg"]
    assert all(file.read_text() for file in written)
    with pytest.raises(BadInput, match=r"x\.pdf: edges are written as") as caught:
        write(frozenset(found), "t", tmp_path / "x.pdf")
    assert caught.value.code == "edges-suffix"
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput) as caught:
        write(frozenset(found), "t", tmp_path / "file" / "x.svg")
    assert caught.value.code == "out-unusable"


def test_no_workloads_no_edges() -> None:
    assert text([]) == "no Kubernetes workloads, network policies, networks or roles: there are no edges\n"
