"""What is written is read back the same, by readers of YAML 1.1 and 1.2."""

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.spec import yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.from_regex(r"\A[-+.0-9eExo_:yYnN]{1,6}\Z")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=4))
def test_written_data_is_read_back_the_same_by_both_versions(data: dict) -> None:
    text = yaml.write(data)
    assert yaml.read(text, "x.yaml").data == data
    assert pyyaml.safe_load(text) == data


@pytest.mark.parametrize("word", ["1e3", "12e5", "0o7", "1E+3", "on", "y", "N", "~", "1:30", "2001-01-01"])
def test_text_that_reads_like_something_else_is_quoted(word: str) -> None:
    assert yaml.write({"k": word}) == f"k: '{word}'\n"
