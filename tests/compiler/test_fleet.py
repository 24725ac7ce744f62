"""Classes whose sites fetch their manifests: the same at every site, and nothing that grows with their number."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from aiinfra.check.checks import rows_can_be_filled_in
from aiinfra.compiler.fleet import enrolment
from aiinfra.compiler.projects import Kind, projects
from aiinfra.compiler.rendering import render
from aiinfra.compiler.writing import write
from aiinfra.components.kubernetes.parts import class_of, site_of
from aiinfra.errors import BadInput
from aiinfra.graph.collect import collect
from aiinfra.graph.manifests import files, manifests_of
from aiinfra.graph.node import Mode
from aiinfra.spec.reading import load
from aiinfra.spec.site import Row
from tests.goldens import check_golden
from tests.judges.schemas import objects, problems
from tests.programs import ROOT

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


DIGESTS = {"4": "sha256:" + "4" * 64, "5": "sha256:" + "5" * 64}


def with_waves(folder: Path, *versions: str) -> Path:
    """A class file with a wave a version."""
    waves = "".join(f'  {n}: {{version: "{v}", digest: {DIGESTS[v]}}}\n' for n, v in enumerate(versions, 1))
    indented = KEY.rstrip().replace("\n", "\n  ")
    text = f"uri: oci://registry.example.com/releases/help-point\npublic_key: |\n  {indented}\nwaves:\n{waves}"
    (folder / "classes").mkdir(exist_ok=True)
    (folder / "classes" / "cabinet.yaml").write_text(text)
    return folder


def exported(folder: Path) -> dict[str, str]:
    """What is pushed as the class's artifact."""
    with TemporaryDirectory() as out:
        write(render(load(folder)), Path(out))
        graph = collect(Path(out) / "site-cabinet", stack="production", mode=Mode.PREVIEW)
        return files(manifests_of(graph)[0])


def test_a_wave_is_a_folder_with_its_own_version_and_no_other(tmp_path: Path) -> None:
    found = exported(with_waves(fleet(tmp_path, 3), "5", "4"))
    assert {name.partition("/")[0] for name in found} == {"wave-1", "wave-2"}
    for wave, version, other in (("wave-1", "5", "4"), ("wave-2", "4", "5")):
        text = "".join(text for name, text in found.items() if name.startswith(wave))
        image = f"reference: registry.example.com/releases/help-point@{DIGESTS[version]}"
        assert (text.count(image), DIGESTS[other] in text) == (1, False)
        assert f"mountPath: /models/help-point/{version}" in text
        assert "digest = " not in text, "the declared model's digest would refuse another version"


def test_a_promotion_changes_the_manifests_of_its_wave_alone(tmp_path: Path) -> None:
    fleet(tmp_path, 3)
    before, after = exported(with_waves(tmp_path, "5", "4", "4")), exported(with_waves(tmp_path, "5", "5", "4"))
    changed = {name.partition("/")[0] for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"wave-2"}


def test_a_site_follows_its_own_wave(tmp_path: Path) -> None:
    with_waves(fleet(tmp_path, 3), "5", "4")
    (tmp_path / "fleet.csv").write_text("name,wave,street\nsite-0,1,a\nsite-1,2,b\nsite-2,,c\n")
    declaration = load(tmp_path)
    paths = [documents(enrolment(declaration, f"site-{n}"))[2]["spec"]["path"] for n in range(3)]
    assert paths == ["./wave-1", "./wave-2", "./wave-2"]
    assert documents(enrolment(declaration, "site-0"))[-1]["data"] == {"site": "site-0", "street": "a"}
    assert "site-cabinet/sync.yaml" not in render(declaration), "it would not be the same at every site"


def test_one_wave_needs_no_folder(tmp_path: Path) -> None:
    with_waves(fleet(tmp_path, 1), "5")
    assert not any("/" in name for name in exported(tmp_path))
    assert documents(enrolment(load(tmp_path), "site-0"))[2]["spec"]["path"] == "./"


def test_sites_that_are_pushed_serve_their_wave_too(tmp_path: Path) -> None:
    with_waves(fleet(tmp_path, 1), "5", "4")
    declaration = load(tmp_path)
    specs = [site_of(declaration, "cabinet", Row(name="x", wave=wave)) for wave in (1, 2)]
    assert [spec.model.version for spec in specs] == ["5", "4"]
    assert [spec.images["help-point-release"][-64:] for spec in specs] == ["5" * 64, "4" * 64]


UPDATES = "updates: {source: registry.example.com/x:cabinet}"


def test_a_box_asks_for_the_tag_of_its_wave(tmp_path: Path) -> None:
    with_waves(fleet(tmp_path, 1), "5", "4")
    file = tmp_path / "deployment.yaml"
    text = file.read_text().replace("on: k3s", f"on: box, {UPDATES}").replace(", issuer: {name: cabinet-ca}", "")
    file.write_text("".join(line for line in text.splitlines(keepends=True) if "delivery:" not in line))
    (tmp_path / "fleet.csv").write_text("name,wave\nsite-0,1\nsite-1,2\n")
    declaration = load(tmp_path)
    assert enrolment(declaration, "site-0") == (
        "# site-0: /etc/aiinfra/site.env\nAIINFRA_SOURCE=registry.example.com/releases/help-point:cabinet-wave-1\n"
    )
    assert "help-point:cabinet-wave-2\n" in enrolment(declaration, "site-1")
    files = render(declaration)
    unit = files["site-cabinet/aiinfra-pull.service"]
    assert (
        "EnvironmentFile=/etc/aiinfra/site.env\nExecStart=/opt/aiinfra/bin/aiinfra release pull ${AIINFRA_SOURCE} "
        in unit
    )
    assert "registry.example.com/x" not in unit
    assert "| ssh NAME 'sudo tee /etc/aiinfra/site.env'" in files["site-cabinet/README.md"]
