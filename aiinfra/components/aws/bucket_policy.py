"""Policy documents of buckets and the key of the release bucket. Pure: names are known, so a review can read them."""

from aiinfra.components.aws.key_policy import administer, use_through
from aiinfra.components.aws.policy import document


def tls_only(bucket: str, partition: str) -> str:
    """Refuse every request without TLS 1.2, whoever makes it. Grants nothing: access comes from roles."""
    arn = f"arn:{partition}:s3:::{bucket}"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    return document(
        {"Sid": "RefusePlainText", **deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "RefuseOldTls", **deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    )


def key_policy(account: str, region: str, partition: str) -> str:
    """Administrators manage the key; it is used through S3 in this region and account, and no other way."""
    return document(administer(account, partition), use_through("s3", account, region, partition))
