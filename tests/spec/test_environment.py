"""Merging a patch follows RFC 7396, and sites merge by class."""

from hypothesis import given
from hypothesis import strategies as st

from aiinfra.spec.environment import merge

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


def rfc7396(target: object, patch: object) -> object:
    """The RFC's own pseudo code, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = rfc7396(result.get(name), value)
    return result


@given(OBJECTS, OBJECTS)
def test_merges_like_the_rfc(base: dict[str, object], patch: dict[str, object]) -> None:
    assert merge(base, patch) == rfc7396(base, patch)


@given(OBJECTS)
def test_an_empty_patch_changes_nothing(base: dict[str, object]) -> None:
    assert merge(base, {}) == base


def test_sites_merge_by_class() -> None:
    base = {"sites": [{"class": "a", "x": {"p": 1, "q": 2}}, {"class": "b"}]}
    patch = {"sites": [{"class": "a", "x": {"q": 3}}, {"class": "c"}, {"class": "b", "remove": True}]}
    assert merge(base, patch) == {"sites": [{"class": "a", "x": {"p": 1, "q": 3}}, {"class": "c"}]}
