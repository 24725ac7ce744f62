"""The cluster is closed, its machines too, and each role can do one thing."""

import json
from base64 import b64decode
from typing import Any

import pytest

from aiinfra.catalogue.eks import cluster_versions, find_cluster_version, has_control_plane, newest
from aiinfra.components.aws import cluster_roles
from aiinfra.components.aws.cluster_specs import ClusterSpec
from aiinfra.errors import BadInput
from aiinfra.graph.node import Graph, Node
from tests.programs import programs

ACCOUNT, REGION = "111122223333", "us-east-1"
ARN = cluster_roles.cluster_arn("c", ACCOUNT, REGION, "aws")
NAME = "line-vibration-training"


def graph() -> Graph:
    return next(program for program in programs() if program.name == "declarations/whole/training").graph()


def statements(text: str) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def test_the_cluster_is_private_encrypted_logged_and_cannot_be_deleted_by_accident() -> None:
    node = graph().one("aws:eks/cluster:Cluster")
    found = node.inputs
    assert node.protect
    assert found["vpcConfig"]["endpointPublicAccess"] is False
    assert found["vpcConfig"]["endpointPrivateAccess"] is True
    assert found["encryptionConfig"]["provider"] == {"keyArn": f"{NAME}-keys-cluster.arn"}
    assert sorted(found["enabledClusterLogTypes"]) == [
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    ]
    assert found["accessConfig"] == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert found["deletionProtection"] is True


def test_its_logs_have_a_group_before_it_writes_any() -> None:
    cluster = graph().one("aws:eks/cluster:Cluster")
    group = graph().one("aws:cloudwatch/logGroup:LogGroup", f"{NAME}-cluster-records")
    assert group.inputs["name"] == f"/aws/eks/{cluster.inputs['name']}/cluster"
    assert group.urn in cluster.dependencies


def test_the_declared_administrators_get_in_and_nobody_else() -> None:
    entries = graph().of_type("aws:eks/accessEntry:AccessEntry")
    assert [entry.inputs["principalArn"] for entry in entries] == [
        f"arn:aws:iam::{ACCOUNT}:role/platform",
        f"arn:aws:iam::{ACCOUNT}:role/{NAME}-runner-us-east-1",
    ]
    policies = graph().of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert [p.inputs["principalArn"] for p in policies] == [entry.inputs["principalArn"] for entry in entries]


def test_addons_are_pinned_and_those_with_pods_wait_for_machines() -> None:
    addons = {node.inputs["addonName"]: node for node in graph().of_type("aws:eks/addon:Addon")}
    assert {name: node.inputs["addonVersion"] for name, node in addons.items()} == dict(
        find_cluster_version(newest()).addons
    )
    machines = graph().one("aws:eks/nodeGroup:NodeGroup", f"{NAME}-system-nodes").urn
    after = {name for name, node in addons.items() if machines in node.dependencies}
    assert after == {"coredns", "metrics-server", "eks-node-monitoring-agent"}


def test_pods_get_the_subnet_of_their_machines_zone() -> None:
    network = graph().one("aws:eks/addon:Addon", f"{NAME}-cluster-network").inputs
    settings = json.loads(network["configurationValues"])
    assert settings["enableNetworkPolicy"] == "true"
    assert {zone: found["id"] for zone, found in settings["eniConfig"]["subnets"].items()} == {
        f"use1-az{n}": f"{NAME}-network-pods-use1-az{n}_id" for n in (1, 2)
    }


def templates() -> list[Node]:
    return graph().of_type("aws:ec2/launchTemplate:LaunchTemplate")


def test_machines_have_no_address_no_key_and_keep_their_identity_from_pods() -> None:
    assert templates()
    for node in templates():
        found = node.inputs
        assert "keyName" not in found
        assert found["metadataOptions"]["httpTokens"] == "required"
        assert found["metadataOptions"]["httpPutResponseHopLimit"] == 1
        cards = found["networkInterfaces"]
        assert len(cards) > 1 or cards[0]["associatePublicIpAddress"] is False  # several cards never get an address
        assert not any(card.get("associatePublicIpAddress") for card in cards)
        for disk in found["blockDeviceMappings"]:
            assert (disk["ebs"]["encrypted"], disk["ebs"]["kmsKeyId"]) == (True, f"{NAME}-keys-volumes.arn")
        assert "kind: NodeConfig" in b64decode(found["userData"]).decode()


