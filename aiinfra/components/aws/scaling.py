"""What Karpenter needs of AWS: its role's rights, the queue of interruptions, the names both sides agree on. Pure."""

import json
from typing import Any, Final

from aiinfra.components.aws.cluster_roles import named_key
from aiinfra.components.aws.policy import allow, dns_suffix, document
from aiinfra.names import fit, role_name

SERVICE_ACCOUNT: Final = ("kube-system", "karpenter")
"""Namespace and service account of the controller."""

EVENTS: Final[dict[str, tuple[str, str]]] = {
    "health": ("aws.health", "AWS Health Event"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}
"""Events that end machines, which the controller moves pods away from (Karpenter's documentation, "Interruption")."""


def queue_name(cluster: str) -> str:
    """Name of the queue of interruptions."""
    return fit(f"{cluster}-interruptions", "aws:sqs/queue:Queue")


def profile_name(training: str, region: str) -> str:
    """Name of the instance profile of the machines; profiles are one namespace for an account."""
    return role_name(f"{training}-machines", region)


def placement_name(training: str) -> str:
    """Name of the group of machines that stand close together."""
    return fit(f"{training}-machines", "aws:ec2/placementGroup:PlacementGroup")


def pattern(source: str, kind: str) -> str:
    """EventBridge's pattern of one kind of event."""
    return json.dumps({"detail-type": [kind], "source": [source]}, sort_keys=True)


def queue_policy(queue: str, rules: str, account: str) -> str:
    """EventBridge sends, for rules of that ARN pattern; over TLS only."""
    sent = allow(
        "Events",
        ("sqs:SendMessage",),
        [queue],
        Principal={"Service": "events.amazonaws.com"},
        Condition={"ArnLike": {"aws:SourceArn": rules}, "StringEquals": {"aws:SourceAccount": account}},
    )
    plain = {"Sid": "RefusePlainText", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": queue}
    return document(sent, {**plain, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})


def controller_policy(cluster: str, account: str, region: str, partition: str, *, role: str, key_alias: str) -> str:
    """What the controller does: start machines that carry the cluster's tag, and end those alone.

    ``cluster`` is the cluster's name, ``role`` the ARN of the machines' role, ``key_alias`` that of the disks' key.
    """
    return document(
        *_start(cluster, account, region, partition),
        *_rest(cluster, account, region, partition, role),
        disks_key(account, region, partition, key_alias),
    )


def _start(cluster: str, account: str, region: str, partition: str) -> list[dict[str, Any]]:
    ec2 = f"arn:{partition}:ec2:{region}"
    owned = f"kubernetes.io/cluster/{cluster}"
    asked = {
        "StringEquals": {f"aws:RequestTag/{owned}": "owned"},
        "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"},
    }
    there = {
        "StringEquals": {f"aws:ResourceTag/{owned}": "owned"},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }
    made = [
        f"{ec2}:{account}:{kind}/*" for kind in ("fleet", "instance", "launch-template", "network-interface", "volume")
    ]
    # Images and their snapshots are AWS's, so they are in no account of ours.
    used = [
        *(f"{ec2}::{kind}/*" for kind in ("image", "snapshot")),
        *(f"{ec2}:{account}:{kind}/*" for kind in ("capacity-reservation", "security-group", "subnet")),
    ]
    start = ("ec2:CreateFleet", "ec2:RunInstances")
    on_start = {"StringEquals": {"ec2:CreateAction": ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]}}
    only = {
        **there,
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"]},
    }
    templates, instances = f"{ec2}:{account}:launch-template/*", f"{ec2}:{account}:instance/*"
    return [
        allow("StartFrom", start, used),
        allow("StartFromTemplate", start, [templates], Condition=there),
        allow(
            "Start",
            (*start, "ec2:CreateLaunchTemplate"),
            [*made, f"{ec2}:{account}:spot-instances-request/*"],
            Condition=asked,
        ),
        allow(
            "TagWhatStarts",
            ("ec2:CreateTags",),
            [*made, f"{ec2}:{account}:spot-instances-request/*"],
            Condition={**asked, "StringEquals": {**asked["StringEquals"], **on_start["StringEquals"]}},
        ),
        allow("TagMachines", ("ec2:CreateTags",), [instances], Condition=only),
        allow("End", ("ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"), [instances, templates], Condition=there),
    ]


def _rest(cluster: str, account: str, region: str, partition: str, role: str) -> list[dict[str, Any]]:
    described = (
        *("CapacityReservations", "Images", "InstanceStatus", "InstanceTypeOfferings", "InstanceTypes", "Instances"),
        *("LaunchTemplates", "PlacementGroups", "SecurityGroups", "SpotPriceHistory", "Subnets"),
    )
    where = {"StringEquals": {"aws:RequestedRegion": region}}
    to_machines = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    read = ("sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage")
    return [
        allow("Look", [f"ec2:Describe{what}" for what in described], "*", Condition=where),
        allow("FindImages", ("ssm:GetParameter",), [f"arn:{partition}:ssm:{region}::parameter/aws/service/*"]),
        allow("FindCluster", ("eks:DescribeCluster",), [f"arn:{partition}:eks:{region}:{account}:cluster/{cluster}"]),
        allow("HandOnRole", ("iam:PassRole",), [role], Condition=to_machines),
        allow("Interruptions", read, [f"arn:{partition}:sqs:{region}:{account}:{queue_name(cluster)}"]),
    ]


def disks_key(account: str, region: str, partition: str, alias: str) -> dict[str, Any]:
    """Use of the disks' key through EC2, and grants that EC2 asks for, for whoever makes disks.

    ``alias`` is the key's alias or its ARN.
    """
    keys, condition = named_key(alias, account, region, partition)
    return allow(
        "EncryptDisks",
        ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"),
        keys,
        Condition={"StringEquals": {"kms:ViaService": f"ec2.{region}.{dns_suffix(partition)}"}, **condition},
    )
