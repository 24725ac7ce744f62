"""Copies in another region are as closed as what they are copies of, and one role may copy one bucket."""

import json
from typing import Any

import pytest

from aiinfra.components.aws.storage_specs import ReplicasSpec, StorageSpec
from aiinfra.graph.node import Graph
from tests.programs import programs

PLAIN: dict[str, Any] = {"account": "111122223333", "region": "us-west-2", "home": "us-east-1"}
RULE = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"


def graph(name: str) -> Graph:
    return next(program for program in programs() if program.name == f"declarations/production/{name}").graph()


def buckets(found: Graph, *, copies: bool) -> dict[str, str]:
    return {
        node.name.removesuffix("-bucket").rpartition("-storage-")[2]: str(node.inputs["bucket"])
        for node in found.of_type("aws:s3/bucket:Bucket")
        if ("region" in node.inputs) is copies
    }


def test_datasets_records_and_releases_are_copied_and_checkpoints_are_not() -> None:
    found = graph("training")
    ours, copies = buckets(found, copies=False), buckets(found, copies=True)
    assert set(copies) == {"replicas-access-logs", "replicas-audit", "replicas-datasets"}
    rules = {node.inputs["bucket"]: node.inputs["rules"][0]["destination"] for node in found.of_type(RULE)}
    assert {name: to["bucket"] for name, to in rules.items()} == {
        ours[noun]: f"arn:aws:s3:::{copies[f'replicas-{noun}']}" for noun in ("audit", "datasets")
    }
    (one,) = graph("registry").of_type(RULE)
    assert one.inputs["role"].startswith("arn:aws:iam::111122223333:role/rail-vision-replicas-releases")


@pytest.mark.parametrize("project", ["training", "registry"])
def test_all_of_a_copy_is_in_its_region_and_of_the_rest_nothing(project: str) -> None:
    found = graph(project)
    for node in found:
        if node.package == "aws" and node.custom and "-replicas-" in node.name:
            regional = node.type.startswith(("aws:s3/", "aws:kms/")) and node.type != RULE
            assert node.inputs.get("region") == ("us-west-2" if regional else None), node.name
        elif node.package == "aws" and node.custom:
            assert "region" not in node.inputs, node.name


def test_a_copy_is_as_closed_as_its_original() -> None:
    found = graph("training")
    for kind in ("bucketPublicAccessBlock:BucketPublicAccessBlock", "bucketVersioning:BucketVersioning"):
        of = {node.inputs["bucket"]: dict(node.inputs) for node in found.of_type(f"aws:s3/{kind}")}
        for noun, copy in buckets(found, copies=True).items():
            own = of[buckets(found, copies=False)[noun.removeprefix("replicas-")]]
            assert {**own, "bucket": copy, "region": "us-west-2"} == of[copy]
    locks = [
        node.inputs["rule"]
        for node in found.of_type("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    ]
    assert len(locks) == 2
    assert locks[0] == locks[1]


def test_the_role_reads_one_bucket_and_writes_its_copy() -> None:
    found = graph("training")
    text = found.one("aws:iam/rolePolicy:RolePolicy", "rail-vision-training-storage-replicas-datasets-policy").inputs
    grants = {one["Sid"]: one for one in json.loads(text["policy"])["Statement"]}
    source, copy = buckets(found, copies=False)["datasets"], buckets(found, copies=True)["replicas-datasets"]
    assert grants["Read"]["Resource"] == [f"arn:aws:s3:::{source}/*"]
    assert grants["Copy"]["Resource"] == [f"arn:aws:s3:::{copy}/*"]
    asked = {action for one in grants.values() for action in one["Action"]}
    assert {action for action in asked if "*" in action or "Delete" in action} == {"s3:ReplicateDelete"}
    through = {sid: one["Condition"]["StringEquals"]["kms:ViaService"] for sid, one in grants.items() if "Key" in sid}
    assert through == {"ReadKey": "s3.us-east-1.amazonaws.com", "WriteKey": "s3.us-west-2.amazonaws.com"}
    aliases = {sid: one["Condition"]["ForAnyValue:StringEquals"] for sid, one in grants.items() if "Key" in sid}
    assert aliases["ReadKey"] == {"kms:ResourceAliases": "alias/rail-vision-training-keys-data"}
    role = found.one("aws:iam/role:Role", "rail-vision-training-storage-replicas-datasets-role").inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": f"arn:aws:s3:::{source}"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"region": "us-east-1"}, "in the region of what is copied"),
        ({"region": "us-gov-west-1"}, "partitions that share nothing"),
        ({"sources": {}}, "at least 1"),
    ],
)
def test_what_is_no_copy_is_refused(change: dict[str, Any], why: str) -> None:
    whole = {**PLAIN, "sources": {"audit": {"bucket": "acme-audit"}}}
    assert ReplicasSpec.model_validate(whole).sources["audit"].key is None
    with pytest.raises(ValueError, match=why):
        ReplicasSpec.model_validate({**whole, **change})


def test_copies_need_the_name_of_the_key() -> None:
    with pytest.raises(ValueError, match="give 'key_name'"):
        StorageSpec.model_validate(
            {"account": "111122223333", "region": "us-east-1", "key": "k", "replica": "us-west-2"}
        )
