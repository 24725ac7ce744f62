"""The network lets nothing out but what is named; every rule has its other side."""

from collections import Counter

import pytest

from aiinfra.components.aws.groups import PASSAGES, described
from aiinfra.components.aws.network_specs import NetworkSpec
from aiinfra.components.aws.training_specs import TrainingSpec
from aiinfra.errors import BadInput
from aiinfra.graph.node import Graph
from aiinfra.spec.reading import load
from tests.programs import ROOT, programs

WHOLE = ROOT / "tests" / "data" / "declarations" / "whole.yaml"


def graph() -> Graph:
    return next(program for program in programs() if program.name == "declarations/whole/training").graph()


def test_nothing_leads_to_the_internet() -> None:
    types = {node.type for node in graph()}
    assert not types & {
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
        "aws:ec2/eip:Eip",
    }
    (route,) = graph().of_type("aws:ec2/route:Route")  # to the plant, through a gateway that the declaration names
    told = (route.inputs["destinationCidrBlock"], route.inputs["transitGatewayId"])
    assert told == ("10.30.0.0/24", "tgw-0123456789abcdef0")
    assert set(route.inputs) == {"destinationCidrBlock", "transitGatewayId", "routeTableId"}
    for subnet in graph().of_type("aws:ec2/subnet:Subnet"):
        assert subnet.inputs["mapPublicIpOnLaunch"] is False
        assert "assignIpv6AddressOnCreation" not in subnet.inputs
    assert all("routes" not in table.inputs for table in graph().of_type("aws:ec2/routeTable:RouteTable"))


def test_every_rule_names_a_group_but_for_the_exceptions() -> None:
    openings: list[tuple[str, str]] = []
    sides: Counter[tuple[str, ...]] = Counter()
    for side in ("Ingress", "Egress"):
        for node in graph().of_type(f"aws:vpc/securityGroup{side}Rule:SecurityGroup{side}Rule"):
            rule = node.inputs
            if "referencedSecurityGroupId" not in rule:
                openings.append((node.name.removeprefix("line-vibration-training-network-"), rule["description"]))
                continue
            ends = (rule["securityGroupId"], rule["referencedSecurityGroupId"])
            ports = (rule["ipProtocol"], str(rule.get("fromPort")), str(rule.get("toPort")))
            sides[(*(ends if side == "Egress" else ends[::-1]), *ports)] += 1
    assert openings == [
        ("nodes-s3-out", "Machines and pods read and write S3 through its gateway"),
        ("opening-0", "traces to the plants collector"),
        ("runner-s3-out", "A runner inside reads and writes S3 through its gateway"),
    ]
    assert set(sides.values()) == {2}


def test_what_ec2_would_refuse_in_a_description_is_left_out() -> None:
    assert described("a plant's „collector“ <x>\n; 10 %") == "a plants collector x; 10 "
    assert len(described("x" * 300)) == 255
    assert all(described(one.why) == one.why for one in PASSAGES)


def test_the_default_group_is_empty_and_every_endpoint_has_a_policy() -> None:
    default = graph().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (default.inputs["ingress"], default.inputs["egress"]) == ([], [])
    for endpoint in graph().of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        assert '"Statement"' in endpoint.inputs["policy"]
        assert endpoint.inputs.get("privateDnsEnabled", True)


def test_records_are_encrypted_and_kept_a_year() -> None:
    groups = graph().of_type("aws:cloudwatch/logGroup:LogGroup")
    assert {"flow", "dns"} <= {group.inputs["name"].rpartition("/")[2] for group in groups}
    for group in groups:
        assert group.protect
        assert group.inputs["retentionInDays"] >= 365
        assert group.inputs["kmsKeyId"] == "line-vibration-training-keys-logs.arn"


def test_no_service_without_a_policy_and_no_odd_retention() -> None:
    plain = {
        "account": "111122223333",
        "region": "us-east-1",
        "zones": ["use1-az1"],
        "cidr": "10.0.0.0/16",
        "logs_key": "arn",
    }
    assert NetworkSpec.model_validate(plain).keep_logs == 365
    for change, why in (
        ({"services": ["rds"]}, "there is no endpoint policy for 'rds'"),
        ({"keep_logs": 364}, "364 days cannot be kept"),
        ({"cidr": "10.0.0.0/8"}, "give a range between"),
        ({"region": "cn-north-1"}, "China"),
        ({"logs_key": 7}, "7 is not an id"),
    ):
        with pytest.raises(ValueError, match=why):
            NetworkSpec.model_validate({**plain, **change})


def test_a_stack_without_training_says_so() -> None:
    with pytest.raises(BadInput, match=r"stack 'staging' .* declares no training") as caught:
        TrainingSpec.of(load(WHOLE, "staging"))
    assert caught.value.code == "no-training"
