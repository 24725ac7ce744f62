"""What a declaration costs and draws, before and after."""

from datetime import date
from pathlib import Path

import pytest

from aiinfra.estimate.estimate import estimate
from aiinfra.estimate.read import catalogue_of
from aiinfra.review.document import Level
from aiinfra.review.figures import estimated
from aiinfra.review.html import to_html
from aiinfra.review.markdown import to_markdown
from aiinfra.review.revisions import review_revisions
from aiinfra.review.terminal import to_text
from aiinfra.review.versions import Compared
from aiinfra.spec.reading import load
from tests.review.test_repository import git

HOSPITAL = Path(__file__).parent.parent.parent / "examples" / "hospital"
DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """The example, and one with another box and a cap it breaks."""
    folder = tmp_path_factory.mktemp("hospital")
    for file in HOSPITAL.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    found = []
    for changed in (False, True):
        file = folder / "deployment.yaml"
        if changed:
            file.write_text(file.read_text().replace("intel-n100", "jetson-orin-nano-super"))
        declaration = load(folder)
        found.append(estimate(declaration.deployment, catalogue_of(declaration, None), DAY))
    return found


def test_another_box(versions):
    found = estimated(*versions, title="cytology", compared="")
    assert found.level is Level.OPENS
    assert found.verdict.startswith("pathology-lab no longer meets cap 25 W. Watts under load: ")
    assert {figure.name for figure in found.figures} == {"pathology-lab", "all together"}
    total = {figure.words: figure for figure in found.figures if figure.name == "all together"}
    assert total["cost a month"].changed
    assert total["watts under load"].after.most > total["watts under load"].before.most
    assert found.notes[0] == "Estimated as of 2026-11-21; ranges hold nine times in ten."
    assert any(note.startswith("Not priced: ") for note in found.notes)
    for text in (to_text(found), to_markdown(found), to_html([found])):
        assert "watts under load" in text
        assert total["cost a month"].after.text in text.replace("\n      ", " ")


def test_nothing_changed_is_one_line(versions):
    found = estimated(versions[0], versions[0], title="cytology", compared="")
    assert to_text(found) == "cytology: Cost, watts, latency and carbon stay as they were.\n"


def test_a_new_declaration_and_one_that_goes(versions):
    new = estimated(None, versions[0], title="cytology", compared="")
    assert "not there → " in to_text(new)
    assert new.level is Level.SAFE
    gone = estimated(versions[0], None, title="cytology", compared="")
    assert {figure.after.text for figure in gone.figures} == {"not there"}


def test_a_declaration_in_a_repository_begins_with_its_figures(tmp_path):
    root = tmp_path / "repository"
    root.mkdir()
    for file in HOSPITAL.iterdir():
        if file.is_file():
            (root / file.name).write_bytes(file.read_bytes())
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    file = root / "deployment.yaml"
    file.write_text(file.read_text().replace("rate: 5/s", "rate: 40/s"))
    found = review_revisions(Compared(root))
    assert found[0].title == "cytology, the declaration"
    assert any(figure.changed for figure in found[0].figures)
    assert [document.title for document in found[1:]] == [
        "cytology-registry, stack production",
        "cytology-site-pathology-lab, stack production",
    ]
    file.write_text("name: cytology\n")
    with pytest.raises(Exception, match="in the work tree"):
        review_revisions(Compared(root))
