import pytest

from aiinfra.graph.change import compare
from aiinfra.graph.force import NO_DATA, Sides, deletes_first, forced_paths, forces
from tests.graphs import node

UNKNOWN = {"$unknown": True}


def reasons(type_, before, after, *, provider=None, **fields):
    sides = Sides(node(type_, "x", before), node(type_, "x", after, **fields), provider)
    return [(f.path, f.sure, f.why) for f in forces(sides, compare(before, after))]


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        ("aws:s3/bucket:Bucket", {"bucket": "a"}, {"bucket": "b"}, [("bucket", True, "")]),
        ("aws:s3/bucket:Bucket", {"tags": {"a": "1"}}, {"tags": {"a": "2"}}, []),
        ("aws:s3/bucket:Bucket", {"region": "a"}, {"region": "b"}, [("region", True, "")]),
        (
            "aws:s3/bucket:Bucket",
            {},
            {"region": "b"},
            [("region", False, "unless it only names the provider's own region")],
        ),
        ("aws:eks/cluster:Cluster", {"version": "1.33"}, {"version": "1.34"}, []),
        (
            "aws:eks/cluster:Cluster",
            {"encryptionConfig": {"resources": ["secrets"]}},
            {},
            [("encryptionConfig", True, "")],
        ),
        ("aws:eks/cluster:Cluster", {}, {"encryptionConfig": {"resources": ["secrets"]}}, []),
        (
            "aws:eks/cluster:Cluster",
            {},
            {"kubernetesNetworkConfig": {"ipFamily": "ipv6"}},
            [("kubernetesNetworkConfig", True, "")],
        ),
        (
            "aws:fsx/lustreFileSystem:LustreFileSystem",
            {"storageCapacity": 2400, "deploymentType": "PERSISTENT_2"},
            {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2"},
            [("storageCapacity", True, "")],
        ),
        (
            "aws:fsx/lustreFileSystem:LustreFileSystem",
            {"storageCapacity": 1200, "deploymentType": "PERSISTENT_2"},
            {"storageCapacity": 2400, "deploymentType": "PERSISTENT_2"},
            [],
        ),
        ("aws:ec2/vpc:Vpc", {"instanceTenancy": "dedicated"}, {"instanceTenancy": "default"}, []),
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}, [("cidrBlock", True, "")]),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"cidrIpv4": "10.0.0.0/8"},
            {"cidrIpv4": "0.0.0.0/0"},
            [],
        ),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"cidrIpv4": "10.0.0.0/8"},
            {"referencedSecurityGroupId": "sg-1"},
            [("cidrIpv4", True, ""), ("referencedSecurityGroupId", True, "")],
        ),
        (
            "kubernetes:apps/v1:Deployment",
            {"spec": {"template": {"spec": {"containers": [{"name": "m", "image": "a"}]}}}},
            {"spec": {"template": {"spec": {"containers": [{"name": "m", "image": "b"}]}}}},
            [],
        ),
        (
            "kubernetes:core/v1:Pod",
            {"spec": {"containers": [{"name": "m", "image": "a"}]}},
            {"spec": {"containers": [{"name": "m", "image": "b"}]}},
            [("spec.containers[0].image", True, "")],
        ),
        (
            "kubernetes:karpenter.sh/v1:NodePool",
            {"metadata": {"namespace": "a"}},
            {"metadata": {"namespace": "b"}},
            [("metadata.namespace", True, "")],
        ),
        ("kubernetes:core/v1:ConfigMap", {"data": {"k": "1"}}, {"data": {"k": "2"}}, [("data.k", True, "")]),
        ("azure:x/y:Z", {"a": 1}, {"a": 2}, [("a", False, NO_DATA)]),
        (
            "aws:kms/alias:Alias",
            {"name": "alias/x"},
            {"name": UNKNOWN},
            [("name", False, "if its value, not known from the program, differs")],
        ),
    ],
)
def test_reasons(type_, before, after, expected):
    assert reasons(type_, before, after) == expected


def test_a_provider_that_mutates_config_maps():
    provider = node("pulumi:providers:kubernetes", "edge", {"enableConfigMapMutable": "true"})
    change = {"data": {"k": "1"}}, {"data": {"k": "2"}}
    assert reasons("kubernetes:core/v1:ConfigMap", *change, provider=provider) == []
    fixed = {**change[0], "immutable": True}, {**change[1], "immutable": True}
    assert reasons("kubernetes:core/v1:ConfigMap", *fixed, provider=provider) == [("data.k", True, "")]


def test_a_cluster_identifier_keeps_a_provider():
    type_ = "pulumi:providers:kubernetes"
    known, kubeconfig = {"clusterIdentifier": "arn"}, {"kubeconfig": "a"}
    assert reasons(type_, kubeconfig, {"kubeconfig": "b"}) == [("kubeconfig", False, "when the active cluster changes")]
    assert reasons(type_, known | kubeconfig, known | {"kubeconfig": UNKNOWN}) == []
    assert reasons(type_, known, {"clusterIdentifier": "other"}) == [("clusterIdentifier", True, "")]


def test_the_program_can_ask_for_replacement():
    bucket = "aws:s3/bucket:Bucket"
    assert reasons(bucket, {"tags": {"a": "1"}}, {"tags": {"a": "2"}}, replace_on_changes=("tags",)) == [
        ("tags.a", True, "")
    ]


def test_what_is_deleted_first():
    bucket, named = "aws:s3/bucket:Bucket", {"bucket": "data"}
    assert deletes_first(Sides(node(bucket, "x", named), node(bucket, "x", named)))
    assert not deletes_first(Sides(node(bucket, "x"), node(bucket, "x")))
    assert deletes_first(Sides(node(bucket, "x"), node(bucket, "x", delete_before_replace=True)))
    job, there = "kubernetes:batch/v1:Job", {"metadata": {"name": "j", "namespace": "a"}}
    elsewhere = {"metadata": {"name": "j", "namespace": "b"}}
    assert deletes_first(Sides(node(job, "x", there), node(job, "x", there)))
    assert not deletes_first(Sides(node(job, "x", there), node(job, "x", elsewhere)))


def test_another_image_replaces_an_instance():
    assert {("ami",), ("subnetId",), ("keyName",)} <= set(forced_paths("aws:ec2/instance:Instance") or ())
