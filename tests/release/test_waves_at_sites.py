"""A class file brings each site to its wave's release, over any way that releases travel."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from aiinfra.cli.release_fleet import tag
from aiinfra.cli.shipping import pull
from aiinfra.errors import AiinfraError
from aiinfra.release.class_files import start_class
from aiinfra.release.layout import Layout
from aiinfra.release.manifest import ReleaseManifest
from aiinfra.release.place import parse_place
from aiinfra.release.promote import promote
from aiinfra.release.sign import sign
from aiinfra.release.transfer import push, resolve


@pytest.fixture
def two(release: Path, key: Path, tmp_path: Path) -> list[Path]:
    """The same model as versions 3 and 4, both signed."""
    second = tmp_path / "second"
    shutil.copytree(release, second)
    manifest = ReleaseManifest.read(second)
    (second / "release.json").write_text(manifest.model_copy(update={"version": "4"}).to_json())
    sign(second, key)
    return [release, second]


@pytest.mark.parametrize("uri", ["oci:{}/layout", "{}/stick"])
def test_each_site_serves_its_wave(uri: str, two: list[Path], signer: Path, tmp_path: Path) -> None:
    where = uri.format(tmp_path)
    first, second = (push(folder, parse_place(where)).digest for folder in two)
    file = start_class(tmp_path, "line", where, signer, ("3", first), waves=2)
    promote(file, "4", 1, second)
    served = {}
    for site, wave in (("a", 1), ("b", 2)):
        words = [
            "--class-file",
            file,
            "--site",
            site,
            "--wave",
            wave,
            "--repository",
            tmp_path / site,
            "--signer",
            signer,
        ]
        ran = CliRunner().invoke(pull, [str(word) for word in words], catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        served[site] = next((tmp_path / site).glob("*/current")).read_text()
    assert served == {"a": "4\n", "b": "3\n"}


def test_what_to_pull_is_said_once(two: list[Path], signer: Path, tmp_path: Path) -> None:
    file = start_class(tmp_path, "line", "x", signer, ("1", "sha256:" + "1" * 64), waves=2)
    said = []
    for words in ([], ["./x", "--class-file", file], ["--class-file", file]):
        with pytest.raises(AiinfraError) as caught:
            CliRunner().invoke(pull, [*map(str, words), "--repository", str(tmp_path / "a")], catch_exceptions=False)
        said.append((caught.value.code, caught.value.message))
    assert said == [
        ("pull-needs", "no SOURCE is named"),
        ("pull-needs", "SOURCE and --class-file both say what to pull"),
        ("pull-needs", f"{file} has 2 waves"),
    ]


def test_tags_follow_the_class_file(two: list[Path], signer: Path, tmp_path: Path) -> None:
    where = f"oci:{tmp_path}/layout"
    first, second = (push(folder, parse_place(where)).digest for folder in two)
    file = start_class(tmp_path, "line", where, signer, ("3", first), waves=2)
    ran = CliRunner().invoke(tag, [str(tmp_path), "--class", "line"], catch_exceptions=False)
    assert ran.output == f"{where}:line-wave-1 is version 3\n{where}:line-wave-2 is version 3\n"
    promote(file, "4", 1, second)
    ran = CliRunner().invoke(tag, [str(tmp_path), "--class", "line", "--json"], catch_exceptions=False)
    assert json.loads(ran.output)["data"]["tags"] == {"line-wave-1": "4", "line-wave-2": "3"}
    named = [resolve(Layout(place), place).digest for n in (1, 2) for place in [parse_place(f"{where}:line-wave-{n}")]]
    assert named == [second, first]


def test_what_cannot_be_tagged(two: list[Path], signer: Path, tmp_path: Path) -> None:
    digest = push(two[0], parse_place(f"oci:{tmp_path}/layout")).digest
    start_class(tmp_path, "stick", str(tmp_path), signer, ("3", digest), waves=1)
    file = start_class(tmp_path, "line", f"oci:{tmp_path}/layout", signer, ("3", digest), waves=2)
    promote(file, "4", 1, "sha256:" + "4" * 64)
    codes = []
    for name in ("stick", "line"):
        with pytest.raises(AiinfraError) as caught:
            CliRunner().invoke(tag, [str(tmp_path), "--class", name], catch_exceptions=False)
        codes.append(caught.value.code)
    assert codes == ["tags-need-registry", "artifact-missing"]
    tags = [
        entry["annotations"] for entry in json.loads((tmp_path / "layout" / "index.json").read_bytes())["manifests"]
    ]
    assert "wave" not in str(tags), "nothing is tagged unless all of it is there"
