import json

import pytest

from aiinfra.cli.review import command
from aiinfra.errors import BadInput, Exit
from aiinfra.graph.diff import diff
from aiinfra.review import revisions
from aiinfra.review.build import review
from tests.review.stories import STORIES


@pytest.fixture
def documents(monkeypatch):
    """The command over reviews that are made already: what runs programs has tests of its own."""
    named = {story.name: story for story in STORIES}

    def answer(compared, told):
        story = named[compared.program.name]
        return [review(diff(story.before, story.after), compared=f"{compared.base}:{compared.head}:{compared.stack}")]

    monkeypatch.setattr(revisions, "review_revisions", answer)


def run(*arguments):
    return command.main(list(arguments), standalone_mode=False)


def test_text(documents, capsys):
    assert run("renamed-bucket") == Exit.DONE
    out = capsys.readouterr().out
    assert out.startswith("shop, stack production\n:worktree:production\ndatasets (S3 bucket) is replaced;")
    assert "Add --full for the whole difference." in out


def test_json(documents, capsys):
    assert run("widened-cidr", "--json", "--base", "v1", "--stack", "dev") == Exit.DONE
    data = json.loads(capsys.readouterr().out)
    assert (data["schema"], data["tool"]) == ("aiinfra.review/1", "aiinfra")
    assert data["data"][0]["compared"] == "v1:worktree:dev"
    assert [finding["id"] for finding in data["findings"]] == ["opening-network"]


def test_a_file(documents, tmp_path, capsys):
    out = tmp_path / "new" / "review.md"
    assert run("no-op", "--format", "markdown", "--out", str(out)) == Exit.DONE
    assert "No changes: 3 resources stay as before." in out.read_text()
    assert capsys.readouterr().out == ""


def test_gates(documents, capsys):
    assert run("renamed-bucket", "--fail-on", "opening", "--fail-on", "replace:stateful") == Exit.FAILED
    expected = "gate failed: replace:stateful: a resource that holds data is destroyed or replaced, or may be\n"
    assert capsys.readouterr().err == expected
    with pytest.raises(BadInput, match="no gate 'everything'"):
        run("renamed-bucket", "--fail-on", "everything")
