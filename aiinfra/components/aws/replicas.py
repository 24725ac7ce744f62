"""Copies of buckets in another region."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import ReplicasArgs
from aiinfra.components.aws import copies, key_policy
from aiinfra.components.aws.closed_bucket import ClosedBucket
from aiinfra.components.aws.policy import assumed_by, role_arn
from aiinfra.components.aws.storage_specs import ReplicasSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import REPLICAS


class Replicas(Component):
    """What is put into some buckets is there a second time, in another region, as closed and encrypted as the first.

    Children: ``key`` and ``alias``, ``access-logs`` (:class:`ClosedBucket`); for each bucket ``NOUN``
    (:class:`ClosedBucket`), ``NOUN-role`` and ``NOUN-policy`` (S3 takes it), ``NOUN-rule``. Objects that were there
    before the rule are not copied.
    """

    buckets: pulumi.Output[dict[str, str]]
    """What for -> name of the copy."""

    def __init__(self, name: str, args: ReplicasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ReplicasSpec, name, args)
        super().__init__(REPLICAS, name, spec, opts)
        made = {
            "description": f"Encrypts the copies of {name}",
            "region": spec.region,
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": key_policy.data_key(spec.account, spec.region, find_region(spec.region).partition),
        }
        key = self.child(aws.kms.Key, "key", made, protect=True)
        alias = {"name": key_policy.key_alias(name, "key"), "target_key_id": key.key_id, "region": spec.region}
        self.child(aws.kms.Alias, "alias", alias, delete_before_replace=True)
        logs = self.part(ClosedBucket, copies.ACCESS_LOGS, copies.access_logs_of(spec, name))
        for noun in sorted(spec.sources):
            wanted = copies.copy_of(spec, name, noun, key.arn)
            copy = self.part(ClosedBucket, noun, wanted, depends_on=[logs])
            self._rule(spec, noun, key.arn, copy)

        self.buckets = pulumi.Output.from_input(
            {noun: copies.called(spec, name, noun) for noun in sorted(spec.sources)}
        )
        self.done({"buckets": self.buckets})

    def _rule(self, spec: ReplicasSpec, noun: str, key: pulumi.Output[str], copy: pulumi.Resource) -> None:
        partition, source = find_region(spec.region).partition, spec.sources[noun].bucket
        called = role_name(f"{self._name}-{noun}", spec.region)
        taken = assumed_by(copies.SERVICE, spec.account, f"arn:{partition}:s3:::{source}")
        trust = {"name": called, "assume_role_policy": taken}
        role = self.child(aws.iam.Role, f"{noun}-role", trust, delete_before_replace=True)
        text = copies.copier_policy(spec, self._name, noun, partition)
        may = self.child(aws.iam.RolePolicy, f"{noun}-policy", {"role": role.name, "policy": text})
        props = {
            "bucket": source,
            "role": role_arn(called, spec.account, partition),
            "rules": [copies.rule(copies.called(spec, self._name, noun), key, partition)],
        }
        after = {"depends_on": [may, copy], "delete_before_replace": True}
        self.child(aws.s3.BucketReplicationConfig, f"{noun}-rule", props, **after)
