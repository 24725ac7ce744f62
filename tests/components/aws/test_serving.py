"""A cluster that serves: closed, apart from the one that trains, and what machines of sites may do to it."""

import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from aiinfra.components.aws import endpoints, runner_policy
from aiinfra.components.aws.runner_specs import RunnerSpec
from aiinfra.components.aws.serving_parts import serving_cluster
from aiinfra.components.aws.serving_specs import InferenceNodesSpec, ServingSpec
from aiinfra.errors import BadInput
from aiinfra.graph.node import Graph
from aiinfra.spec.reading import load
from tests.programs import ROOT, programs

WHOLE = ROOT / "tests" / "data" / "declarations" / "serving.yaml"
NAME = "shelf-vision-serving"
FIXED = {
    "aws:iam/role:Role": "name",
    "aws:eks/cluster:Cluster": "name",
    "aws:kms/alias:Alias": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyName",
}


def graph(project: str = "serving") -> Graph:
    return next(program for program in programs() if program.name == f"declarations/serving/{project}").graph()


def statements(text: str) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def test_it_stands_beside_the_one_that_trains_and_nothing_clashes() -> None:
    def names(found: Graph) -> set[str]:
        return {f"{node.type} {node.inputs[FIXED[node.type]]}" for node in found if node.type in FIXED}

    def blocks(found: Graph) -> list[IPv4Network]:
        kinds = ("aws:ec2/vpc:Vpc", "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
        return [IPv4Network(node.inputs["cidrBlock"]) for kind in kinds for node in found.of_type(kind)]

    serving, training = graph(), graph("training")
    assert names(serving)
    assert not names(serving) & names(training)
    assert not any(one.overlaps(other) for one in blocks(serving) for other in blocks(training))


def test_the_cluster_is_as_closed_as_the_one_that_trains() -> None:
    def settings(found: Graph) -> dict[str, Any]:
        inputs = dict(found.one("aws:eks/cluster:Cluster").inputs)
        given = ("name", "roleArn", "remoteNetworkConfig", "encryptionConfig")
        network = {key: value for key, value in inputs["vpcConfig"].items() if not key.endswith("Ids")}
        return {**{key: value for key, value in inputs.items() if key not in given}, "vpcConfig": network}

    assert settings(graph()) == settings(graph("training"))
    assert graph().one("aws:eks/cluster:Cluster").protect


def test_every_group_of_machines_is_over_all_zones_and_tainted_for_its_accelerators() -> None:
    found = {
        node.inputs["instanceTypes"][0]: node.inputs
        for node in graph().of_type("aws:eks/nodeGroup:NodeGroup")
        if not node.name.endswith("system-nodes")
    }
    assert {name: (one["amiType"], one["taints"], len(one["subnetIds"])) for name, one in found.items()} == {
        "g6.xlarge": (
            "AL2023_x86_64_NVIDIA",
            [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
            2,
        ),
        "c7i.2xlarge": ("AL2023_x86_64_STANDARD", [], 2),
    }


@pytest.mark.parametrize(
    ("instance", "told"), [("g4ad.xlarge", "choose another"), ("g6.tiny", "no instance 'g6.tiny'")]
)
def test_machines_that_nobody_knows_are_refused(instance: str, told: str) -> None:
    given = {"cluster": "c", "role": "arn:aws:iam::111122223333:role/r", "subnets": ("a",), "group": "g", "key": "k"}
    tags = {"owner": "o", "cost_center": "1", "data_class": "internal"}
    with pytest.raises(ValueError, match=told):
        InferenceNodesSpec.model_validate({**given, "tags": tags, "instance": instance, "count": 1})


def test_only_what_it_uses_is_reached() -> None:
    found = {node.inputs["serviceName"].removeprefix("com.amazonaws.us-east-1.") for node in graph().of_type(ENDPOINT)}
    assert found == {"ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "s3"}
    assert set(endpoints.to_serve(runner=True)) == {*found - {"s3"}, "sts", "logs", "kms"}
    assert {node.name.rpartition("-")[2] for node in graph().of_type("aws:kms/key:Key")} == {
        "cluster",
        "logs",
        "volumes",
    }


ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def test_machines_join_by_their_certificate_under_their_own_name() -> None:
    anchor = graph().one("aws:rolesanywhere/trustAnchor:TrustAnchor").inputs
    assert anchor["source"]["sourceType"] == "CERTIFICATE_BUNDLE"
    assert anchor["source"]["sourceData"]["x509CertificateData"] == WHOLE.with_name("machines.pem").read_text()
    role = graph().one("aws:iam/role:Role", f"{NAME}-hybrid-role").inputs
    found = statements(role["assumeRolePolicy"])
    assert found["Machines"]["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:rolesanywhere:us-east-1:111122223333:trust-anchor/*"},
        "StringEquals": {
            "aws:SourceAccount": "111122223333",
            "sts:RoleSessionName": "${aws:PrincipalTag/x509Subject/CN}",
        },
    }
    may = statements(graph().one("aws:iam/rolePolicy:RolePolicy", f"{NAME}-hybrid-role-policy").inputs["policy"])
    assert may["Join"]["Resource"] == [serving_cluster(load(WHOLE)).arn]
    entry = graph().one("aws:eks/accessEntry:AccessEntry", f"{NAME}-hybrid-entry").inputs
    assert (entry["type"], entry["principalArn"].rpartition("/")[2]) == ("HYBRID_LINUX", role["name"])
    assert not [
        node
        for node in graph().of_type("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
        if node.inputs["principalArn"] == entry["principalArn"]
    ]


def test_the_remote_ranges_are_the_clusters_and_the_only_ones_that_rules_name() -> None:
    networks = graph().one("aws:eks/cluster:Cluster").inputs["remoteNetworkConfig"]
    assert networks == {
        "remoteNodeNetworks": {"cidrs": ["10.60.0.0/24"]},
        "remotePodNetworks": {"cidrs": ["10.61.0.0/20"]},
    }
    rules = {
        (side, node.inputs["cidrIpv4"], node.inputs["fromPort"], node.inputs["ipProtocol"])
        for side in ("Ingress", "Egress")
        for node in graph().of_type(f"aws:vpc/securityGroup{side}Rule:SecurityGroup{side}Rule")
        if "cidrIpv4" in node.inputs
    }
    assert rules == {
        ("Egress", "10.30.0.0/24", 443, "tcp"),
        ("Ingress", "10.60.0.0/24", 443, "tcp"),
        ("Ingress", "10.61.0.0/20", 443, "tcp"),
        ("Egress", "10.60.0.0/24", 10250, "tcp"),
        *(("Ingress", block, 53, way) for block in ("10.60.0.0/24", "10.61.0.0/20") for way in ("tcp", "udp")),
    }
    routes = {node.inputs["destinationCidrBlock"] for node in graph().of_type("aws:ec2/route:Route")}
    assert routes == {"10.30.0.0/24", "10.60.0.0/24", "10.61.0.0/20"}


def test_what_runs_in_the_cluster_finds_it_before_it_is_made() -> None:
    cluster = graph().one("aws:eks/cluster:Cluster").inputs["name"]
    for project in ("serving-platform", "site-cameras", "site-audit", "site-depot"):
        (provider,) = graph(project).of_type("pulumi:providers:kubernetes")
        assert provider.inputs["clusterIdentifier"] == f"arn:aws:eks:us-east-1:111122223333:cluster/{cluster}"


def test_a_runner_inside_runs_one_of_the_projects_that_it_is_told() -> None:
    given = {"account": "111122223333", "region": "us-east-1", "deployment": "shelf", "cluster": "c", "vpc": "v"}
    ids = {"subnets": ("s",), "group": "g", "key": "k", "logs_key": "l", "image": "registry.example/r@sha256:0"}
    state = {"bucket": "example-state", "key": "alias/state"}
    several = ("serving-platform", "site-cameras")
    spec = RunnerSpec.model_validate({**given, **ids, "state": state, "projects": several})
    steps = json.loads(runner_policy.commands(spec))["phases"]["build"]["commands"]
    assert steps[0].startswith('case "$PROJECT" in serving-platform|site-cameras) ;;')
    assert 'cd "$PROJECT"' in steps


def test_a_declaration_without_one_has_none(tmp_path: Any) -> None:
    declaration = load(WHOLE.with_name("whole.yaml"))
    with pytest.raises(BadInput) as refused:
        ServingSpec.of(declaration)
    assert refused.value.code == "no-serving"
