"""Who takes the role of machines that join from outside, and what it may do. Pure.

The conditions are those of the EKS user guide, "Prepare credentials for hybrid nodes". The anchor's ARN is not known
before it is made, and a trust policy that nobody can read in a review would be worse than one for the anchors of this
account and region, of which the account's administrators alone make one.
"""

from typing import Any, Final

from aiinfra.components.aws.policy import allow, document

SERVICE: Final = "rolesanywhere.amazonaws.com"


def trust(account: str, region: str, partition: str) -> str:
    """Taken through Roles Anywhere; a session is called like the machine in its certificate, and like no other."""
    anchors = f"arn:{partition}:rolesanywhere:{region}:{account}:trust-anchor/*"
    own = {"aws:SourceAccount": account}
    named = {**own, "sts:RoleSessionName": "${aws:PrincipalTag/x509Subject/CN}"}
    return document(
        _taken("Tell", ["sts:SetSourceIdentity", "sts:TagSession"], own, anchors),
        _taken("Machines", ["sts:AssumeRole"], named, anchors),
    )


def _taken(sid: str, actions: list[str], equals: dict[str, str], anchors: str) -> dict[str, Any]:
    condition = {"StringEquals": equals, "ArnLike": {"aws:SourceArn": anchors}}
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": actions,
        "Condition": condition,
    }


def machine_policy(cluster: str, region: str, partition: str) -> str:
    """What a machine does: find the cluster of that ARN and its own entry in it, pull images of the region."""
    return document(
        allow("Join", ("eks:DescribeCluster", "eks:ListAccessEntries"), [cluster]),
        allow("SignIn", ("ecr:GetAuthorizationToken",), "*"),
        allow(
            "Pull",
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            # EKS's own images are in accounts of AWS, another in each region.
            [f"arn:{partition}:ecr:{region}:*:repository/*"],
        ),
    )
