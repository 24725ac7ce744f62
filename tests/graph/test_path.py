import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.graph import path


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        (("spec", "template", "spec", "containers", 0, "image"), "spec.template.spec.containers[0].image"),
        (("metadata", "labels", "a.b/c"), 'metadata.labels["a.b/c"]'),
        (("a.b", "c"), '["a.b"].c'),
        (("x", 'say "hi"'), 'x["say \\"hi\\""]'),
        ((), ""),
    ],
)
def test_text(steps, text):
    assert path.text(steps) == text
    assert path.parse(text) == steps


@given(st.lists(st.one_of(st.integers(0, 99), st.text(min_size=1)), max_size=6).map(tuple))
def test_parse_is_the_inverse_of_text(steps):
    assert path.parse(path.text(steps)) == steps


def test_pattern():
    assert path.parse("containers[*].image") == ("containers", "*", "image")
    with pytest.raises(ValueError, match=r"not a property path: 'a\.\.b' at character 1"):
        path.parse("a..b")


def test_values_at():
    value = {"containers": [{"image": "a"}, {"name": "x"}, {"image": "b"}], "labels": {"k": 1}}
    assert path.values_at(value, ("containers", "*", "image")) == ["a", "b"]
    assert path.values_at(value, ("containers", 2, "image")) == ["b"]
    assert path.values_at(value, ("containers", 3)) == []
    assert path.values_at(value, ("labels", "k")) == [1]
    assert path.values_at(value, ("labels", "k", "deeper")) == []
