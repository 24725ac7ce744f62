"""Previews recorded from the real CLI, against a stand-in for the cloud."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from aiinfra.errors import BadInput
from aiinfra.graph.node import SECRET, UNKNOWN
from aiinfra.review.build import Basis, review
from aiinfra.review.digest import read_digest
from aiinfra.review.document import Level
from aiinfra.review.engine import difference
from aiinfra.review.given import review_preview
from aiinfra.review.terminal import to_text
from aiinfra.review.versions import Compared

DATA = Path(__file__).parent.parent / "data" / "previews"
DIGEST = (DATA / "digest.json").read_text(encoding="utf-8")
EVENTS = (DATA / "events.jsonl").read_text(encoding="utf-8")


def test_both_forms_say_the_same():
    one, other = read_digest(DIGEST, "a"), read_digest(EVENTS, "b")
    assert (one.project, one.stack) == (other.project, other.stack) == ("shop", "production")

    def told(digest):
        return {
            step.urn: (step.operation, step.differs, step.forces) for step in digest.steps if step.operation != "same"
        }

    assert told(one) == told(other)
    bucket = next(step for step in one.steps if step.urn.endswith("::data"))
    assert (bucket.operation, bucket.forces, bucket.before.inputs["bucket"]) == ("replace", ("bucket",), "acme-data")


def test_what_is_masked_or_unknown_is_read_as_such():
    steps = {step.urn.rpartition("::")[2]: step for step in read_digest(DIGEST, "a").steps}
    assert steps["password"].after.inputs["value"] == {SECRET: ""}
    assert steps["reader-policy"].after.inputs["policy"] == {UNKNOWN: True}


def test_the_review_of_a_preview():
    found = review_preview(Compared(DATA / "shop"), DIGEST, "preview.json")
    assert found.level is Level.LOSES_DATA
    assert found.counts == {"destroyed": 1, "replaced": 1, "created": 3, "updated": 4, "unchanged": 3}
    assert [(row.name, row.action, row.property, row.source) for row in found.losses] == [
        ("data", "replaced", "bucket: acme-data → acme-datasets", "__main__.py:5"),
        ("old-jobs", "destroyed", "", "__main__.py:13"),
    ]
    assert [opening.name for opening in found.openings] == ["reader-policy", "api-https"]
    assert "Allow s3:*" in found.openings[0].words
    assert "value: changed (secret)" in to_text(found)
    assert found.notes[0].startswith("What is created, updated, replaced and destroyed is the word of Pulumi's engine")
    streamed = review_preview(Compared(DATA / "shop"), EVENTS, "preview.json")
    gone = replace(found.losses[1], source="")  # an event does not say which line made what goes
    assert to_text(streamed, full=True) == to_text(replace(found, losses=(found.losses[0], gone)), full=True)


def test_an_old_value_is_masked_where_only_the_new_one_is_secret():
    canary = "hunter2-in-the-clear"
    digest = json.loads(DIGEST)
    step = next(item for item in digest["steps"] if item["urn"].endswith("::password"))
    step["oldState"]["inputs"]["value"] = canary
    step["oldState"]["inputs"]["description"] = "plain"
    text = json.dumps(digest)
    found, seen = difference(read_digest(text, "a"))
    document = review(found, preview=seen, basis=Basis.ENGINE)
    assert canary not in json.dumps(document.as_json())
    assert canary not in to_text(document, full=True)


def test_an_engine_that_says_update_is_believed():
    digest = json.loads(DIGEST)
    step = next(item for item in digest["steps"] if item["urn"].endswith("::data"))
    step |= {"op": "update", "replaceReasons": [], "detailedDiff": {"bucket": {"kind": "update"}}}
    found, _ = difference(read_digest(json.dumps(digest), "a"))
    assert [change.operation.value for change in found if change.urn.endswith("::data")] == ["update"]
    assert review(found, basis=Basis.ENGINE).counts.get("replaced") is None


@pytest.mark.parametrize(
    "text",
    ["", "not json", "{}", "[1]", '{"steps": [{"op": 1}]}', '{"steps": []}', '{"steps": 5}', '{"a": 1}\n{"b": 2}'],
)
def test_what_is_no_preview_is_refused(text):
    with pytest.raises(BadInput) as caught:
        read_digest(text, "x.json")
    assert caught.value.code == "preview-invalid"


def test_a_preview_of_another_project_is_refused(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: other\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("")
    with pytest.raises(BadInput, match="is of the project shop") as caught:
        review_preview(Compared(tmp_path), DIGEST, "preview.json")
    assert caught.value.code == "preview-mismatch"


def test_a_program_that_does_not_run_leaves_the_engines_word(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("raise ValueError('no')\n")
    found = review_preview(Compared(tmp_path), DIGEST, "preview.json")
    assert found.counts["replaced"] == 1
    assert any("could not be recorded" in note for note in found.notes)