POLICIES = {
    "node": cluster_roles.node_policy(ARN, REGION, "aws"),
    "network": cluster_roles.network_policy(ACCOUNT, REGION, "aws"),
    "secrets": cluster_roles.secrets_policy(ACCOUNT, REGION, "aws", "alias/k"),
    "training": cluster_roles.training_policy("arn:aws:kms:us-east-1:1:key/*", "s3.x", "alias/k", ["d"], ["c"]),
}
WITHOUT_RESOURCE = {
    *("ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeNetworkInterfaces"),
    *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeTags", "ecr:GetAuthorizationToken"),
}
"""Actions for which the service authorization reference lists no resource type."""


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_no_wildcards_but_where_aws_allows_nothing_else(name: str) -> None:
    for sid, one in statements(POLICIES[name]).items():
        assert all("*" not in action for action in one["Action"]), sid
        if one["Resource"] == "*":
            assert set(one["Action"]) <= WITHOUT_RESOURCE, sid
        assert "iam:" not in json.dumps(one)


def test_a_role_is_for_one_service_account_of_one_namespace_of_one_cluster() -> None:
    (one,) = statements(cluster_roles.pod_trust(ARN, ACCOUNT, "ns", "sa")).values()
    assert one["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert one["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": ACCOUNT,
            "aws:RequestTag/kubernetes-namespace": "ns",
            "aws:RequestTag/kubernetes-service-account": "sa",
        },
        "ArnEquals": {"aws:SourceArn": ARN},
    }


def test_training_reads_datasets_and_writes_checkpoints() -> None:
    found = statements(POLICIES["training"])
    assert found["Read"]["Resource"] == ["arn:aws:s3:::c/*", "arn:aws:s3:::d/*"]
    assert found["Write"]["Resource"] == ["arn:aws:s3:::c/*"]
    assert found["UseKey"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.x"},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/k"},
    }


def test_a_workload_is_bounded_by_what_it_may_do() -> None:
    role = graph().one("aws:iam/role:Role", f"{NAME}-trainer-role").inputs
    boundary = graph().one("aws:iam/policy:Policy", f"{NAME}-trainer-boundary").inputs
    own = graph().one("aws:iam/rolePolicy:RolePolicy", f"{NAME}-trainer-policy").inputs
    assert role["permissionsBoundary"] == f"arn:aws:iam::{ACCOUNT}:policy/{boundary['name']}"
    assert boundary["policy"] == own["policy"]


def test_every_arn_that_is_computed_names_a_role_that_is_made() -> None:
    made = {f"arn:aws:iam::{ACCOUNT}:role/{node.inputs['name']}" for node in graph().of_type("aws:iam/role:Role")}
    text = graph().to_text()
    used = {f"arn:aws:iam::{ACCOUNT}:role/{part}" for part in _after(text, f"arn:aws:iam::{ACCOUNT}:role/")}
    others = {
        "platform",
        "aws-service-role/*",
        "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    }
    assert used - made == {f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in others}


def _after(text: str, start: str) -> set[str]:
    return {piece.partition('"')[0].rstrip("\\") for piece in text.split(start)[1:]}


def test_the_version_matrix_is_complete() -> None:
    names = {tuple(sorted(row.addons)) for row in cluster_versions().values()}
    assert len(names) == 1
    assert newest() == "1.35"
    assert not has_control_plane("use1-az3")
    with pytest.raises(BadInput, match=r"1\.12") as caught:
        find_cluster_version("1.12")
    assert caught.value.code == "cluster-version-unknown"


def test_what_cannot_be_declared() -> None:
    plain: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "zones": ["use1-az1"],
        "pod_subnets": ["p"],
        "subnets": ["a", "b"],
        "group": "g",
        "nodes_group": "n",
        "key": "k",
        "key_alias": "alias/k",
        "logs_key": "l",
        "administrators": [f"arn:aws:iam::{ACCOUNT}:role/platform"],
    }
    assert ClusterSpec.model_validate(plain).public_cidrs == ()
    for change, why in (
        ({"version": "1.12"}, r"Kubernetes 1\.12: use one of 1\.35"),
        ({"pod_subnets": ["p", "q"]}, "1 zones and 2 pod subnets"),
        ({"administrators": []}, "administrators"),
    ):
        with pytest.raises(ValueError, match=why):
            ClusterSpec.model_validate({**plain, **change})
