"""Policies of customer-managed keys: who administers each, and the one way in which it is used. Pure.

In a key policy ``Resource: "*"`` means this key: AWS allows nothing else there.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from aiinfra.components.aws.policy import allow, dns_suffix, document, root

_ADMINISTER_KEY: Final = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE_KEY: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def administer(account: str, partition: str) -> dict[str, Any]:
    """The account's administrators manage the key, and cannot use it by that."""
    return allow("AdministerKey", _ADMINISTER_KEY, "*", Principal=root(account, partition))


def use_through(service: str, account: str, region: str, partition: str) -> dict[str, Any]:
    """Roles of the account use the key through one service of one region, where their own policies allow it."""
    condition = {"kms:CallerAccount": account, "kms:ViaService": f"{service}.{region}.{dns_suffix(partition)}"}
    return allow(
        f"UseThrough{_WORDS[service]}",
        _USE_KEY,
        "*",
        Principal=root(account, partition),
        Condition={"StringEquals": condition},
    )


_WORDS: Final = {"aps": "Prometheus", "s3": "S3", "ec2": "EC2", "ecr": "ECR", "fsx": "FSx"}


def logs_key(account: str, region: str, partition: str, groups: Sequence[str]) -> str:
    """CloudWatch Logs uses the key for log groups of these names (``*`` may end one), and for no others."""
    arns = [f"arn:{partition}:logs:{region}:{account}:log-group:{group}" for group in groups]
    logs = allow(
        "UseForLogGroups",
        _USE_KEY,
        "*",
        Principal={"Service": f"logs.{region}.{dns_suffix(partition)}"},
        Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}},
    )
    return document(administer(account, partition), logs)


def data_key(account: str, region: str, partition: str) -> str:
    """For buckets and file systems: used through S3 and FSx in this region and account."""
    return document(
        administer(account, partition),
        use_through("s3", account, region, partition),
        use_through("fsx", account, region, partition),
    )


def cluster_key(account: str, partition: str, role: str) -> str:
    """For what a cluster keeps: used by the control plane's role (an ARN), where the role's own policy allows it.

    The role is named in a condition: as a principal it would have to be there before the key.
    """
    use = allow(
        "UseByControlPlane",
        _USE_KEY,
        "*",
        Principal=root(account, partition),
        Condition={"ArnEquals": {"aws:PrincipalArn": role}},
    )
    return document(administer(account, partition), use)


def volumes_key(account: str, region: str, partition: str) -> str:
    """For disks of nodes. Auto Scaling starts nodes in the account's name, by its service-linked role.

    That role must be there before the key is made: an account that never had an Auto Scaling group makes it with
    ``aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com``.
    """
    role = (
        f"arn:{partition}:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    return document(
        administer(account, partition),
        use_through("ec2", account, region, partition),
        allow("UseForNodes", _USE_KEY, "*", Principal={"AWS": role}),
        allow(
            "GrantForNodes",
            ("kms:CreateGrant",),
            "*",
            Principal={"AWS": role},
            Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


KeyName = Annotated[str, Field(pattern=r"^(alias/.+|arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/.+)$")]
"""A key, by the alias it gets, or by its ARN where it was there already."""


def key_alias(name: str, noun: str) -> str:
    """The alias of one key of the component called ``name``."""
    return f"alias/{name}-{noun}"


def alias_arn(alias: str, account: str, region: str, partition: str) -> str:
    """ARN of an alias, known before its key is; EC2 takes it in place of a key's. A key's own ARN stays as it is."""
    if alias.startswith("arn:"):
        return alias
    return f"arn:{partition}:kms:{region}:{account}:{alias}"
