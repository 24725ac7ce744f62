"""Policy documents in general: the same bytes every time, over names that are known. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document of IAM's language, the same bytes every time."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def dns_suffix(partition: str) -> str:
    """Domain of a partition's service endpoints."""
    return {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}.get(partition, "amazonaws.com")


def root(account: str, partition: str) -> dict[str, str]:
    """The account as a principal: who may is then up to its IAM policies."""
    return {"AWS": f"arn:{partition}:iam::{account}:root"}


def role_arn(role: str, account: str, partition: str) -> str:
    """ARN of a role, known before the role is made."""
    return f"arn:{partition}:iam::{account}:role/{role}"


def policy_arn(policy: str, account: str, partition: str) -> str:
    """ARN of a managed policy of the account, known before the policy is made."""
    return f"arn:{partition}:iam::{account}:policy/{policy}"


def assumed_by(service: str, account: str, source: str = "") -> str:
    """Trust policy of a role that one AWS service takes, for resources of this account only.

    ``source`` is an ARN pattern of what it acts for; empty: any resource of the account.
    """
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}
    if source:
        condition["ArnLike"] = {"aws:SourceArn": source}
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({"Sid": "Assume", **statement, "Condition": condition})


def acting_for(service: str, account: str, partition: str) -> dict[str, Any]:
    """Condition that a service of AWS acts for this account. The trail's service says for which trail, and no more."""
    if service == "cloudtrail.amazonaws.com":
        return {"ArnLike": {"aws:SourceArn": f"arn:{partition}:cloudtrail:*:{account}:trail/*"}}
    return {"StringEquals": {"aws:SourceAccount": account}}


def allow(sid: str, actions: Sequence[str], resources: Sequence[str] | str, **more: Any) -> dict[str, Any]:
    """One statement that allows; ``more`` are its other elements (``Condition``, ``Principal``)."""
    listed = resources if isinstance(resources, str) else list(resources)
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": listed, **more}
