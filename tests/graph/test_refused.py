"""What an API server does not take."""

from aiinfra.catalogue.immutable import immutable
from aiinfra.catalogue.replacement import behaviour
from aiinfra.graph.change import compare
from aiinfra.graph.diff import diff
from aiinfra.graph.refused import refused
from aiinfra.review.build import review
from tests.graphs import graph, node

PRIORITY = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
TOPOLOGY = "kubernetes:kueue.x-k8s.io/v1beta2:Topology"


def test_only_what_is_set_once_is_refused() -> None:
    before = {"value": 1, "description": "a", "metadata": {"labels": {"a": "b"}}}
    after = {"value": 2, "description": "b", "metadata": {"labels": {"a": "c"}}}
    assert refused(PRIORITY, compare(before, after)) == ["value"]
    assert refused("kubernetes:core/v1:Service", compare(before, after)) == []


def test_inside_and_around_count() -> None:
    levels = [{"nodeLabel": "a"}, {"nodeLabel": "b"}]
    assert refused(TOPOLOGY, compare({"spec": {"levels": levels}}, {"spec": {"levels": levels[:1]}}))
    assert refused(TOPOLOGY, compare({"spec": {"levels": levels}}, {}))


def test_nothing_is_both_replaced_and_refused() -> None:
    for type_, paths in immutable().items():
        known = behaviour(type_)
        assert known is not None
        assert not {rule.path for rule in known.rules} & set(paths)


def test_a_review_says_that_the_apply_will_fail() -> None:
    before, after = (graph(node(PRIORITY, "first", {"value": value})) for value in (1, 2))
    (note,) = (note for note in review(diff(before, after)).notes if "refuses" in note)
    assert note.startswith("The API server refuses to change value of first (")
    assert note.endswith("unless the object is replaced.")
