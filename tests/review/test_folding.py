from aiinfra.graph.diff import diff
from aiinfra.review.build import review
from aiinfra.review.folding import plural
from tests.graphs import component, graph, node
from tests.review.stories import sites


def groups(before, after):
    return [(group.title, group.count) for group in review(diff(before, after)).groups]


def test_sites_that_change_alike_are_one():
    assert groups(graph(*sites(12, "a")), graph(*sites(12, "b"))) == [("12 sites", 12)]


def test_one_that_changes_otherwise_stands_apart():
    before, after = sites(12, "a"), sites(12, "b")
    other = [node_ for node_ in sites(12, "c") if "line-07" in node_.name]
    mixed = [node_ for node_ in after if "line-07" not in node_.name]
    assert groups(graph(*before), graph(*mixed, *other)) == [("11 sites", 11), ("line-07 (Site)", 1)]


def test_an_opening_in_one_new_site_is_not_folded_away():
    def site(name, kind):
        parent = component("aiinfra:index:Site", name)
        return [
            parent,
            node("kubernetes:core/v1:Service", f"{name}-service", {"spec": {"type": kind}}, parent=parent.urn),
        ]

    after = graph(*site("a", "ClusterIP"), *site("b", "ClusterIP"), *site("c", "LoadBalancer"))
    document = review(diff(graph(), after))
    assert [(group.title, group.count) for group in document.groups] == [("2 sites", 2), ("c (Site)", 1)]
    assert [opening.name for opening in document.openings] == ["c/service"]


def test_counts_are_of_all_of_them():
    document = review(diff(graph(*sites(40, "a")), graph(*sites(40, "b"))))
    assert document.counts == {"updated": 40}


def test_plural():
    assert [plural(1, "site"), plural(2, "site"), plural(2, "policy"), plural(2, "key")] == [
        "1 site",
        "2 sites",
        "2 policies",
        "2 keys",
    ]
