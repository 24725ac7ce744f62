from hypothesis import given
from hypothesis import strategies as st

from aiinfra.graph.change import Kind, compare
from aiinfra.graph.node import SECRET, UNKNOWN


def rows(before, after):
    return [(c.shown, c.kind.value, c.before, c.after, c.sure) for c in compare(before, after)]


def test_containers_are_told_apart_by_name():
    before = {"spec": {"containers": [{"name": "side", "image": "s:1"}, {"name": "main", "image": "m:1"}]}}
    after = {"spec": {"containers": [{"name": "main", "image": "m:2"}]}}
    changes = compare(before, after)
    assert [(c.path, c.shown, c.kind.value) for c in changes] == [
        ("spec.containers[0].image", "spec.containers[main].image", "update"),
        ("spec.containers[0]", "spec.containers[side]", "delete"),
    ]


def test_unnamed_lists_are_aligned():
    rule = [{"port": n, "cidr": "10.0.0.0/8"} for n in (1, 2, 3)]
    assert rows({"ingress": rule}, {"ingress": [rule[0], rule[2]]}) == [("ingress[1]", "delete", rule[1], None, True)]
    wider = [rule[0], {"port": 2, "cidr": "0.0.0.0/0"}, rule[2]]
    assert rows({"ingress": rule}, {"ingress": wider}) == [
        ("ingress[1].cidr", "update", "10.0.0.0/8", "0.0.0.0/0", True)
    ]
    assert rows({"zones": ["a", "b"]}, {"zones": ["b", "a"]}) == [("zones", "reorder", ["a", "b"], ["b", "a"], True)]


def test_an_unknown_is_never_a_delete():
    unknown = {UNKNOWN: True}
    assert rows({"key": "k"}, {"key": unknown}) == [("key", "update", "k", unknown, False)]
    assert rows({"key": unknown}, {"key": "k"}) == [("key", "update", unknown, "k", False)]
    assert rows({"key": unknown}, {"key": unknown}) == []
    assert rows({"tags": {"a": "1"}}, {"tags": unknown}) == [("tags", "update", {"a": "1"}, unknown, False)]


def test_secrets_are_compared_by_fingerprint():
    def secret(mark):
        return {"password": {SECRET: mark}}

    assert rows(secret("a"), secret("a")) == []
    assert rows(secret("a"), secret("b")) == [("password", "update", {SECRET: "a"}, {SECRET: "b"}, True)]
    assert rows(secret(""), secret("")) == [("password", "update", {SECRET: ""}, {SECRET: ""}, False)]
    assert rows({"password": "plain"}, secret("a")) == [("password", "update", "plain", {SECRET: "a"}, False)]


def test_null_is_absent_and_true_is_not_one():
    assert rows({"a": None}, {}) == []
    assert rows({"a": 1}, {"a": True}) == [("a", "update", 1, True, True)]


scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("ab.", max_size=3))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("ab.[", min_size=1, max_size=3), inner)
    ),
    max_leaves=12,
)
bags = st.dictionaries(st.sampled_from(["containers", "env", "x", "y.z"]), values, max_size=4)


@given(bags)
def test_nothing_differs_from_itself(bag):
    assert compare(bag, bag) == ()


@given(bags, bags)
def test_differences_go_both_ways(before, after):
    assert bool(compare(before, after)) == bool(compare(after, before))


trees = st.dictionaries(
    st.text("ab", min_size=1, max_size=2),
    st.recursive(
        st.integers(2, 5), lambda inner: st.dictionaries(st.text("ab", min_size=1, max_size=2), inner, min_size=1)
    ),
)


@given(trees, trees)
def test_applying_the_difference_gives_the_later_version(before, after):
    result = {"root": _copy(before)}
    for change in compare({"root": before}, {"root": after}):
        place = result
        for step in change.steps[:-1]:
            place = place[step]
        if change.kind is Kind.DELETE:
            del place[change.steps[-1]]
        else:
            place[change.steps[-1]] = _copy(change.after)
    assert result == {"root": after}


def _copy(value):
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, dict) else value
