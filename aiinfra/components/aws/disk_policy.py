"""What the EBS driver may do, and how it is set. Pure."""

import json
from typing import Final

from aiinfra.components.aws.policy import allow, document
from aiinfra.components.aws.scaling import disks_key

SERVICE_ACCOUNT: Final = "ebs-csi-controller-sa"
"""The driver's own, in ``kube-system`` (EKS user guide, "Amazon EBS CSI driver")."""

_TAG: Final = "ebs.csi.aws.com/cluster"
"""The driver puts it on every disk it makes."""


def settings(cluster: str) -> str:
    """The driver's own settings: disks carry the name of the cluster, controllers stay on system machines."""
    controller = {"extraVolumeTags": {"aiinfra-cluster": cluster}, "nodeSelector": {"aiinfra.dev/nodes": "system"}}
    return json.dumps({"controller": controller}, sort_keys=True)


def driver_policy(cluster: str, account: str, region: str, partition: str, key_alias: str) -> str:
    """Make disks that carry the cluster's tag; attach, grow and delete those alone."""
    ec2 = f"arn:{partition}:ec2:{region}:{account}"
    disks, machines = f"{ec2}:volume/*", f"{ec2}:instance/*"
    asked = {"StringEquals": {f"aws:RequestTag/{_TAG}": "true", "aws:RequestTag/aiinfra-cluster": cluster}}
    there = {"StringEquals": {"aws:ResourceTag/aiinfra-cluster": cluster}}
    ours = {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{cluster}": "owned"}}
    look = (
        "AvailabilityZones",
        "Instances",
        "InstanceTypes",
        "Tags",
        "Volumes",
        "VolumesModifications",
        "VolumeStatus",
    )
    return document(
        allow("Look", [f"ec2:Describe{what}" for what in look], "*"),
        allow("Make", ("ec2:CreateVolume",), [disks], Condition=asked),
        allow("Tag", ("ec2:CreateTags",), [disks], Condition={"StringEquals": {"ec2:CreateAction": "CreateVolume"}}),
        allow("Change", ("ec2:DeleteVolume", "ec2:ModifyVolume"), [disks], Condition=there),
        allow("Attach", ("ec2:AttachVolume", "ec2:DetachVolume"), [disks], Condition=there),
        allow("AttachTo", ("ec2:AttachVolume", "ec2:DetachVolume"), [machines], Condition=ours),
        disks_key(account, region, partition, key_alias),
    )
