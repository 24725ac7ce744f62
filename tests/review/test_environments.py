"""Each version runs with its own libraries: two wheels made here, installed from a folder, no registry asked."""

import shutil
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.review.environments import environment, libraries, requirements_of, upgrades, wanted
from aiinfra.review.revisions import review_revisions
from aiinfra.review.terminal import to_text
from aiinfra.review.versions import Compared
from tests.review.test_repository import git

LIBRARY = """
import pulumi
class Bucket(pulumi.CustomResource):
    def __init__(self, name, **props):
        super().__init__("aws:s3/bucket:Bucket", name, {{**props, "bucket": f"{{name}}{ending}"}})
"""
PROGRAM = 'import shop_parts\nshop_parts.Bucket("data", note="{note}")\nshop_parts.Bucket("logs")\n'


def wheel(folder: Path, version: str, ending: str) -> None:
    about = f"shop_parts-{version}.dist-info"
    with zipfile.ZipFile(folder / f"shop_parts-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr("shop_parts.py", LIBRARY.format(ending=ending))
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: shop-parts\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place that packages come from; pip alone makes environments."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "1.0", "-data")
    wheel(folder, "2.0", "-store")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # The SDK is not in the folder: the environments borrow this one's.
    monkeypatch.setenv("PYTHONPATH", sysconfig.get_path("purelib"))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "__main__.py").write_text(PROGRAM.format(note="one"))
    (root / "requirements.txt").write_text("shop-parts==1.0\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    return root


@pytest.mark.usefixtures("registry")
def test_what_a_library_does_is_told_from_what_a_person_does(folder: Path) -> None:
    (folder / "requirements.txt").write_text("# newer\nshop-parts==2.0\n")
    (folder / "__main__.py").write_text(PROGRAM.format(note="two"))
    said: list[str] = []
    (document,) = review_revisions(Compared(folder), said.append)
    assert [(loss.name, loss.cause) for loss in document.losses] == [
        ("data", "library upgrade: shop-parts 1.0 → 2.0"),
        ("logs", "library upgrade: shop-parts 1.0 → 2.0"),
    ]
    note = "The two versions ask for different libraries: shop-parts 1.0 → 2.0; each ran with its own."
    assert document.notes[0] == note
    assert "note: one" in to_text(document, full=True)
    assert len(said) == 2
    again: list[str] = []
    assert review_revisions(Compared(folder), again.append) == [document]
    assert again == []
    with pytest.raises(AiinfraError, match="No module named 'shop_parts'"):
        review_revisions(Compared(folder, own_libraries=False))


@pytest.mark.usefixtures("registry")
def test_a_library_that_is_not_to_be_had_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("shop-parts==3.0\n")
    with pytest.raises(AiinfraError, match=r"requirements\.txt cannot be installed") as caught:
        environment(file, sys.executable)
    assert caught.value.code == "environment-failed"
    assert "shop-parts==3.0" in caught.value.message
    assert not [place for place in (tmp_path / "cache" / "aiinfra" / "environments").iterdir() if place.is_dir()]


def test_the_nearest_requirements_count(tmp_path: Path) -> None:
    program = tmp_path / "infra" / "shop"
    program.mkdir(parents=True)
    assert requirements_of(program, tmp_path) is None
    (tmp_path / "requirements.txt").write_text("pulumi\n")
    assert requirements_of(program, tmp_path) == tmp_path / "requirements.txt"
    (tmp_path / "infra" / "requirements.txt").write_text("pulumi\n")
    assert requirements_of(program / "__main__.py", tmp_path) == tmp_path / "infra" / "requirements.txt"
    assert requirements_of(program, program) is None


def test_what_is_asked_for_includes_other_files_but_no_comments(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# why\n\n-r base.txt\n--constraint=pins.txt\npulumi>=3\n")
    (tmp_path / "base.txt").write_text("pydantic\n-r requirements.txt\n")
    (tmp_path / "pins.txt").write_text("pydantic==2\n")
    assert wanted(file) == "pydantic\npydantic==2\npulumi>=3"
    assert wanted(None) == ""
    (tmp_path / "pins.txt").unlink()
    with pytest.raises(BadInput, match=r"includes pins\.txt, which is not there") as caught:
        wanted(file)
    assert caught.value.code == "requirements-missing"


@pytest.mark.usefixtures("registry")
def test_an_environment_holds_aiinfra_alone_beside_what_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    file = tmp_path / "requirements.txt"
    file.write_text("shop-parts==1.0\n")

    own = environment(file, sys.executable)
    assert libraries(own)["shop-parts"] == "1.0"
    assert "pydantic" not in libraries(own)
    assert ("shop-parts", "1.0", "") in upgrades(own, sys.executable)
