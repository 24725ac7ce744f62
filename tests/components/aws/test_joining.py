"""In a network, with keys, buckets or a cluster that are there already, nothing of them is made, changed or deleted."""

import json
from typing import Any

import pytest

from aiinfra.components.aws.network_specs import JoinedNetworkSpec, NetworkSpec
from aiinfra.graph.node import Graph
from tests.programs import programs

NETWORK = {"ec2/vpc:Vpc", "ec2/subnet:Subnet", "ec2/routeTable:RouteTable", "ec2/internetGateway:InternetGateway"}
PLAIN: dict[str, Any] = {"account": "111122223333", "region": "us-east-1", "logs_key": "k"}


def graph(name: str) -> Graph:
    return next(program for program in programs() if program.name == f"declarations/{name}").graph()


def types(name: str) -> set[str]:
    return {node.type.removeprefix("aws:") for node in graph(name)}


def grants(name: str, role_policy: str) -> dict[str, dict[str, Any]]:
    text = graph(name).one("aws:iam/rolePolicy:RolePolicy", role_policy).inputs["policy"]
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def test_one_zone_has_machines_and_the_other_a_subnet_of_the_control_plane() -> None:
    subnets = {
        node.name.removeprefix("gear-check-training-network-")
        for node in graph("small/training").of_type("aws:ec2/subnet:Subnet")
    }
    assert subnets == {"nodes-euw1-az2", "pods-euw1-az2", "services-euw1-az2", "services-euw1-az1"}
    cluster = graph("small/training").one("aws:eks/cluster:Cluster").inputs["vpcConfig"]["subnetIds"]
    assert [one.rpartition("-network-")[2] for one in cluster] == ["services-euw1-az1_id", "services-euw1-az2_id"]
    for endpoint in graph("small/training").of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        assert len(endpoint.inputs.get("subnetIds", ["one"])) == 1


def test_a_second_zone_with_machines_moves_no_subnet() -> None:
    one = NetworkSpec.model_validate(
        {**PLAIN, "cidr": "10.60.0.0/22", "zones": ["euw1-az2"], "control_zone": "euw1-az1"}
    )
    two = NetworkSpec.model_validate({**PLAIN, "cidr": "10.60.0.0/22", "zones": ["euw1-az2", "euw1-az1"]})
    assert {place.noun: place.cidr for place in one.places}.items() <= {p.noun: p.cidr for p in two.places}.items()


def test_nothing_of_a_network_that_is_there_is_made() -> None:
    assert not types("joined/training") & NETWORK
    made = {
        node.name.rpartition("-endpoint-")[2]
        for node in graph("joined/training").of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    }
    assert made == {"ec2", "eks", "eks-auth", "kms", "logs", "s3", "sqs", "ssm"}
    logged = {node.inputs["subnetId"] for node in graph("joined/training").of_type("aws:ec2/flowLog:FlowLog")}
    assert logged == {f"subnet-0a00000000000{zone}{use}" for zone in ("001", "002") for use in "abc"}


def test_machines_are_let_into_the_endpoints_that_are_there_and_nothing_else_is() -> None:
    theirs = "sg-0a00000000000002f"
    rules = [
        (node.name.rpartition("-network-")[2], node.inputs["fromPort"], node.inputs["toPort"])
        for side in ("Ingress", "Egress")
        for node in graph("joined/training").of_type(f"aws:vpc/securityGroup{side}Rule:SecurityGroup{side}Rule")
        if theirs in (node.inputs["securityGroupId"], node.inputs.get("referencedSecurityGroupId"))
    ]
    assert sorted(rules) == [
        (f"{who}-existing-endpoints-443-{side}", 443, 443) for who in ("nodes", "runner") for side in ("in", "out")
    ]


