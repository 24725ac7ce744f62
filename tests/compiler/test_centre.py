"""The centre's dashboards: what stands on them follows from the declaration, and Grafana and AWS take it."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from aiinfra.cli import dashboards as cli
from aiinfra.compiler.centre import centre_of, dashboards, write
from aiinfra.components.monitoring.centre import boards
from aiinfra.components.monitoring.exporters import EVERY
from aiinfra.errors import BadInput
from aiinfra.graph.node import Graph
from aiinfra.spec.reading import load
from tests.components.monitoring.test_monitoring import OTHERS, SERIES, VLLM, series
from tests.programs import ROOT, declarations

SCHEMA = json.loads((ROOT / "tests/data/grafana/dashboard.jsonschema.json").read_text())
CENTRE = {"kueue_pending_workloads", "kueue_admitted_workloads_total", "apiserver_request_total"}
"""kueue.sigs.k8s.io and kubernetes.io, "Metrics"."""


def made(name: str) -> dict[str, dict]:
    return {file: json.loads(text) for file, text in dashboards(load(declarations()[f"declarations/{name}"])).items()}


def test_which_dashboards_there_are() -> None:
    assert set(made("elastic")) == {"training.json", "energy.json", "cost.json", "security.json"}
    watched = [name for name in declarations() if _has(name, "inference.json")]
    assert len(watched) >= 2


def _has(name: str, file: str) -> bool:
    with suppress(BadInput):
        return file in dashboards(load(declarations()[name]))
    return False


@pytest.mark.parametrize("name", sorted(declarations()))
def test_grafana_takes_each_and_asks_for_series_that_exist(name: str) -> None:
    found = boards(centre_of(load(declarations()[name])))
    known = {*SERIES, *VLLM, *OTHERS, *CENTRE, *(one for exporter in EVERY for one in exporter.series)}
    for text in found.values():
        board = json.loads(text)
        assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(board)] == []
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        for panel in board["panels"]:
            asked = {one for target in panel["targets"] for one in series(target.get("expr", ""))}
            grammar = {"avg", "status", "job", "Hostname", "gpu"}
            assert {re.sub(r"_(bucket|sum|count)$", "", one) for one in asked - grammar} <= known, panel["title"]


def test_records_are_asked_of_log_groups_that_the_programs_make() -> None:
    panels = made("elastic")["security.json"]["panels"]
    asked = {group for panel in panels for target in panel["targets"] for group in target["logGroupNames"]}
    there = set()
    for project in ("account", "training"):
        golden = ROOT / f"tests/golden/graphs/declarations/elastic/{project}.json"
        graph = Graph.from_json(json.loads(golden.read_text()))
        there |= {node.inputs["name"] for node in graph.of_type("aws:cloudwatch/logGroup:LogGroup")}
    assert len(asked) == 3
    assert asked <= there
    allowed = re.findall(r"log-group:([^\"]+)", next(_policies(graph)))
    assert all(any(group.startswith(pattern.rstrip("*")) for pattern in allowed) for group in asked)


def _policies(graph: Graph):
    return (node.inputs["policy"] for node in graph.of_type("aws:iam/rolePolicy:RolePolicy") if "grafana" in node.name)


def test_what_is_somebody_elses_is_not_asked() -> None:
    whole = centre_of(load(declarations()["declarations/whole"]))
    assert (whole.trail, whole.trains) == ("", False)  # the guard is a landing zone's, and no metrics are kept
    lent = centre_of(load(declarations()["declarations/lent"]))
    assert lent.flows == ""


def test_the_command_writes_files_and_says_which(tmp_path: Path) -> None:
    file = str(declarations()["declarations/elastic"])
    ran = CliRunner().invoke(cli.command, [file, "--out", str(tmp_path / "x")], standalone_mode=False)
    assert ran.output.split() == [str(tmp_path / "x" / name) for name in made("elastic")]
    assert {one.name for one in (tmp_path / "x").iterdir()} == set(made("elastic"))
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput) as caught:
        write({"a.json": "{}"}, tmp_path / "file" / "x")
    assert caught.value.code == "out-not-writable"
    lonely = next(name for name in declarations() if not boards(centre_of(load(declarations()[name]))))
    with pytest.raises(BadInput, match="nothing to show"):
        dashboards(load(declarations()[lonely]))
