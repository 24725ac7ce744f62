"""Policy documents of buckets and the key of the release bucket. Pure: names are known, so a review can read them."""

from collections.abc import Sequence
from typing import Any, Final

from aiinfra.components.aws.key_policy import administer, use_through
from aiinfra.components.aws.policy import acting_for, allow, document


def tls_only(bucket: str, partition: str) -> str:
    """Refuse every request without TLS 1.2, whoever makes it. Grants nothing: access comes from roles."""
    return document(*_tls_statements(f"arn:{partition}:s3:::{bucket}"))


def _tls_statements(arn: str) -> list[dict[str, Any]]:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    return [
        {"Sid": "RefusePlainText", **deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "RefuseOldTls", **deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    ]


_ON_DATA: Final = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject")


def closed(
    bucket: str,
    account: str,
    partition: str,
    administrators: Sequence[str] = (),
    *,
    logged: Sequence[str] = (),
    writer: str = "",
) -> str:
    """As :func:`tls_only`, and objects are read and written only from networks of the account.

    ``aws:VpceAccount`` says whose endpoint a request came through, gateway endpoints included, and is absent without
    one. Only actions on objects are refused, so that nobody is locked out of the bucket itself; ``administrators``,
    AWS's services and the service-linked roles they use are let through. ``logged`` are the buckets whose access logs
    are delivered here, ``writer`` the service of AWS whose records are.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    linked = f"arn:{partition}:iam::{account}:role/aws-service-role/*"
    outside = {
        "Sid": "RefuseOtherNetworks",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(_ON_DATA),
        "Resource": f"{arn}/*",
        "Condition": {
            "StringNotEqualsIfExists": {"aws:VpceAccount": account},
            "ArnNotLikeIfExists": {"aws:PrincipalArn": [linked, *administrators]},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"},
        },
    }
    statements = [*_tls_statements(arn), outside]
    if logged:
        statements.append(_delivered(arn, account, [f"arn:{partition}:s3:::{name}" for name in logged]))
    if writer:
        statements += _written(arn, account, acting_for(writer, account, partition), writer)
    return document(*statements)


def _written(arn: str, account: str, condition: dict[str, Any], service: str) -> list[dict[str, Any]]:
    who: dict[str, Any] = {"Principal": {"Service": service}, "Condition": condition}
    return [
        allow("FindBucket", ("s3:GetBucketAcl", "s3:ListBucket"), arn, **who),
        allow("WriteRecords", ("s3:PutObject",), f"{arn}/AWSLogs/{account}/*", **who),
    ]


def _delivered(arn: str, account: str, sources: Sequence[str]) -> dict[str, Any]:
    return allow(
        "DeliverAccessLogs",
        ("s3:PutObject",),
        f"{arn}/*",
        Principal={"Service": "logging.s3.amazonaws.com"},
        Condition={"ArnLike": {"aws:SourceArn": list(sources)}, "StringEquals": {"aws:SourceAccount": account}},
    )


def key_policy(account: str, region: str, partition: str) -> str:
    """Administrators manage the key; it is used through S3 in this region and account, and no other way."""
    return document(administer(account, partition), use_through("s3", account, region, partition))
