"""Which AWS services a closed network reaches, and what may be asked of each. Pure.

There is no other way out, so these policies say everything that can leave: only principals of the account, only the
actions listed, and where AWS lets a condition say so, only resources of the account. Actions are those that the named
user makes, from its own documentation or source.
"""

from dataclasses import dataclass
from typing import Any, Final

from aiinfra.components.aws.policy import allow, document


@dataclass(frozen=True, slots=True)
class Service:
    """One service that can be reached."""

    actions: tuple[str, ...]
    """What may be asked."""
    who: str
    """Who asks."""
    foreign: bool = False
    """Whether resources of other accounts are among what is asked for."""
    always: bool = True
    """Whether every training network reaches it; else where something in it asks for it."""


SERVICES: Final[dict[str, Service]] = {
    "ec2": Service(
        (
            "ec2:AssignPrivateIpAddresses",
            "ec2:AttachNetworkInterface",
            "ec2:AttachVolume",
            "ec2:CreateNetworkInterface",
            "ec2:CreateTags",
            "ec2:CreateVolume",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteVolume",
            "ec2:Describe*",
            "ec2:DetachNetworkInterface",
            "ec2:DetachVolume",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:ModifyVolume",
            "ec2:UnassignPrivateIpAddresses",
        ),
        "nodes as they join, the VPC CNI, the EBS driver",
    ),
    "ecr.api": Service(
        (
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:DescribeImages",
            "ecr:GetAuthorizationToken",
            "ecr:GetDownloadUrlForLayer",
        ),
        "the kubelet; EKS's own images are in an account of AWS",
        foreign=True,
    ),
    "ecr.dkr": Service(
        ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        "containerd; EKS's own images are in an account of AWS",
        foreign=True,
    ),
    "eks": Service(("eks:DescribeCluster", "eks:ListClusters"), "nodes, and whoever writes a kubeconfig inside"),
    "eks-auth": Service(("eks-auth:AssumeRoleForPodIdentity",), "the Pod Identity agent"),
    "sts": Service(("sts:AssumeRole", "sts:GetCallerIdentity", "sts:TagSession"), "kubeconfigs, and roles of pods"),
    "logs": Service(("logs:CreateLogStream", "logs:PutLogEvents"), "a runner inside", always=False),
    "kms": Service(("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"), "its state", always=False),
    "sqs": Service(
        ("sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"), "Karpenter: machines about to end", always=False
    ),
    "ssm": Service(
        ("ssm:GetParameter",), "Karpenter: which image is meant; they are AWS's", foreign=True, always=False
    ),
}
"""Services with interface endpoints."""

ALWAYS: Final = tuple(name for name, service in SERVICES.items() if service.always)
"""Those that every training network reaches."""

STARTS_MACHINES: Final = (
    "ec2:CreateFleet",
    "ec2:CreateLaunchTemplate",
    "ec2:DeleteLaunchTemplate",
    "ec2:RunInstances",
    "ec2:TerminateInstances",
)
"""What Karpenter asks of EC2, beyond what others do; images are AWS's."""

STORAGE: Final = "s3"
"""The service with a gateway endpoint: no charge, and reached by route."""


def service_name(service: str, region: str) -> str:
    """What AWS calls the endpoint's service."""
    return f"com.amazonaws.{region}.{service}"


def services(*, scale_to_zero: bool, runner: bool) -> tuple[str, ...]:
    """What a training network reaches, by what is in it."""
    more = (*(("sqs", "ssm") if scale_to_zero else ()), *(("kms", "logs") if runner else ()))
    return tuple(name for name in SERVICES if name in (*ALWAYS, *more))


def to_serve(*, runner: bool) -> tuple[str, ...]:
    """What a network that serves reaches. ``sts`` is for a runner's kubeconfig: pods have roles by Pod Identity."""
    left_out = () if runner else ("sts",)
    return tuple(name for name in services(scale_to_zero=False, runner=runner) if name not in left_out)


def interface_policy(service: str, account: str, *, starts_machines: bool = False) -> str:
    """What may be asked of one service through its endpoint."""
    found = SERVICES[service]
    own = {"aws:PrincipalAccount": account}
    condition = own if found.foreign else {**own, "aws:ResourceAccount": account}
    # Some requests name no resource, so a condition on whose it is would refuse them.
    bare = [action for action in found.actions if action in _NO_RESOURCE]
    rest = [action for action in found.actions if action not in _NO_RESOURCE]
    statements = [_only("OwnAccount", rest, condition)]
    if bare:
        statements.append(_only("WithoutResource", bare, own))
    if starts_machines and service == "ec2":
        statements.append(_only("StartMachines", STARTS_MACHINES, own))
    return document(*statements)


_NO_RESOURCE: Final = frozenset(
    {"ec2:Describe*", "ecr:GetAuthorizationToken", "eks:ListClusters", "sts:GetCallerIdentity"}
)


def storage_policy(account: str, region: str, partition: str) -> str:
    """Objects of the account's own buckets, and the layers of images that ECR keeps in a bucket of AWS's, to read."""
    layers = f"arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*"
    own = {"aws:PrincipalAccount": account, "aws:ResourceAccount": account}
    actions = (
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    )
    # ECR signs the address of a layer with an identity of its own, so no condition on the principal can hold.
    return document(_only("OwnBuckets", actions, own), allow("ImageLayers", ["s3:GetObject"], [layers], Principal="*"))


def _only(sid: str, actions: list[str] | tuple[str, ...], condition: dict[str, str]) -> dict[str, Any]:
    return allow(sid, actions, "*", Principal={"AWS": "*"}, Condition={"StringEquals": condition})
