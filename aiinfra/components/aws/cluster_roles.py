"""What a cluster's roles may do and who takes them. Pure; every ARN is known before its resource is made.

``*`` stands for a resource only where the service authorization reference lists none for the action.
"""

from collections.abc import Sequence
from typing import Any, Final

from aiinfra.components.aws.policy import allow, document

PODS: Final = "pods.eks.amazonaws.com"


def cluster_arn(cluster: str, account: str, region: str, partition: str) -> str:
    """ARN of a cluster."""
    return f"arn:{partition}:eks:{region}:{account}:cluster/{cluster}"


def pod_trust(cluster: str, account: str, namespace: str, service_account: str) -> str:
    """Taken through Pod Identity by pods of one service account in one namespace of one cluster, and by nobody else.

    ``cluster`` is its ARN.
    """
    condition = {
        "StringEquals": {
            "aws:SourceAccount": account,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        },
        "ArnEquals": {"aws:SourceArn": cluster},
    }
    actions = ["sts:AssumeRole", "sts:TagSession"]
    taken = {"Sid": "Pods", "Effect": "Allow", "Principal": {"Service": PODS}, "Action": actions}
    return document({**taken, "Condition": condition})


def machine_trust() -> str:
    """Taken by EC2 instances. EC2 names no source account when it takes a role, so no condition can ask for one."""
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return document({"Sid": "Machines", **statement})


def node_policy(cluster: str, region: str, partition: str) -> str:
    """What a machine does: find itself, join the cluster of that ARN, pull images, hand roles to its pods."""
    return document(
        allow("FindItself", ("ec2:DescribeInstances", "ec2:DescribeInstanceTypes"), "*"),
        allow("Join", ("eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"), [cluster]),
        allow("SignIn", ("ecr:GetAuthorizationToken",), "*"),
        allow(
            "Pull",
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            # EKS's own images are in accounts of AWS, another in each region.
            [f"arn:{partition}:ecr:{region}:*:repository/*"],
        ),
    )


def network_policy(account: str, region: str, partition: str) -> str:
    """What the VPC CNI does: give machines interfaces and addresses."""
    ec2 = f"arn:{partition}:ec2:{region}:{account}"
    described = ("Instances", "InstanceTypes", "NetworkInterfaces", "SecurityGroups", "Subnets", "Tags")
    return document(
        allow("Look", [f"ec2:Describe{what}" for what in described], "*"),
        allow(
            "GiveAddresses",
            (
                "ec2:AssignPrivateIpAddresses",
                "ec2:AttachNetworkInterface",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DetachNetworkInterface",
                "ec2:ModifyNetworkInterfaceAttribute",
                "ec2:UnassignPrivateIpAddresses",
            ),
            [f"{ec2}:{what}/*" for what in ("instance", "network-interface", "security-group", "subnet")],
        ),
        allow(
            "TagInterfaces",
            ("ec2:CreateTags",),
            [f"{ec2}:network-interface/*"],
            Condition={"StringEquals": {"ec2:CreateAction": "CreateNetworkInterface"}},
        ),
    )


def secrets_policy(account: str, region: str, partition: str, alias: str) -> str:
    """What the control plane does with the key of what it keeps; ``alias`` is the key's alias or its ARN."""
    actions = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants")
    keys, condition = named_key(alias, account, region, partition)
    return document(allow("Encrypt", actions, keys, **({"Condition": condition} if condition else {})))


def training_policy(
    key: str, through: str, alias: str, read: Sequence[str], write: Sequence[str], *, more: Sequence[str] = ()
) -> str:
    """What a training job does: read some buckets, read and write others.

    The key of ``alias``, of those that the ARN pattern ``key`` takes in, is used through the service ``through``, and
    so are the keys of the ARNs ``more``. An ARN may stand in place of the alias.
    """
    s3 = f"arn:{key.split(':')[1]}:s3:::"
    statements: list[dict[str, Any]] = []
    if read or write:
        both = sorted({*read, *write})
        statements += [
            allow("List", ("s3:GetBucketLocation", "s3:ListBucket"), [f"{s3}{name}" for name in both]),
            allow("Read", ("s3:GetObject",), [f"{s3}{name}/*" for name in both]),
        ]
    if write:
        actions = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject")
        statements.append(allow("Write", actions, [f"{s3}{name}/*" for name in sorted(write)]))
    used = ("kms:Decrypt", "kms:GenerateDataKey")
    by_service = {"StringEquals": {"kms:ViaService": through}}
    arns = sorted({*more, *([alias] if alias.startswith("arn:") else [])})
    if not alias.startswith("arn:"):
        statements.append(allow("UseKey", used, [key], Condition={**by_service, **_by_alias(alias)}))
    if arns:
        statements.append(allow("UseExistingKeys", used, arns, Condition=by_service))
    return document(*statements)


def named_key(key: str, account: str, region: str, partition: str) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Resources and condition that mean one key: by its alias, which is known before the key is, or by its ARN."""
    if key.startswith("arn:"):
        return [key], {}
    return [keys_of(account, region, partition)], _by_alias(key)


def keys_of(account: str, region: str, partition: str) -> str:
    """Every key of an account in a region: which one is meant, a condition on its alias says."""
    return f"arn:{partition}:kms:{region}:{account}:key/*"


def _by_alias(alias: str) -> dict[str, dict[str, str]]:
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
