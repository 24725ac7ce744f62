"""What goes wrong on purpose."""

import pytest

from aiinfra.engine.cloud import ProviderError
from aiinfra.engine.faults import Failure, Faults
from tests.graphs import own

QUEUE = "aws:sqs/queue:Queue"
JOBS, MAIL = own(QUEUE, "jobs"), own(QUEUE, "mail")


@pytest.mark.parametrize("resource", [JOBS, "jobs"])
def test_only_the_named_resource_fails(resource: str) -> None:
    faults = Faults(failure=Failure(resource, message="no"))
    faults.meet("create", MAIL, QUEUE)
    with pytest.raises(ProviderError, match=r"^no$"):
        faults.meet("create", JOBS, QUEUE)


def test_only_the_named_methods_fail() -> None:
    faults = Faults(failure=Failure("jobs", frozenset({"delete"})))
    faults.meet("create", JOBS, QUEUE)
    with pytest.raises(ProviderError):
        faults.meet("delete", JOBS, QUEUE)


def test_latency_is_by_type_with_a_default() -> None:
    faults = Faults(latency={"*": 0.5, QUEUE: 2.0})
    assert (faults.seconds(QUEUE), faults.seconds("aws:s3/bucket:Bucket"), Faults().seconds(QUEUE)) == (2.0, 0.5, 0.0)


def test_a_throttled_call_waits_for_its_turn_and_fails_past_its_patience() -> None:
    faults = Faults(rate=1000)
    for _ in range(20):
        faults.meet("create", JOBS, QUEUE)
    impatient = Faults(rate=0.001, patience=1)
    impatient.meet("create", JOBS, QUEUE)
    with pytest.raises(ProviderError, match=r"^ThrottlingException: Rate exceeded \(jobs\)$"):
        impatient.meet("create", JOBS, QUEUE)
