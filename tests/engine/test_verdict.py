"""What a provider says of two versions of a resource."""

from typing import Any

from aiinfra.engine.verdict import Verdict, judge, kind_of
from aiinfra.graph.force import Sides
from tests.graphs import node

BUCKET = "aws:s3/bucket:Bucket"
UNKNOWN = {"$unknown": True}


def verdict(before: dict[str, Any], after: dict[str, Any], type_: str = BUCKET) -> Verdict:
    return judge(Sides(node(type_, "x", before), node(type_, "x", after)))


def test_nothing_differs() -> None:
    assert verdict({"bucket": "a"}, {"bucket": "a"}) == Verdict()


def test_a_new_name_replaces_and_deletes_first() -> None:
    found = verdict({"bucket": "a", "tags": {"k": "1"}}, {"bucket": "b", "tags": {"k": "2"}})
    assert (found.keys, found.replacing_keys, found.replacing) == (["bucket", "tags"], ["bucket"], {"bucket"})
    assert found.deletes_first


def test_a_change_in_place_does_not() -> None:
    found = verdict({"tags": {"k": "1"}}, {"tags": {"k": "2"}})
    assert (found.keys, found.replacing_keys, found.deletes_first) == (["tags"], [], False)
    assert [kind_of(change, replaces=False) for change in found.changes] == ["UPDATE"]


def test_a_name_that_is_not_known_yet_counts_as_another() -> None:
    assert verdict({"bucket": "a"}, {"bucket": UNKNOWN}).replacing_keys == ["bucket"]
    assert verdict({"tags": {"k": "a"}}, {"tags": {"k": UNKNOWN}}).replacing_keys == []


def test_a_condition_that_only_the_cloud_can_tell_does_not_replace() -> None:
    """``region`` of a bucket, where it was not given before: it may only name the provider's own."""
    assert verdict({}, {"region": "eu-west-1"}).replacing_keys == []


def test_kinds_are_those_of_the_protocol() -> None:
    found = verdict({"bucket": "a"}, {"forceDestroy": True})
    kinds = {change.path: kind_of(change, replaces=change.path in found.replacing) for change in found.changes}
    assert kinds == {"bucket": "DELETE_REPLACE", "forceDestroy": "ADD"}
