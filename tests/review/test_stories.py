"""The stories in every output. Verdicts are written by hand; the golden texts are read by a person."""

import json

import pytest

from aiinfra.graph.diff import diff
from aiinfra.review.build import review
from aiinfra.review.markdown import to_markdown
from aiinfra.review.terminal import to_text
from tests.goldens import check_golden
from tests.review.stories import STORIES


def document(story):
    return review(
        diff(story.before, story.after),
        compared="Compares the work tree with 3f2a1bc, where this branch left main.",
        preview=story.preview,
    )


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_story(story, update_golden):
    found = document(story)
    assert (found.level, found.verdict) == (story.level, story.verdict)
    text = to_text(found, full=True)
    markdown = to_markdown(found)
    assert json.loads(json.dumps(found.as_json()))["verdict"] == story.verdict
    assert "urn:pulumi" not in text
    assert "urn:pulumi" not in markdown
    check_golden(f"review/{story.name}.txt", text, update=update_golden)
    check_golden(f"review/{story.name}.md", markdown, update=update_golden)


def test_the_same_inputs_give_the_same_bytes():
    for story in STORIES:
        once, again = document(story), document(story)
        assert to_markdown(once) == to_markdown(again)
        assert to_text(once) == to_text(again)


def test_a_comment_fits_and_keeps_its_verdict():
    story = next(story for story in STORIES if story.name == "replaced-network")
    found = document(story)
    for longest in (3000, 1600, 900, 400):
        text = to_markdown(found, longest=longest)
        assert len(text) <= longest
        assert "2 resources are replaced" in text
