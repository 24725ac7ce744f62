from dataclasses import replace

import pytest

from aiinfra.errors import BadInput
from aiinfra.graph.diff import diff
from aiinfra.review.build import review
from aiinfra.review.document import Amount, Figure
from aiinfra.review.gates import failing
from tests.review.stories import STORIES

EXPECTED = {
    "renamed-bucket": ["replace:stateful", "replace"],
    "widened-cidr": ["opening"],
    "bumped-eks-version": ["replace"],
    "removed-network-policy": ["delete", "opening"],
    "renamed-without-alias": ["replace:stateful", "delete"],
    "protected-deleted": ["replace:stateful", "delete", "blocked"],
    "override-used": ["opening"],
    "iam-statement-widened": ["opening"],
    "encryption-removed": ["opening"],
    "replaced-network": ["replace"],
    "cheaper-gpu": ["replace"],
    "public-database": ["opening"],
    "internal-service-published": ["opening"],
    "deletion-protected-table-deleted": ["replace:stateful", "delete"],
    "volume-claim-grown": ["replace"],
    "capacity-block-bought": ["opening"],
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_gates(story):
    document = review(diff(story.before, story.after))
    every = ("replace:stateful", "replace", "delete", "opening", "blocked")
    assert [line.rpartition(": ")[0] for line in failing(document, every)] == EXPECTED.get(story.name, [])
    assert failing(document, ()) == ()


def test_a_gate_that_does_not_exist():
    document = review(diff(STORIES[0].before, STORIES[0].after))
    with pytest.raises(BadInput, match=r"no gate 'opennings'; did you mean 'opening'\?") as caught:
        failing(document, ("opennings",))
    assert caught.value.code == "gate-unknown"


@pytest.mark.parametrize(
    ("gate", "most", "fails"),
    [("cost>100", 99.0, False), ("cost>100", 101.0, True), ("cost>100", None, True), ("watts>1.5", 2.0, False)],
)
def test_a_limit_holds_for_the_upper_end_and_fails_where_it_is_not_known(gate, most, fails):
    figure = Figure("all together", "cost a month", Amount("1 USD", 1.0), Amount("2 USD", most))
    document = replace(review(diff(STORIES[0].before, STORIES[0].after)), figures=(figure,))
    assert failing(document, (gate,)) == ((f"{gate}: cost a month may be 2 USD",) if fails else ())
