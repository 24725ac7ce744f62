"""A graph as a Terraform plan: names, blocks, references; nothing secret, nothing made up."""

import json
from typing import Any

import pytest

from aiinfra.graph.node import SECRET, UNKNOWN, Graph
from aiinfra.graph.terraform import plan_of
from aiinfra.graph.terraform_names import block, snake, type_of
from tests.graphs import graph, node, own

BUCKET, KEY = "aws:s3/bucket:Bucket", "aws:kms/key:Key"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


def planned(found: Graph) -> dict[str, dict[str, Any]]:
    document = json.loads(plan_of(found)[0])
    values = {one["address"]: one["values"] for one in document["planned_values"]["root_module"]["resources"]}
    changes = {one["address"]: one["change"]["after"] for one in document["resource_changes"]}
    assert values == changes
    return values


def expressions(found: Graph) -> dict[str, Any]:
    document = json.loads(plan_of(found)[0])
    return {one["address"]: one["expressions"] for one in document["configuration"]["root_module"]["resources"]}


@pytest.mark.parametrize(
    ("token", "type_"),
    [
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", "aws_vpc_ipv4_cidr_block_association"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:s3/bucketV2:BucketV2", "aws_s3_bucket"),
        ("aws:s3/bucketObjectv2:BucketObjectv2", "aws_s3_object"),
        ("aws:cloudtrail/trail:Trail", "aws_cloudtrail"),
        ("aws:cloudwatch/logGroup:LogGroup", "aws_cloudwatch_log_group"),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", "aws_fsx_lustre_file_system"),
        ("aws:lb/targetGroup:TargetGroup", "aws_lb_target_group"),
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "aws_eks_pod_identity_association"),
        ("kubernetes:core/v1:Namespace", None),
        ("pulumi:providers:aws", None),
    ],
)
def test_types(token: str, type_: str | None) -> None:
    assert type_of(token) == type_


def test_names_of_arguments() -> None:
    assert [snake(key) for key in ("kmsKeyId", "httpPutResponseHopLimit", "enableDnsSupport", "cidrIpv4")] == [
        *("kms_key_id", "http_put_response_hop_limit", "enable_dns_support", "cidr_ipv4")
    ]
    assert [block(key) for key in ("rules", "policies", "ingress", "block_device_mappings", "s3")] == [
        *("rule", "policy", "ingress", "block_device_mappings", "s3")
    ]


def test_blocks_and_references_at_any_depth() -> None:
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k.arn"}}]
    found = graph(
        node(KEY, "k", {"enableKeyRotation": True, "tags": {"ownerTeam": "x"}}),
        node(BUCKET, "b", {"bucket": "releases"}),
        node(
            ENCRYPTION,
            "e",
            {"bucket": "releases", "rules": rules},
            property_dependencies={"bucket": (own(BUCKET, "b"),), "rules": (own(KEY, "k"),)},
        ),
    )
    encryption = "aws_s3_bucket_server_side_encryption_configuration.e"
    inner = {"sse_algorithm": "aws:kms", "kms_master_key_id": "k.arn"}
    assert planned(found) == {
        "aws_kms_key.k": {"enable_key_rotation": True, "tags": {"ownerTeam": "x"}},
        "aws_s3_bucket.b": {"bucket": "releases"},
        encryption: {"bucket": "releases", "rule": [{"apply_server_side_encryption_by_default": [inner]}]},
    }
    told = expressions(found)[encryption]
    assert told["bucket"] == {"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]}
    default = told["rule"][0]["apply_server_side_encryption_by_default"][0]
    assert default["sse_algorithm"] == {"constant_value": "aws:kms"}
    assert default["kms_master_key_id"] == {"references": ["aws_kms_key.k.id", "aws_kms_key.k"]}


def test_what_refers_to_nothing_is_a_constant() -> None:
    found = graph(node(KEY, "k", {"description": "about k"}))
    assert expressions(found)["aws_kms_key.k"] == {"description": {"constant_value": "about k"}}


def test_secrets_and_unknowns_are_null_and_unknowns_are_named() -> None:
    found = graph(node(KEY, "k", {"description": {SECRET: ""}, "policy": {UNKNOWN: True}}))
    assert planned(found)["aws_kms_key.k"] == {"description": None, "policy": None}
    change = json.loads(plan_of(found)[0])["resource_changes"][0]["change"]
    assert change["after_unknown"] == {"policy": True}


def test_two_of_one_name_stay_apart_and_what_is_not_awss_is_named() -> None:
    parent = own("my:index:Site", "s")
    found = graph(
        node(BUCKET, "b", {"bucket": "x"}),
        node(BUCKET, "b", {"bucket": "y"}, parent=parent),
        node("kubernetes:core/v1:Namespace", "n"),
        node("kubernetes:core/v1:Namespace", "m"),
    )
    assert sorted(value["bucket"] for value in planned(found).values()) == ["x", "y"]
    _, (note,) = plan_of(found)
    assert (note.id, note.message) == (
        "plan-left-out",
        "2 x kubernetes:core/v1:Namespace are not in the plan: only AWS's resources are",
    )