def test_keys_that_are_there_are_named_by_their_arn() -> None:
    keys = {node.name.rpartition("-")[2] for node in graph("joined/training").of_type("aws:kms/key:Key")}
    assert keys == {"cluster", "logs"}
    trainer = grants("joined/training", "weld-scan-training-trainer-policy")
    assert "UseKey" not in trainer
    assert [arn.rpartition("/")[2][:13] for arn in trainer["UseExistingKeys"]["Resource"]] == [
        "1a2b3c4d-0003",
        "1a2b3c4d-0001",
    ]
    disks = grants("joined/training", "weld-scan-training-disks-policy")["EncryptDisks"]
    assert [arn.rpartition("/")[2][:13] for arn in disks["Resource"]] == ["1a2b3c4d-0002"]
    node_class = next(node for node in graph("joined/platform") if node.type.endswith(":EC2NodeClass"))
    assert node_class.inputs["spec"]["blockDeviceMappings"][0]["ebs"]["kmsKeyID"].endswith("8000-1a2b3c4d5e6f")
    assert node_class.inputs["spec"]["subnetSelectorTerms"] == [{"id": "subnet-0a00000000000001a"}]


def test_a_bucket_that_is_there_is_read_and_not_made() -> None:
    buckets = {str(node.inputs["bucket"]) for node in graph("joined/training").of_type("aws:s3/bucket:Bucket")}
    assert not any("weld-images" in name or "datasets" in name for name in buckets)
    link = graph("joined/training").one("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation")
    assert link.inputs["dataRepositoryPath"] == "s3://acme-weld-images"
    trainer = grants("joined/training", "weld-scan-training-trainer-policy")
    assert "arn:aws:s3:::acme-weld-images/*" in trainer["Read"]["Resource"]
    assert "arn:aws:s3:::acme-weld-images/*" not in trainer["Write"]["Resource"]
    assert graph("joined/training").outputs["buckets"]["datasets"] == "acme-weld-images"


def test_machines_join_a_cluster_that_is_there_and_the_rest_of_it_is_left() -> None:
    made = types("lent/training")
    assert not made & {*NETWORK, "eks/cluster:Cluster", "eks/addon:Addon", "eks/accessEntry:AccessEntry"}
    nodes = graph("lent/training").one("aws:eks/nodeGroup:NodeGroup").inputs
    assert (nodes["clusterName"], nodes["subnetIds"]) == ("research", ["subnet-0b00000000000001a"])
    assert nodes["nodeRoleArn"] == "arn:aws:iam::111122223333:role/research-nodes"
    outputs = graph("lent/training").outputs
    assert (outputs["cluster"], outputs["clusterArn"].rpartition("/")[2]) == ("research", "research")
    releases = [node.inputs["name"] for node in graph("lent/platform").of_type("kubernetes:helm.sh/v3:Release")]
    assert set(releases) == {"jobset", "trainer", "efa"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"zones": ["use1-az9"]}, "zone"),
        ({"zones": ["use1-az1", "use1-az3"]}, "nodes and pods of use1-az3 are missing"),
        ({"control_zone": "use1-az3"}, "services of use1-az3 are missing"),
        ({"routes": []}, "entered in route tables"),
    ],
)
def test_a_component_refuses_what_is_half_given(change: dict[str, Any], why: str) -> None:
    subnet = {"id": "subnet-0a00000000000001a", "cidr": "10.8.0.0/24"}
    other = {"id": "subnet-0a00000000000001b", "cidr": "10.8.1.0/24"}
    pods = {"id": "subnet-0a00000000000001c", "cidr": "10.8.2.0/24"}
    existing = {
        "vpc": "vpc-0a1b2c3d4e5f60718",
        "zones": [{"zone": "use1-az1", "nodes": subnet, "services": other, "pods": pods}],
        "routes": ["rtb-0a1b2c3d4e5f60718"],
    }
    whole = {**PLAIN, "zones": ["use1-az1"], "existing": existing}
    assert JoinedNetworkSpec.model_validate(whole).services
    routes = {"existing": {**existing, "routes": change["routes"]}} if "routes" in change else change
    with pytest.raises(ValueError, match=why):
        JoinedNetworkSpec.model_validate({**whole, **routes})
