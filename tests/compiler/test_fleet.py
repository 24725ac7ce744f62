"""Classes whose sites fetch their manifests: the same at every site, and nothing that grows with their number."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from aiinfra.check.checks import rows_can_be_filled_in
from aiinfra.compiler.fleet import enrolment
from aiinfra.compiler.projects import Kind, projects
from aiinfra.compiler.rendering import render
from aiinfra.compiler.writing import write
from aiinfra.errors import BadInput
from aiinfra.graph.collect import collect
from aiinfra.graph.node import Mode
from aiinfra.spec.reading import load
from tests.goldens import check_golden
from tests.judges.schemas import objects, problems
from tests.programs import ROOT, programs

DATA = ROOT / "tests" / "data" / "declarations"
KEY = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"


def fleet(folder: Path, count: int) -> Path:
    """The fleet's declaration with that many sites, and a release key."""
    text = (DATA / "fleet.yaml").read_text().replace("model: {", "model: {signer: key.pem, ")
    (folder / "deployment.yaml").write_text(text)
    (folder / "key.pem").write_text(KEY)
    lines = [f"site-{n},Street {n},{n}\n" for n in range(count)]
    (folder / "fleet.csv").write_text("name,street,lamp-count\n" + "".join(lines))
    return folder


def documents(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text))


def test_golden_enrolment(tmp_path: Path, update_golden: bool) -> None:
    check_golden("fleet/enrolment.yaml", enrolment(load(fleet(tmp_path, 3)), "site-2"), update=update_golden)


def test_every_object_is_what_its_schema_says(tmp_path: Path) -> None:
    found = documents(enrolment(load(fleet(tmp_path, 3)), "site-2"))
    assert [item["kind"] for item in found] == ["Secret", "OCIRepository", "Kustomization", "ConfigMap"]
    assert [problem for item in found for problem in problems(item)] == []
    secret, source, made, row = found
    assert source["spec"]["verify"] == {"provider": "cosign", "secretRef": {"name": secret["metadata"]["name"]}}
    assert secret["stringData"] == {"release.pub": KEY}
    assert made["spec"]["sourceRef"]["name"] == source["metadata"]["name"]
    assert made["spec"]["postBuild"]["substituteFrom"] == [{"kind": "ConfigMap", "name": row["metadata"]["name"]}]


def test_without_a_key_a_signature_is_still_demanded() -> None:
    found = documents(enrolment(load(DATA / "fleet.yaml"), "junction-1"))
    assert [item["kind"] for item in found] == ["OCIRepository", "Kustomization", "ConfigMap"]
    assert found[0]["spec"]["verify"]["secretRef"] == {"name": "aiinfra-release-key"}


def test_a_site_gets_its_own_row_and_no_other(tmp_path: Path) -> None:
    text = enrolment(load(fleet(tmp_path, 50)), "site-7")
    assert documents(text)[-1]["data"] == {"site": "site-7", "street": "Street 7", "lamp_count": "7"}
    assert re.findall(r"Street \d+", text) == ["Street 7"]


def test_what_is_compiled_and_registered_does_not_grow(tmp_path: Path) -> None:
    sizes = []
    for count in (1, 1000):
        folder = tmp_path / str(count)
        folder.mkdir()
        declaration = load(fleet(folder, count))
        assert [project.kind for project in projects(declaration)] == [Kind.PULL]
        files = render(declaration)
        out = folder / "out"
        write(files, out)
        graph = collect(out / "site-cabinet", stack="production", mode=Mode.PREVIEW)
        sizes.append(({name: text for name, text in files.items() if name != "fleet.csv"}, graph.to_text()))
    assert sizes[0] == sizes[1]
    assert len([name for name in sizes[0][0] if name.startswith("site-cabinet/")]) <= 6


