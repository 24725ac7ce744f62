"""What the stand-ins made."""

import pytest

from aiinfra.engine.cloud import Cloud, ProviderError
from tests.graphs import node, own

QUEUE = "aws:sqs/queue:Queue"
BUCKET = "aws:s3/bucket:Bucket"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def test_the_first_thing_reads_as_in_the_symbolic_graph_and_its_successor_does_not() -> None:
    cloud = Cloud()
    first, second = cloud.create(node(QUEUE, "jobs")), cloud.create(node(QUEUE, "jobs"))
    assert [(thing.id, thing.label) for thing in (first, second)] == [("jobs_id", "jobs"), ("jobs-2_id", "jobs-2")]
    assert set(cloud.things) == {"jobs_id", "jobs-2_id"}


def test_a_fixed_name_can_be_used_once_but_with_another_provider_again() -> None:
    cloud = Cloud()
    cloud.create(node(BUCKET, "a", {"bucket": "data"}))
    with pytest.raises(ProviderError, match=r"^AlreadyExists: a aws:s3/bucket:Bucket named 'data' is there already"):
        cloud.create(node(BUCKET, "b", {"bucket": "data"}))
    cloud.create(node(BUCKET, "b", {"bucket": "data"}, provider="urn:west"))
    cloud.delete("a_id")
    assert cloud.create(node(BUCKET, "c", {"bucket": "data"})).id == "c_id"


def test_a_kubernetes_object_that_is_there_is_taken_over() -> None:
    cloud = Cloud()
    first = cloud.create(node(CONFIG_MAP, "a", {"metadata": {"name": "x", "namespace": "n"}}))
    again = cloud.create(node(CONFIG_MAP, "b", {"metadata": {"name": "x", "namespace": "n"}, "data": {"k": "v"}}))
    other = cloud.create(node(CONFIG_MAP, "c", {"metadata": {"name": "x", "namespace": "m"}}))
    assert (again.id, again.urn, other.id) == (first.id, own(CONFIG_MAP, "b"), "c_id")
    assert cloud.things["a_id"].inputs["data"] == {"k": "v"}


def test_what_was_deleted_is_gone_and_what_never_was_is_not() -> None:
    cloud = Cloud()
    cloud.create(node(QUEUE, "jobs"))
    cloud.delete("jobs_id")
    cloud.delete("jobs_id")
    assert cloud.gone("jobs_id")
    assert not cloud.gone("other")
    with pytest.raises(ProviderError, match=r"^NotFound"):
        cloud.update("jobs_id", node(QUEUE, "jobs"))
    assert cloud.update("adopted", node(QUEUE, "old")).label == "old"


def test_clearing_forgets_one_project_and_keeps_another() -> None:
    cloud = Cloud()
    mine, theirs = cloud.create(node(QUEUE, "mine")), cloud.create(node(QUEUE, "theirs"))
    cloud.delete(mine.id)
    cloud.clear(lambda urn: urn.endswith("::mine"))
    assert set(cloud.things) == {theirs.id}
    assert not cloud.gone(mine.id)
    assert cloud.create(node(QUEUE, "mine")).id == mine.id


def test_calls_are_timed_and_failures_kept() -> None:
    cloud = Cloud()
    with cloud.call("create", "urn:a"):
        pass
    with pytest.raises(ProviderError), cloud.call("delete", "urn:b", "b_id"):
        raise ProviderError("no")
    assert [(call.method, call.urn, call.id, call.error) for call in cloud.calls] == [
        ("create", "urn:a", "", ""),
        ("delete", "urn:b", "b_id", "no"),
    ]
    assert all(0 <= call.start <= call.end for call in cloud.calls)
