"""What is there already fits or is refused, and what nobody can promise of it is told."""

import copy
from pathlib import Path
from typing import Any

import pytest

from aiinfra.check.checks import check
from aiinfra.components.aws.endpoints import SERVICES, STORAGE
from aiinfra.errors import BadInput
from aiinfra.spec import yaml
from aiinfra.spec.existing import ENDPOINTS
from aiinfra.spec.reading import load
from tests.programs import ROOT

DATA = ROOT / "tests" / "data" / "declarations"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1a2b3c4d-0001-4000-8000-1a2b3c4d5e6f"


def changed(name: str, place: str, value: Any) -> dict[str, Any]:
    """The declaration of that name with one value at a dotted place changed; None removes it."""
    data: Any = copy.deepcopy(load(DATA / f"{name}.yaml").whole.plain())
    keys = [int(key) if key.isdigit() else key for key in place.split("/")]
    at = data
    for key in keys[:-1]:
        at = at[key]
    if value is None:
        del at[keys[-1]]
    else:
        at[keys[-1]] = value
    return data


def refusal(tmp_path: Path, data: dict[str, Any]) -> str:
    (tmp_path / "deployment.yaml").write_text(yaml.write(data))
    with pytest.raises(BadInput) as caught:
        load(tmp_path)
    return caught.value.render()


def told(tmp_path: Path, data: dict[str, Any], *codes: str) -> list[str]:
    (tmp_path / "deployment.yaml").write_text(yaml.write(data))
    return [
        f"{finding.severity.value} {finding.path}: {finding.message}; {finding.remedy}"
        for finding in check(load(tmp_path))
        if finding.id in codes
    ]


@pytest.mark.parametrize(
    ("name", "place", "value", "why"),
    [
        ("joined", "network/existing/zones/1/nodes", None, "use1-az2 has no subnet for nodes"),
        ("joined", "cloud/zones", ["use1-az1", "use1-az4"], "use1-az4 has no subnet for services and nodes and pods"),
        ("joined", "cloud/zones", ["use1-az1"], "EKS puts its control plane into two zones"),
        ("joined", "network/existing/vpc", "sg-0123", "'sg-0123' is not the id of a VPC: write it like vpc-"),
        ("joined", "network/existing/zones/0/nodes/id", "subnet-XY", "'subnet-XY' is not the id of a subnet"),
        (
            "joined",
            "network/existing/zones/1/nodes/cidr",
            "10.8.0.128/25",
            "nodes of use1-az1 and nodes of use1-az2 ov",
        ),
        ("joined", "network/existing/zones/1/nodes/id", "subnet-0a00000000000001a", "is both nodes of use1-az1 and"),
        ("joined", "network/existing/routes", None, "S3 is reached by a gateway, which is entered in route tables"),
        ("joined", "network/existing/endpoints_group", None, "nothing says which security group lets machines into"),
        ("joined", "network/existing/endpoints/rds", "vpce-0a00000000000001d", "there is no use for 'rds'"),
        ("joined", "network/existing/endpoints/s3", "vpce-0a00000000000001d", "add 's3_prefixes', like pl-63a5400a"),
        ("joined", "network/cidr", "10.0.0.0/16", "leave it out, the subnets have theirs"),
        ("joined", "cloud/keys/data", KEY.replace("us-east-1", "eu-west-1"), "keys.data is in eu-west-1, and what it"),
        ("joined", "cloud/keys/data", "arn:aws:kms:us-east-1:111122223333:alias/x", "give the key's own ARN"),
        ("joined", "cloud/keys/data", KEY.rpartition("/")[2], "is not the ARN of a key: write it like arn:aws:kms:"),
        ("joined", "storage/existing/datasets/bucket", "Acme_Data", "'Acme_Data' is not of the form expected"),
        ("lent", "training/kubernetes", None, "say the version it has, like kubernetes: '1.35'"),
        ("lent", "training/api_access", None, "say api_access: {runner: vpn}"),
        ("lent", "network/existing", None, "add 'network.existing'"),
        ("lent", "training/existing/operators", ["karpenter"], "leave it out of operators, and scale_to_zero, too"),
        ("lent", "training/observability", {}, "the scraper of metrics needs subnets in two zones"),
        ("lent", "training/existing/node_role", "research-nodes", "'research-nodes' is not of the form expected"),
        ("small", "cloud/control_zone", None, "'cloud.control_zone', like use1-az2"),
        ("small", "cloud/control_zone", "euw1-az2", "control_zone euw1-az2 is in zones"),
        ("small", "cloud/zones", ["euw1-az2", "euw1-az3"], "leave one of the two out"),
    ],
)
def test_half_given_input_is_refused_with_its_fix(tmp_path: Path, name: str, place: str, value: Any, why: str) -> None:
    assert why in refusal(tmp_path, changed(name, place, value))


def test_a_subnet_without_room_is_told_before_aws_does(tmp_path: Path) -> None:
    small = changed("joined", "network/existing/zones/1/services/cidr", "10.8.4.64/28")
    (line,) = told(tmp_path, small, "subnet-too-small")
    assert line == (
        "error network.existing.zones[1].services.cidr: subnet-0a00000000000002b (10.8.4.64/28) has 11 addresses to "
        "give, and needs 13: 6 for the control plane and 7 for endpoints at most; name a subnet of /27"
    )
    many = told(tmp_path, changed("joined", "training/nodes", 2000), "subnet-too-small")
    assert [line.split(":")[0] for line in many] == [
        "error network.existing.zones[0].nodes.cidr",
        "warning network.existing.zones[0].pods.cidr",
    ]
    assert [line.rpartition("; ")[2] for line in many] == [
        "name a subnet of /21",
        "the largest subnet is a /16: take fewer machines",
    ]
    assert told(tmp_path, changed("lent", "training/nodes", 1000), "subnet-too-small") == []


def test_an_operator_that_is_none_is_told(tmp_path: Path) -> None:
    (line,) = told(tmp_path, changed("lent", "training/existing/operators", ["nvida"]), "operator-unknown")
    assert "'nvida'; did you mean 'nvidia'?" in line


def test_what_is_not_checked_is_told() -> None:
    notes = {
        name: {finding.id: finding.path for finding in check(load(DATA / f"{name}.yaml")) if "unchecked" in finding.id}
        for name in ("small", "joined", "lent")
    }
    assert notes["small"] == {"account-unchecked": "cloud"}
    assert notes["joined"] == {
        "account-unchecked": "cloud",
        "network-unchecked": "network.existing",
        "key-unchecked": "cloud.keys.volumes",
        "bucket-unchecked": "storage.existing.datasets",
    }
    assert notes["lent"] == {
        "account-unchecked": "cloud",
        "network-unchecked": "network.existing",
        "cluster-unchecked": "training.existing",
    }


def test_endpoints_that_may_be_there_are_those_that_would_be_made() -> None:
    assert set(ENDPOINTS) == {*SERVICES, STORAGE}
