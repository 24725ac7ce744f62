import subprocess

import pytest

from aiinfra.errors import BadInput
from aiinfra.review.repository import Repository


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def folder(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.txt").write_text("one")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_the_base_is_where_the_branch_began(folder):
    first = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "checkout", "-qb", "feature")
    git(folder, "commit", "-qm", "two", "--allow-empty")
    base = Repository.around(folder / "not" / "there").base()
    assert base.revision == first
    assert base.words == f"{first[:7]}, where this branch left main"


def test_on_the_default_branch_it_is_the_last_commit(folder):
    base = Repository.around(folder).base()
    assert base.words.endswith("the last commit on main")


def test_the_files_of_a_revision(folder):
    (folder / "a.txt").write_text("changed, not committed")
    (folder / ".gitattributes").write_text("a.txt export-ignore\n")
    before = git(folder, "status", "--porcelain")
    with Repository.around(folder).files("HEAD") as tree:
        assert (tree / "a.txt").read_text() == "one"
        kept = tree.parent
    assert not kept.exists()
    assert git(folder, "status", "--porcelain") == before
    assert git(folder, "worktree", "list").count("\n") == 1


def test_what_is_not_there(folder, tmp_path_factory):
    repository = Repository.around(folder)
    with pytest.raises(BadInput, match=r"no revision 'mian'; did you mean 'main'\?") as caught:
        repository.commit("mian")
    assert caught.value.code == "revision-unknown"
    with pytest.raises(BadInput) as caught:
        repository.commit("--help")
    assert caught.value.code == "revision-unknown"
    outside = tmp_path_factory.mktemp("outside")
    with pytest.raises(BadInput) as caught:
        Repository.around(outside)
    assert caught.value.code == "repository-missing"
    git(outside, "init", "-q", "-b", "main")
    with pytest.raises(BadInput, match="no commit yet"):
        Repository.around(outside).base()
