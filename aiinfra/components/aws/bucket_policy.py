"""Policy documents of a release bucket and its key. Pure: names are known, so a review can read every statement."""

import json
from collections.abc import Mapping
from typing import Any, Final

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


def document(*statements: Mapping[str, Any]) -> str:
    """An IAM policy document, the same bytes every time."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def tls_only(bucket: str, partition: str) -> str:
    """Refuse every request without TLS 1.2, whoever makes it. Grants nothing: access comes from roles."""
    arn = f"arn:{partition}:s3:::{bucket}"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    return document(
        {"Sid": "RefusePlainText", **deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "RefuseOldTls", **deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    )


def key_policy(account: str, region: str, partition: str) -> str:
    """The account's administrators manage the key; it is used through S3 in this region and account, and no other way.

    In a key policy ``Resource: "*"`` means this key: AWS allows nothing else there.
    """
    root = {"AWS": f"arn:{partition}:iam::{account}:root"}
    return document(
        {
            "Sid": "AdministerKey",
            "Effect": "Allow",
            "Principal": root,
            "Action": list(_ADMINISTER_KEY),
            "Resource": "*",
        },
        {
            "Sid": "UseThroughS3",
            "Effect": "Allow",
            "Principal": root,
            "Action": list(_USE_KEY),
            "Resource": "*",
            "Condition": {
                "StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"s3.{region}.{dns_suffix(partition)}"}
            },
        },
    )


def dns_suffix(partition: str) -> str:
    """Domain of a partition's service endpoints."""
    return {"aws-cn": "amazonaws.com.cn"}.get(partition, "amazonaws.com")
