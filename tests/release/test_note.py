"""What a person says of the golden sets."""

from pathlib import Path

import pytest

from aiinfra.errors import BadInput
from aiinfra.release.manifest import Tolerance
from aiinfra.release.note import GoldenNote, read_note


def test_nothing_is_claimed_where_nothing_is_said(tmp_path: Path) -> None:
    assert read_note(tmp_path) == GoldenNote("not stated", Tolerance(), ())


def test_framework_tolerance_and_truth(tmp_path: Path) -> None:
    (tmp_path / "golden.json").write_text(
        """{"framework": "scikit-learn 1.9.1", "computed_by": "train.py", "tolerance": {"atol": 0.1, "rtol": 0},
            "samples": [{"source": "row 1", "truth": "benign"}, {"source": "row 2"}]}"""
    )
    note = read_note(tmp_path)
    assert note == GoldenNote("scikit-learn 1.9.1: train.py", Tolerance(absolute=0.1, relative=0), ("benign", ""))


@pytest.mark.parametrize("text", ["{", "[]", '{"tolerance": {"atol": -1, "rtol": 0}}', '{"samples": "many"}', "\xff"])
def test_a_note_that_does_not_hold_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "golden.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadInput) as caught:
        read_note(tmp_path)
    assert caught.value.code == "golden-invalid"
