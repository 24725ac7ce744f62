"""SARIF and GitLab's report: what is lost and what opens, at its line."""

import json

import pytest

from aiinfra.review.sarif import to_gitlab, to_sarif
from tests.review.stories import STORIES
from tests.review.test_stories import document


def story(name):
    return document(next(each for each in STORIES if each.name == name))


def test_a_lost_bucket_is_an_error_at_its_line():
    (run,) = to_sarif([story("renamed-bucket")])["runs"]
    first = run["results"][0]
    place = first["locations"][0]["physicalLocation"]
    assert (first["ruleId"], first["level"]) == ("replaced", "error")
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("__main__.py", 12)
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "replaced"
    assert first["message"]["text"].startswith("datasets (S3 bucket) is replaced: bucket: acme-data → acme-datasets")


@pytest.mark.parametrize("each", STORIES, ids=lambda each: each.name)
def test_every_loss_and_opening_is_a_result_with_a_mark_of_its_own(each):
    found = document(each)
    results = to_sarif([found])["runs"][0]["results"]
    assert len(results) == len(found.losses) + len(found.openings)
    marks = [result["partialFingerprints"]["aiinfra/v1"] for result in results]
    assert len(set(marks)) == len(marks)
    assert [item["fingerprint"] for item in to_gitlab([found])] == marks
    assert "urn:pulumi" not in json.dumps(results)


def test_gitlab_weighs_lost_data_most():
    one = story("renamed-bucket")
    item = to_gitlab([one])[0]
    assert item["severity"] == "critical"
    assert item["location"] == {"path": "__main__.py", "lines": {"begin": 12}}
