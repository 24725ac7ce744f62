"""What may leave the network is what is written here, statement by statement."""

import json
from typing import Any

import pytest

from aiinfra.components.aws.endpoints import SERVICES, interface_policy, service_name, services, storage_policy

ACCOUNT = "111122223333"


def statements(text: str) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_only_the_account_asks_and_only_for_what_is_listed(service: str) -> None:
    found = statements(interface_policy(service, ACCOUNT))
    asked = [action for one in found.values() for action in one["Action"]]
    assert sorted(asked) == sorted(SERVICES[service].actions)
    prefix = {"ecr.api": "ecr", "ecr.dkr": "ecr"}.get(service, service)
    assert all(action.startswith(f"{prefix}:") and not action.endswith(":*") for action in asked)
    for one in found.values():
        assert one["Condition"]["StringEquals"]["aws:PrincipalAccount"] == ACCOUNT


def test_resources_of_other_accounts_cannot_be_reached_where_aws_lets_us_say_so() -> None:
    bound = {
        service
        for service in SERVICES
        if "aws:ResourceAccount"
        in statements(interface_policy(service, ACCOUNT))["OwnAccount"]["Condition"]["StringEquals"]
    }
    assert set(SERVICES) - bound == {"ecr.api", "ecr.dkr", "ssm"}


def test_only_what_is_used_is_reached() -> None:
    assert services(scale_to_zero=False, runner=False) == ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts")
    assert set(services(scale_to_zero=True, runner=True)) == set(SERVICES)
    assert "ec2:RunInstances" not in interface_policy("ec2", ACCOUNT)
    started = statements(interface_policy("ec2", ACCOUNT, starts_machines=True))["StartMachines"]
    assert "ec2:RunInstances" in started["Action"]
    assert started["Condition"]["StringEquals"] == {"aws:PrincipalAccount": ACCOUNT}


def test_registries_can_be_read_and_never_written() -> None:
    asked = {action.partition(":")[2] for name in ("ecr.api", "ecr.dkr") for action in SERVICES[name].actions}
    assert not {action for action in asked if action.startswith(("Put", "Upload", "Initiate", "Complete", "Create"))}


def test_buckets_of_other_accounts_cannot_be_written() -> None:
    found = statements(storage_policy(ACCOUNT, "eu-central-1", "aws"))
    assert found["OwnBuckets"]["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
    }
    assert found["ImageLayers"]["Action"] == ["s3:GetObject"]
    assert found["ImageLayers"]["Resource"] == ["arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"]
    assert sorted(found) == ["ImageLayers", "OwnBuckets"]


def test_names() -> None:
    assert service_name("ecr.api", "eu-central-1") == "com.amazonaws.eu-central-1.ecr.api"
