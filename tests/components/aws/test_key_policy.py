"""Each key is used in one way, and administrators do not use it by being administrators."""

import json
from typing import Any

import pytest

from aiinfra.components.aws import key_policy

ACCOUNT, REGION = "111122223333", "eu-central-1"
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}

POLICIES = {
    "logs": key_policy.logs_key(ACCOUNT, REGION, "aws", ["/aiinfra/x-*"]),
    "data": key_policy.data_key(ACCOUNT, REGION, "aws"),
    "cluster": key_policy.cluster_key(ACCOUNT, "aws", "arn:aws:iam::111122223333:role/control"),
    "volumes": key_policy.volumes_key(ACCOUNT, REGION, "aws"),
}

USED_BY_THE_ACCOUNT = (
    *(
        {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}
        for service in ("s3", "fsx", "ec2")
    ),
    {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/control"}},
)


def statements(name: str) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(POLICIES[name])["Statement"]}


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_no_wildcards_and_no_way_to_use_without_a_condition(name: str) -> None:
    for sid, one in statements(name).items():
        assert not {"*", "kms:*"} & set(one["Action"])
        assert one["Principal"] not in ("*", {"AWS": "*"})
        uses = {"kms:Decrypt", "kms:Encrypt"} & set(one["Action"])
        if uses and one["Principal"] == ROOT:
            assert one["Condition"] in USED_BY_THE_ACCOUNT, sid
    assert not {"kms:Decrypt", "kms:Encrypt", "kms:*"} & set(statements(name)["AdministerKey"]["Action"])


def test_which_ways() -> None:
    assert {name: sorted(statements(name)) for name in POLICIES} == {
        "logs": ["AdministerKey", "UseForLogGroups"],
        "data": ["AdministerKey", "UseThroughFSx", "UseThroughS3"],
        "cluster": ["AdministerKey", "UseByControlPlane"],
        "volumes": ["AdministerKey", "GrantForNodes", "UseForNodes", "UseThroughEC2"],
    }


def test_logs_only_for_the_groups_that_are_named() -> None:
    use = statements("logs")["UseForLogGroups"]
    assert use["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    groups = ["arn:aws:logs:eu-central-1:111122223333:log-group:/aiinfra/x-*"]
    assert use["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}


def test_nodes_get_grants_for_disks_and_nothing_else() -> None:
    grant = statements("volumes")["GrantForNodes"]
    assert (grant["Action"], grant["Condition"]) == (
        ["kms:CreateGrant"],
        {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    )
