"""Physical names: what each service allows, and how to stay inside it with a name a person still recognises."""

import hashlib
import re

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1123 label: what Kubernetes allows for most objects, and what a deployment, class or site may be called."""

LIMITS = {
    "dns-label": 63,
    "aws:s3/bucket:Bucket": 63,
    "aws:iam/role:Role": 64,
    "aws:iam/policy:Policy": 128,
    "aws:eks/cluster:Cluster": 100,
    "aws:kms/alias:Alias": 256,
    "aws:ecr/repository:Repository": 256,
    "aws:sqs/queue:Queue": 80,
    "aws:ec2/placementGroup:PlacementGroup": 255,
}
"""Longest name each service takes, in characters (from each service's API reference)."""

_HASH = 6


def digest(text: str, length: int = _HASH) -> str:
    """A short stable hash of ``text`` in lower-case hex: the same on every machine and run."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def fit(name: str, kind: str = "dns-label") -> str:
    """``name`` as it is where it fits ``kind``; else cut, with a hash of the whole: two long names stay apart."""
    limit = LIMITS[kind]
    if len(name) <= limit:
        return name
    return f"{name[: limit - _HASH - 1].rstrip('-')}-{digest(name)}"


def bucket_name(purpose: str, account: str, region: str) -> str:
    """The name of a bucket: ``PURPOSE-ACCOUNT-REGION-HASH``, unique across accounts and regions, at most 63 characters.

    Bucket names are one namespace for a whole AWS partition, so the account and region are part of it, and a policy can
    name the bucket before it exists. The purpose alone is cut where the whole is too long.
    """
    hashed = digest(f"{purpose}/{account}/{region}")
    tail = f"-{account}-{region}-{hashed}"
    return f"{purpose[: LIMITS['aws:s3/bucket:Bucket'] - len(tail)].rstrip('-')}{tail}"


def role_name(purpose: str, region: str) -> str:
    """The name of an IAM role: ``PURPOSE-REGION``, cut with a hash where it is too long.

    Roles are one namespace for an account, whatever the region, so the region is part of it; a policy or an access
    entry can name the role before it exists.
    """
    return fit(f"{purpose}-{region}", "aws:iam/role:Role")