def test_every_placeholder_is_filled_by_every_row(tmp_path: Path) -> None:
    """What the class's manifests ask for is what a site's ConfigMap holds; nothing else in them looks like one."""
    folder = fleet(tmp_path, 2)
    write(render(load(folder)), tmp_path / "out")
    made = objects(collect(tmp_path / "out" / "site-cabinet", stack="production", mode=Mode.PREVIEW))
    text = json.dumps(made)
    asked = set(re.findall(r"\$\{(\w+)", text))
    assert asked == set(documents(enrolment(load(folder), "site-0"))[-1]["data"])
    assert text.count("${") == len(asked)


def test_a_line_a_value() -> None:
    declaration = load(DATA / "fleet.yaml")
    from aiinfra.components.kubernetes.parts import class_of

    values = class_of(declaration, "cabinet").values
    assert values == {"site.properties": "site=${site}\nlamp-count=${lamp_count:-}\nstreet=${street:-}\n"}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ('name,street\na,"two\nlines"\n', "row-value-unsafe"),
        ("name,street\na,${other}\n", "row-value-unsafe"),
        ("name,lamp-count,lamp_count\na,1,2\n", "row-column-clash"),
        ("name,site\na,1\n", "row-column-clash"),
    ],
)
def test_bad_rows(tmp_path: Path, rows: str, code: str) -> None:
    fleet(tmp_path, 1)
    (tmp_path / "fleet.csv").write_text(rows)
    assert [finding.id for finding in rows_can_be_filled_in(load(tmp_path))] == [code]


def test_sites_that_are_not_there_or_not_delivered() -> None:
    with pytest.raises(BadInput, match="did you mean 'junction-") as caught:
        enrolment(load(DATA / "fleet.yaml"), "junction-l")
    assert caught.value.code == "row-unknown"
    with pytest.raises(BadInput, match="names no delivery") as caught:
        enrolment(load(DATA / "whole.yaml"), "hall-1")
    assert caught.value.code == "site-pushed"


def test_a_box_installs_its_bundle(tmp_path: Path) -> None:
    fleet(tmp_path, 1)
    text = (
        (tmp_path / "deployment.yaml")
        .read_text()
        .replace("on: k3s", "on: box")
        .replace(", issuer: {name: cabinet-ca}", "")
    )
    (tmp_path / "deployment.yaml").write_text(text)
    with pytest.raises(BadInput) as caught:
        load(tmp_path)
    assert "delivery is for sites on Kubernetes" in caught.value.render()


def test_three_classes_of_a_thousand_sites_are_three_programs_of_one_site_each() -> None:
    declaration = load(DATA / "plants.yaml")
    assert [len(rows) for rows in declaration.rows.values()] == [400, 350, 250]
    graphs = [program.graph() for program in programs() if program.name.startswith("declarations/plants/")]
    assert [len(list(graph.of_type("aiinfra:index:Site"))) for graph in graphs] == [1, 1, 1]
    largest = max(len(json.dumps(dict(node.inputs))) for graph in graphs for node in graph)
    assert largest < 2**20
    assert [documents(enrolment(declaration, name))[-1]["data"]["hall"] for name in ("press-001", "gate-249")] == [
        "A2",
        "C7",
    ]


def test_a_review_folds_sites_that_change_alike(tmp_path: Path) -> None:
    """Thirty pushed sites get one more core: one row, through the review of two revisions of a repository."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    text = (DATA / "plants.yaml").read_text()
    start, end = text.index("  - class: paint"), len(text)
    pushed = text[:start].replace("    rows: plants-press.csv", "    rows: rows.csv")
    pushed = "\n".join(line for line in pushed.splitlines() if "delivery:" not in line and "monitoring:" not in line)
    assert end > start
    (tmp_path / "rows.csv").write_text("name,hall\n" + "".join(f"press-{n},{n}\n" for n in range(30)))
    (tmp_path / "deployment.yaml").write_text(pushed)
    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "x")
    (tmp_path / "deployment.yaml").write_text(pushed.replace("on: k3s,", "on: k3s, cores: 2,"))
    ran = subprocess.run(
        [sys.executable, "-m", "aiinfra", "review", str(tmp_path), "--base", "main", "--format", "markdown"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 0, ran.stderr
    assert "30 sites" in ran.stdout
    assert len(re.findall(r"press-\d+", ran.stdout)) <= 3
