"""What is used by id is an opening: no program here says what it lets through."""

from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph
from aiinfra.review.build import review
from tests.graphs import component, graph
from tests.programs import programs

EMPTY = graph()
KEY = "arn:aws:kms:us-east-1:111122223333:key/1a2b3c4d-0001-4000-8000-1a2b3c4d5e6f"


def opened(name: str) -> list[str]:
    program = next(program for program in programs() if program.name == f"declarations/{name}/training").graph()
    found = review(diff(EMPTY, program), compared="", before="nothing", after="the program")
    return [one.finding.message for one in found.openings if one.finding.id == "opening-unseen"]


def test_each_id_is_told_once() -> None:
    assert opened("small") == []
    assert sorted(message.partition(",")[0].partition(":")[0] for message in opened("joined")) == [
        "calls ecr.api through the endpoint vpce-0a00000000000001e",
        "calls ecr.dkr through the endpoint vpce-0a00000000000001f",
        "calls sts through the endpoint vpce-0a00000000000001d",
        "encrypts data with the key arn",
        "encrypts volumes with the key arn",
        "keeps datasets in the bucket acme-weld-images",
        "stands in the network vpc-0a1b2c3d4e5f60718",
    ]
    assert [message.partition(":")[0] for message in opened("lent")] == ["machines join the cluster research"]


def test_what_was_used_before_is_not_told_again_and_what_changes_is() -> None:
    def keys(arn: str) -> Graph:
        return graph(component("aiinfra:index:Keys", "keys", {"existing": {"data": arn}}))

    same = diff(keys(KEY), keys(KEY))
    assert review(same, compared="", before="a", after="b").openings == ()
    other = KEY.replace("0001", "0002")
    (found,) = review(diff(keys(KEY), keys(other)), compared="", before="a", after="b").openings
    assert (found.finding.id, found.finding.path) == ("opening-unseen", "existing.data")
