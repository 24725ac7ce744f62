import pytest

from aiinfra.errors import BadInput
from aiinfra.graph.diff import diff
from aiinfra.review.build import review
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
