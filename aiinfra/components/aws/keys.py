"""The keys of a cluster."""

from typing import Final

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import KeysArgs
from aiinfra.components.aws import key_policy
from aiinfra.components.aws.training_specs import KeysSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import KEYS

_ABOUT: Final = {
    "logs": "Encrypts log groups",
    "data": "Encrypts buckets and file systems",
    "cluster": "Encrypts what the cluster keeps",
    "volumes": "Encrypts disks of nodes",
}


class Keys(Component):
    """One customer-managed key for each kind of data, rotated every year, each usable in one way.

    Children, but for keys that are there already or that nothing needs: ``logs``, ``data``, ``cluster``, ``volumes``,
    and for each its ``...-alias``. Policies of roles name a key by its alias, which is known before the key is.
    """

    logs: pulumi.Output[str]
    """ARN of the key of log groups; empty where there are none."""
    data: pulumi.Output[str]
    """ARN of the key of buckets and file systems; empty where there are none."""
    cluster: pulumi.Output[str]
    """ARN of the key of what the cluster keeps; empty where the cluster is there already."""
    volumes: pulumi.Output[str]
    """ARN of the key of nodes' disks."""

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(KeysSpec, name, args)
        super().__init__(KEYS, name, spec, opts)
        account, region, partition = spec.account, spec.region, find_region(spec.region).partition
        made = {
            "logs": key_policy.logs_key(account, region, partition, spec.log_groups) if spec.log_groups else "",
            "data": key_policy.data_key(account, region, partition) if spec.data else "",
            "cluster": key_policy.cluster_key(account, partition, spec.cluster_role) if spec.cluster_role else "",
            "volumes": key_policy.volumes_key(account, region, partition),
        }
        keys = {noun: self._key(noun, policy, spec.existing.named.get(noun, "")) for noun, policy in made.items()}
        self.logs, self.data, self.cluster, self.volumes = (keys[noun] for noun in made)
        self.done({"logs": self.logs, "data": self.data, "cluster": self.cluster, "volumes": self.volumes})

    def _key(self, noun: str, policy: str, existing: str) -> pulumi.Output[str]:
        """The key's ARN: that of one that is there, or that of one that is made; empty where nothing needs it."""
        if existing or not policy:
            return pulumi.Output.from_input(existing)
        props = {
            "description": _ABOUT[noun],
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": policy,
        }
        key = self.child(aws.kms.Key, noun, props, protect=True)
        alias = {"name": key_policy.key_alias(self._name, noun), "target_key_id": key.key_id}
        self.child(aws.kms.Alias, f"{noun}-alias", alias, delete_before_replace=True)
        return key.arn
