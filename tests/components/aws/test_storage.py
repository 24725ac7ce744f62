"""Buckets let objects out to networks of the account only, and lock nobody out of the bucket itself."""

import json
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.components.aws.bucket_policy import closed, tls_only
from aiinfra.components.aws.lustre import SMALLEST, STEP, TIERS, sized
from aiinfra.components.aws.storage_specs import ClosedBucketSpec, FileSystemSpec
from aiinfra.graph.node import Graph
from aiinfra.units import DataSize, Throughput
from tests.programs import programs

ACCOUNT = "111122223333"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/platform"
LOG = "aws:s3/bucketLogging:BucketLogging"


def graph() -> Graph:
    return next(program for program in programs() if program.name == "declarations/whole/training").graph()


def statements(text: str) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def refused(context: dict[str, str]) -> bool:
    """Whether the statement on networks refuses a request of this context: its conditions, evaluated here."""
    condition = statements(closed("b", ACCOUNT, "aws", [ADMIN]))["RefuseOtherNetworks"]["Condition"]
    assert set(condition) == {"StringNotEqualsIfExists", "ArnNotLikeIfExists", "BoolIfExists"}
    other = all(context.get(key) != wanted for key, wanted in condition["StringNotEqualsIfExists"].items())
    who = context.get("aws:PrincipalArn", "")
    stranger = not any(fnmatchcase(who, pattern) for pattern in condition["ArnNotLikeIfExists"]["aws:PrincipalArn"])
    plain = all(context.get(key, wanted) == wanted for key, wanted in condition["BoolIfExists"].items())
    return other and stranger and plain


@pytest.mark.parametrize(
    ("context", "wanted"),
    [
        ({"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/train", "aws:VpceAccount": ACCOUNT}, False),
        ({"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/train", "aws:VpceAccount": "999988887777"}, True),
        ({"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/train"}, True),
        ({"aws:PrincipalArn": ADMIN}, False),
        ({"aws:PrincipalArn": f"{ADMIN}-not"}, True),
        ({"aws:PrincipalArn": "arn:aws:iam::999988887777:role/platform"}, True),
        ({"aws:PrincipalIsAWSService": "true"}, False),
        ({"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/train", "aws:ViaAWSService": "true"}, False),
        ({"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/fsx.amazonaws.com/X"}, False),
    ],
)
def test_who_reaches_objects_from_where(context: dict[str, str], wanted: bool) -> None:
    assert refused(context) is wanted


def test_nobody_is_locked_out_of_the_bucket_itself() -> None:
    found = statements(closed("b", ACCOUNT, "aws"))["RefuseOtherNetworks"]
    assert found["Resource"] == "arn:aws:s3:::b/*"
    assert not {action for action in found["Action"] if "Bucket" in action or action == "s3:*"}


def test_a_bucket_is_as_closed_as_a_release_bucket_and_more() -> None:
    own, shared = statements(closed("b", ACCOUNT, "aws")), statements(tls_only("b", "aws"))
    assert {sid: own[sid] for sid in shared} == shared
    assert all(one["Effect"] == "Deny" for one in own.values())


def test_every_bucket_is_logged_but_the_one_that_holds_the_logs() -> None:
    names = {node.inputs["bucket"] for node in graph().of_type("aws:s3/bucket:Bucket")}
    logged = {node.inputs["bucket"]: node.inputs["targetBucket"] for node in graph().of_type(LOG)}
    (target,) = names - set(logged)
    assert set(logged.values()) == {target}
    policy = next(n for n in graph().of_type("aws:s3/bucketPolicy:BucketPolicy") if n.inputs["bucket"] == target)
    delivered = statements(policy.inputs["policy"])["DeliverAccessLogs"]["Condition"]["ArnLike"]["aws:SourceArn"]
    assert sorted(delivered) == sorted(f"arn:aws:s3:::{name}" for name in logged)


def test_records_are_locked() -> None:
    lock = graph().one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.name == "line-vibration-training-storage-audit-lock"
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 365}}
    bucket = graph().one("aws:s3/bucket:Bucket", "line-vibration-training-storage-audit-bucket")
    assert bucket.inputs["objectLockEnabled"] is True


def test_the_file_system_shows_the_datasets() -> None:
    link = graph().one("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation")
    bucket = graph().one("aws:s3/bucket:Bucket", "line-vibration-training-storage-datasets-bucket")
    assert link.inputs["dataRepositoryPath"] == f"s3://{bucket.inputs['bucket']}"
    files = graph().one("aws:fsx/lustreFileSystem:LustreFileSystem").inputs
    assert (files["storageCapacity"], files["perUnitStorageThroughput"]) == (4800, 500)
    assert files["kmsKeyId"] == "line-vibration-training-keys-data.arn"


gibibytes = st.integers(1, 2_000_000)
megabytes = st.integers(1, 2_000_000)


@given(gibibytes, megabytes)
def test_a_file_system_is_large_and_fast_enough_and_one_that_aws_sells(size: int, speed: int) -> None:
    found = sized(DataSize.of(size, "GiB"), Throughput.of(speed, "MB/s"))
    assert found.capacity >= size
    assert found.throughput >= speed
    assert found.capacity == SMALLEST or found.capacity % STEP == 0
    assert found.per_tebibyte in TIERS


@given(gibibytes, megabytes)
def test_nothing_smaller_would_do(size: int, speed: int) -> None:
    found = sized(DataSize.of(size, "GiB"), Throughput.of(speed, "MB/s"))
    before = found.capacity - STEP if found.capacity > STEP else SMALLEST
    if found.capacity > SMALLEST:
        assert before < size or Decimal(before * TIERS[-1]) / 1024 < speed
    slower = [tier for tier in TIERS if tier < found.per_tebibyte]
    assert all(Decimal(found.capacity * tier) / 1024 < speed for tier in slower)


def test_what_cannot_be_declared() -> None:
    plain = {"size": "0 GiB", "throughput": "1 GB/s", "vpc": "v", "subnet": "s", "clients": "c", "key": "k"}
    with pytest.raises(ValueError, match="leave 'files' out"):
        FileSystemSpec.model_validate(plain)
    with pytest.raises(ValueError, match="log_to"):
        ClosedBucketSpec.model_validate({"account": ACCOUNT, "region": "us-east-1", "log_to": "Not A Bucket"})
