"""Volumes, as plain Kubernetes objects. Pure; ids are handed through."""

from typing import Any

from aiinfra.catalogue.find import find_region
from aiinfra.components.aws.key_policy import alias_arn
from aiinfra.components.kubernetes.platform_specs import VolumesSpec
from aiinfra.units import DataSize


def disk_class(alias: str, account: str, region: str) -> dict[str, Any]:
    """gp3, encrypted with the key of disks, made where the pod is; kept by hand where it must outlive its claim."""
    key = alias_arn(alias, account, region, find_region(region).partition)
    return {
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": key, "csi.storage.k8s.io/fstype": "ext4"},
        "volume_binding_mode": "WaitForFirstConsumer",
        "allow_volume_expansion": True,
        "reclaim_policy": "Delete",
    }


def file_system(spec: VolumesSpec, size: DataSize, claim: str) -> dict[str, Any]:
    """The file system, bound to the one claim that may have it; a claim that goes takes nothing with it."""
    return {
        "capacity": {"storage": gibibytes(size)},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "volumeMode": "Filesystem",
        "mountOptions": ["flock"],
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": claim, "namespace": spec.namespace},
        "csi": {
            "driver": "fsx.csi.aws.com",
            "volumeHandle": spec.file_system,
            "volumeAttributes": {"dnsname": spec.dns_name, "mountname": spec.mount_name},
        },
    }


def claim(size: DataSize, volume: str) -> dict[str, Any]:
    """What pods of the namespace mount."""
    return {
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "volumeName": volume,
        "resources": {"requests": {"storage": gibibytes(size)}},
    }


def gibibytes(size: DataSize) -> str:
    """``4096Gi`` from ``4 TiB``; part of one counts as one."""
    return f"{-(-int(size.bytes) // 1024**3)}Gi"
