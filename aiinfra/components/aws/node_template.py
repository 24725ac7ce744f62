"""How machines of a cluster start: settings in the provider's words. Pure; ids are handed through."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

PODS: Final = 110
"""Pods a machine takes; the CNI gives it addresses sixteen at a time, so addresses are not what runs out."""


def _join(extra: str) -> str:
    """What a machine is told as it joins, in the form of AL2023's ``nodeadm``."""
    return f"""MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: {PODS}
{extra}
--//--
"""


_LOCAL_DISKS: Final = """  instance:
    localStorage:
      strategy: RAID0
"""
"""A machine's own disks become one, for the container runtime and ephemeral volumes."""


def launch(
    name: str, key: Any, groups: Sequence[Any], disk: int, tags: dict[str, str], *, local_disks: bool = False
) -> dict[str, Any]:
    """No public address, no SSH key, an encrypted disk, and metadata that pods cannot reach (IMDSv2, one hop).

    ``disk`` is in GiB, ``key`` the ARN of the key that encrypts it; ``local_disks``: make one of the machine's own.
    """
    named = {**tags, "Name": name}
    return {
        "update_default_version": True,
        "ebs_optimized": True,
        "metadata_options": {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        "monitoring": {"enabled": True},
        "block_device_mappings": [
            {
                "device_name": "/dev/xvda",
                "ebs": {
                    "encrypted": True,
                    "kms_key_id": key,
                    "volume_type": "gp3",
                    "volume_size": disk,
                    "delete_on_termination": True,
                },
            }
        ],
        "network_interfaces": [interface(0, "interface", groups)],
        "tag_specifications": [{"resource_type": kind, "tags": named} for kind in ("instance", "volume")],
        "user_data": b64encode(_join(_LOCAL_DISKS if local_disks else "").encode()).decode(),
    }


def interface(card: int, kind: str, groups: Sequence[Any]) -> dict[str, Any]:
    """One network interface; ``card`` counts the machine's network cards from 0."""
    return {
        "network_card_index": card,
        "device_index": 0 if card == 0 else 1,
        "interface_type": kind,
        "associate_public_ip_address": False,
        "delete_on_termination": True,
        "security_groups": list(groups),
    }
