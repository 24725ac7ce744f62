"""Graphs of revisions are run once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aiinfra.review import kept
from aiinfra.review.revisions import review_revisions
from aiinfra.review.versions import Compared
from tests.graphs import graph, node
from tests.review.test_repository import git

KEY = kept.Key("4b825dc", "infra:program", "production", "symbolic", "python", {"shop:size": "1"}, assume_config=False)
BUCKET = "aws:s3/bucket:Bucket"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "libraries", lambda python: {"pulumi": "3" if python == "python" else "4"})
    kept._runtime.cache_clear()
    yield tmp_path / "cache" / "aiinfra" / "graphs"
    kept._runtime.cache_clear()


def test_a_graph_is_found_again_by_everything_it_depends_on() -> None:
    made = graph(node(BUCKET, "data", {"bucket": "acme"}))
    assert kept.find(KEY) is None
    kept.keep(KEY, made)
    assert kept.find(KEY) == made
    others = [
        replace(KEY, tree="other"),
        replace(KEY, program="other"),
        replace(KEY, stack="staging"),
        replace(KEY, mode="preview"),
        replace(KEY, python="other"),
        replace(KEY, config={"shop:size": "2"}),
        replace(KEY, assume_config=True),
    ]
    assert [kept.find(other) for other in others] == [None] * len(others)


def test_a_secret_is_never_kept(folder: Path) -> None:
    kept.keep(KEY, graph(node(BUCKET, "data", {"key": [{"value": {"$secret": "1f"}}]})))
    assert not folder.exists()


def test_what_cannot_be_read_is_run_again(folder: Path) -> None:
    kept.keep(KEY, graph(node(BUCKET, "data")))
    (file,) = folder.iterdir()
    file.write_text("{")
    assert kept.find(KEY) is None


def test_old_graphs_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    for number in range(4):
        kept.keep(replace(KEY, tree=str(number)), graph(node(BUCKET, "data")))
    assert len(list(folder.iterdir())) == 2


def test_a_revision_is_run_once(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    main = root / "__main__.py"
    main.write_text(
        "import pathlib, pulumi\n"
        f"with pathlib.Path({str(tmp_path / 'runs')!r}).open('a') as runs: runs.write('x')\n"
        "pulumi.CustomResource('aws:s3/bucket:Bucket', 'data', {'bucket': 'one'})\n"
    )
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    main.write_text(main.read_text().replace("'one'", "'two'"))
    git(root, "commit", "-qam", "two")
    compared = Compared(root, base="HEAD~1", head="HEAD")
    first = review_revisions(compared)
    ran = (tmp_path / "runs").read_text()
    assert review_revisions(compared) == first
    assert (tmp_path / "runs").read_text() == ran
    assert review_revisions(replace(compared, keep=False)) == first
    assert (tmp_path / "runs").read_text() == ran * 2
