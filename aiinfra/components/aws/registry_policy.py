"""Policies of the registry: its keys, and how long images are kept. Pure."""

import json
from typing import Any, Final

from aiinfra.components.aws.key_policy import administer, use_through
from aiinfra.components.aws.policy import allow, document, root

ALGORITHM: Final = "ECDSA_SHA_256"
"""How releases are signed, with a key on the curve P-256."""
CURVE: Final = "ECC_NIST_P256"


def images_key(account: str, region: str, partition: str) -> str:
    """For images: used through ECR in this region and account."""
    return document(administer(account, partition), use_through("ecr", account, region, partition))


def signing_key(account: str, partition: str) -> str:
    """For releases: whose own policy says so may sign, in one way; everybody of the account may check.

    The key never leaves KMS. ``administer`` does not sign.
    """
    who: dict[str, Any] = {"Principal": root(account, partition)}
    one_way = {"StringEquals": {"kms:SigningAlgorithm": ALGORITHM, "kms:MessageType": "DIGEST"}}
    return document(
        administer(account, partition),
        allow("SignReleases", ("kms:Sign", "kms:Verify"), "*", **who, Condition=one_way),
        allow("ReadPublicKey", ("kms:DescribeKey", "kms:GetPublicKey"), "*", **who),
    )


def life(days: int) -> str:
    """Images that no tag names go after so many days; tagged ones stay: a lock may name them."""
    rule = {
        "rulePriority": 1,
        "description": "What no tag names",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": days,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]}, sort_keys=True)


def within_account(account: str, partition: str) -> str:
    """Roles of the account push and pull, where their own policies say so; nobody deletes by this."""
    actions = (
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    )
    statement = {"Sid": "OwnAccount", "Effect": "Allow", "Principal": root(account, partition), "Action": list(actions)}
    return document(statement)  # a repository's policy names no resource: it is the repository
