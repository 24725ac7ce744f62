"""Compiling twice changes nothing; a person's edit is never overwritten."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.compiler.writing import RECORD, write
from aiinfra.errors import BadInput

FILES = {"a/Pulumi.yaml": "name: a\n", "a/__main__.py": "print(1)\n", "deployment.yaml": "x\n"}


def tree(folder: Path) -> dict[str, str]:
    return {str(f.relative_to(folder)): f.read_text() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_twice_changes_nothing(tmp_path: Path) -> None:
    assert write(FILES, tmp_path).created == sorted(FILES)
    before = tree(tmp_path)
    assert write(FILES, tmp_path).same == sorted(FILES)
    assert tree(tmp_path) == before


def test_an_edited_file_is_kept_until_the_person_decides(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    edited = tmp_path / "a" / "__main__.py"
    edited.write_text("print('mine')\n")
    newer = {**FILES, "a/__main__.py": "print(2)\n"}
    for _ in range(2):
        assert write(newer, tmp_path).kept == ["a/__main__.py"]
        assert edited.read_text() == "print('mine')\n"
        assert (tmp_path / "a" / "__main__.py.new").read_text() == "print(2)\n"
    edited.write_text("print(2)\n")
    assert write(newer, tmp_path).kept == []
    assert not (tmp_path / "a" / "__main__.py.new").exists()
    assert write(FILES, tmp_path).updated == ["a/__main__.py"]


def test_what_is_no_longer_declared_goes_unless_edited(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    (tmp_path / "a" / "__main__.py").write_text("mine\n")
    written = write({"deployment.yaml": "x\n"}, tmp_path)
    assert (written.removed, written.orphaned) == (["a/Pulumi.yaml"], ["a/__main__.py"])
    assert sorted(tree(tmp_path)) == [RECORD, "a/__main__.py", "deployment.yaml"]


def test_a_folder_that_was_there_first_is_respected(tmp_path: Path) -> None:
    (tmp_path / "deployment.yaml").write_text("theirs\n")
    assert write(FILES, tmp_path).kept == ["deployment.yaml"]
    assert (tmp_path / "deployment.yaml").read_text() == "theirs\n"


def test_a_broken_record_stops_before_anything_is_written(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(BadInput, match="cannot be read"):
        write({**FILES, "deployment.yaml": "y\n"}, tmp_path)
    assert (tmp_path / "deployment.yaml").read_text() == "x\n"


@given(st.dictionaries(st.sampled_from(["a/f", "b/c", "b/d", "e"]), st.text("xyz\n", max_size=4), min_size=1))
def test_any_tree_ends_as_asked(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("out")
    write(FILES, folder)
    write(files, folder)
    assert {name: text for name, text in tree(folder).items() if name != RECORD} == files
