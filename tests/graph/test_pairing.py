from aiinfra.graph import urn
from aiinfra.graph.pairing import pair
from tests.graphs import STACK, component, graph, node, own

BUCKET = "aws:s3/bucket:Bucket"
STORE = "aiinfra:index:ReleaseBucket"


def test_a_rename_without_an_alias_is_a_delete_and_a_create():
    pairs = pair(graph(node(BUCKET, "data")), graph(node(BUCKET, "datasets")))
    assert (pairs.created, pairs.deleted) == ((own(BUCKET, "datasets"),), (own(BUCKET, "data"),))


def test_an_alias_keeps_the_resource():
    pairs = pair(graph(node(BUCKET, "data")), graph(node(BUCKET, "datasets", aliases=(own(BUCKET, "data"),))))
    assert (pairs.created, pairs.deleted) == ((), ())
    assert pairs.kept[own(BUCKET, "datasets")] == own(BUCKET, "data")


def test_children_inherit_the_alias_of_a_renamed_parent():
    def version(name, **options):
        parent = component(STORE, name, **options)
        return graph(
            parent,
            node(BUCKET, f"{name}-bucket", parent=parent.urn),
            node(BUCKET, "fixed", parent=parent.urn),
            inner := component(STORE, f"{name}-inner", parent=parent.urn),
            node(BUCKET, f"{name}-inner-bucket", parent=inner.urn),
        )

    before, after = version("old"), version("new", aliases=(own(STORE, "old"),))
    pairs = pair(before, after)
    assert (pairs.created, pairs.deleted) == ((), ())
    assert {urn.name(new): urn.name(old) for new, old in pairs.kept.items() if new != STACK} == {
        "new": "old",
        "new-bucket": "old-bucket",
        "fixed": "fixed",
        "new-inner": "old-inner",
        "new-inner-bucket": "old-inner-bucket",
    }


def test_a_component_moved_under_another_takes_its_children_along():
    inner = component(STORE, "store")
    before = graph(inner, node(BUCKET, "store-bucket", parent=inner.urn))
    outer = component("aiinfra:index:Site", "site")
    moved = component(STORE, "store", parent=outer.urn, aliases=(inner.urn,))
    after = graph(outer, moved, node(BUCKET, "store-bucket", parent=moved.urn))
    pairs = pair(before, after)
    assert (pairs.created, pairs.deleted) == ((outer.urn,), ())


def test_an_alias_still_in_use_matches_nothing():
    first, second = node(BUCKET, "a"), node(BUCKET, "b", aliases=(own(BUCKET, "a"),))
    pairs = pair(graph(first), graph(first, second))
    assert (pairs.created, pairs.deleted) == ((second.urn,), ())


def test_two_resources_cannot_take_over_one():
    alias = (own(BUCKET, "a"),)
    pairs = pair(graph(node(BUCKET, "a")), graph(node(BUCKET, "b", aliases=alias), node(BUCKET, "c", aliases=alias)))
    assert (pairs.created, pairs.deleted) == ((own(BUCKET, "c"),), ())


def two_in_one(name, *aliases, children=("a", "b")):
    parent = component(STORE, name, aliases=tuple(own(STORE, alias) for alias in aliases))
    return [parent, *(node(BUCKET, f"{name}-{child}", parent=parent.urn) for child in children)]


def test_only_the_alias_that_the_parent_was_found_by_is_handed_down():
    """Two components become one: the second one's children do not come along, as the engine has it."""
    before = graph(*two_in_one("x", children=("a",)), *two_in_one("y"))
    pairs = pair(before, graph(*two_in_one("n", "x", "y")))
    assert {urn.name(new): urn.name(old) for new, old in pairs.kept.items() if new != STACK} == {"n": "x", "n-a": "x-a"}
    assert [urn.name(made) for made in pairs.created] == ["n-b"]
    assert sorted(urn.name(gone) for gone in pairs.deleted) == ["y", "y-a", "y-b"]


def test_a_parent_under_its_own_name_hands_nothing_down():
    """After a rename that failed half-way the component has its new name, and a child that was not moved is lost."""
    store, child, _ = two_in_one("n", children=("a", "b"))
    left = node(BUCKET, "x-b", parent=own(STORE, "x"))
    pairs = pair(graph(store, child, left), graph(*two_in_one("n", "x")))
    assert [urn.name(made) for made in pairs.created] == ["n-b"]
    assert pairs.deleted == (left.urn,)
