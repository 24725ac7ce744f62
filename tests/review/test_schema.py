import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aiinfra.graph.diff import diff
from aiinfra.review.build import review
from aiinfra.review.schema import schema, schema_text
from aiinfra.review.writing import written
from tests.review.stories import STORIES, Story

PUBLISHED = Path(__file__).parents[2] / "docs" / "review.schema.json"


def told(story: Story) -> Any:
    document = review(diff(story.before, story.after), preview=story.preview)
    return json.loads(written([document], "json"))


def test_the_published_schema_is_the_programs_own() -> None:
    assert PUBLISHED.read_text() == schema_text(), (
        "write it again: aiinfra schema --of review --out docs/review.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_story_is_written_as_the_schema_says(story: Story) -> None:
    jsonschema.validate(told(story), schema())


def test_the_schema_is_closed() -> None:
    text = told(next(story for story in STORIES if story.name == "widened-cidr"))
    for place in (text, text["data"][0], text["data"][0]["openings"][0], text["findings"][0]):
        place["more"] = 1
        with pytest.raises(jsonschema.ValidationError, match="more"):
            jsonschema.validate(text, schema())
        del place["more"]
    del text["data"][0]["verdict"]
    with pytest.raises(jsonschema.ValidationError, match="verdict"):
        jsonschema.validate(text, schema())
