"""The keys of a training cluster."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import KeysArgs
from aiinfra.components.aws import key_policy
from aiinfra.components.aws.training_specs import KeysSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import KEYS


class Keys(Component):
    """One customer-managed key for each kind of data, rotated every year, each usable in one way.

    Children: ``logs``, ``data`` where it is wanted, ``cluster``, ``volumes``, and for each its ``...-alias``. Policies
    of roles name a key by its alias, which is known before the key is.
    """

    logs: pulumi.Output[str]
    """ARN of the key of log groups."""
    data: pulumi.Output[str]
    """ARN of the key of buckets and file systems; empty where there are none."""
    cluster: pulumi.Output[str]
    """ARN of the key of what the cluster keeps."""
    volumes: pulumi.Output[str]
    """ARN of the key of nodes' disks."""

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(KeysSpec, name, args)
        super().__init__(KEYS, name, spec, opts)
        account, region, partition = spec.account, spec.region, find_region(spec.region).partition
        groups = key_policy.logs_key(account, region, partition, spec.log_groups)
        self.logs = self._key("logs", "Encrypts log groups", groups)
        self.data = pulumi.Output.from_input("")
        if spec.data:
            stored = key_policy.data_key(account, region, partition)
            self.data = self._key("data", "Encrypts buckets and file systems", stored)
        kept = key_policy.cluster_key(account, partition, spec.cluster_role)
        self.cluster = self._key("cluster", "Encrypts what the cluster keeps", kept)
        disks = key_policy.volumes_key(account, region, partition)
        self.volumes = self._key("volumes", "Encrypts disks of nodes", disks)
        self.done({"logs": self.logs, "data": self.data, "cluster": self.cluster, "volumes": self.volumes})

    def _key(self, noun: str, about: str, policy: str) -> pulumi.Output[str]:
        props = {"description": about, "enable_key_rotation": True, "deletion_window_in_days": 30, "policy": policy}
        key = self.child(aws.kms.Key, noun, props, protect=True)
        alias = {"name": key_policy.key_alias(self._name, noun), "target_key_id": key.key_id}
        self.child(aws.kms.Alias, f"{noun}-alias", alias, delete_before_replace=True)
        return key.arn
