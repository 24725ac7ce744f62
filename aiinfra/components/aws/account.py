"""What is made once an account, and watches over all that is in it."""

from typing import Any

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import AccountArgs
from aiinfra.components.aws import account_parts as parts
from aiinfra.components.aws import account_policy
from aiinfra.components.aws.account_specs import AccountSpec
from aiinfra.components.aws.alarms import Alarms
from aiinfra.components.aws.closed_bucket import ClosedBucket
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.aws.network_log import group_arn
from aiinfra.components.aws.policy import assumed_by, role_arn
from aiinfra.components.aws.spending import Spending
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import ACCOUNT


class Account(Component):
    """Records of everything that is done, of every resource and every threat, and alarms of money.

    Children: ``alarms`` (:class:`Alarms`), ``key`` and ``alias``, the buckets ``access-logs``, ``trail-records`` and
    ``config-records`` (:class:`ClosedBucket`), ``trail-...``, ``config-...``, ``detector`` with its features, and
    ``spending`` (:class:`Spending`).
    """

    topic: pulumi.Output[str]
    """ARN of the topic that alarms go to."""
    records: pulumi.Output[str]
    """Name of the bucket of the trail."""

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(AccountSpec, name, args)
        super().__init__(ACCOUNT, name, spec, opts)
        alarms = self.part(Alarms, "alarms", parts.alarms_of(spec))
        key, named = self._key(spec)
        logs = self.part(ClosedBucket, "access-logs", parts.access_logs_of(spec, name))
        after = {"depends_on": [logs]}
        trail = self.part(ClosedBucket, "trail-records", parts.trail_records_of(spec, name, key), **after)
        config = self.part(ClosedBucket, "config-records", parts.config_records_of(spec, name, key), **after)
        self._trail(spec, key, trail, named)
        self._config(spec, key, config)
        self._detector(spec)
        self.part(Spending, "spending", parts.spending_of(spec, alarms.topic), depends_on=[alarms])

        self.topic, self.records = alarms.topic, trail.bucket
        self.done({"topic": self.topic, "records": self.records})

    def _key(self, spec: AccountSpec) -> tuple[pulumi.Output[str], pulumi.Resource]:
        partition = find_region(spec.region).partition
        groups = [parts.log_group(self._name)]
        made = {
            "description": f"Encrypts the account's records: {self._name}",
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": account_policy.records_key(spec.account, spec.region, partition, groups),
        }
        key = self.child(aws.kms.Key, "key", made, protect=True)
        alias = {"name": key_alias(self._name, "key"), "target_key_id": key.key_id}
        return key.arn, self.child(aws.kms.Alias, "alias", alias, delete_before_replace=True)

    def _role(self, noun: str, spec: AccountSpec, trusted: str, policy: str) -> tuple[str, list[pulumi.Resource]]:
        called = role_name(f"{self._name}-{noun}", spec.region)
        trust = {"name": called, "assume_role_policy": trusted}
        role = self.child(aws.iam.Role, f"{noun}-role", trust, delete_before_replace=True)
        may = self.child(aws.iam.RolePolicy, f"{noun}-policy", {"role": role.name, "policy": policy})
        return role_arn(called, spec.account, find_region(spec.region).partition), [role, may]

    def _trail(self, spec: AccountSpec, key: pulumi.Output[str], bucket: ClosedBucket, named: pulumi.Resource) -> None:
        partition = find_region(spec.region).partition
        called = parts.log_group(self._name)
        kept = {"name": called, "kms_key_id": key, "retention_in_days": spec.keep_records}
        group = self.child(aws.cloudwatch.LogGroup, "trail-log", kept, protect=True)
        arn = group_arn(called, spec.account, spec.region, partition)
        role, ready = self._role("trail", spec, account_policy.trail_trust(), account_policy.log_writer(arn))
        noun = f"{self._name}-deliveries"
        topic_arn = f"arn:{partition}:sns:{spec.region}:{spec.account}:{noun}"
        topic = {"name": noun, "kms_master_key_id": key_alias(self._name, "key")}
        told = self.child(aws.sns.Topic, "trail-deliveries", topic, delete_before_replace=True, depends_on=[named])
        text = account_policy.topic_policy(topic_arn, spec.account, partition, ["cloudtrail.amazonaws.com"])
        policy = {"arn": topic_arn, "policy": text}
        may = self.child(aws.sns.TopicPolicy, "trail-deliveries-policy", policy, depends_on=[told])
        props: dict[str, Any] = {
            "name": self._name,
            "s3_bucket_name": bucket.bucket,
            "is_multi_region_trail": True,
            "include_global_service_events": True,
            "enable_log_file_validation": True,
            "enable_logging": True,
            "kms_key_id": key,
            "sns_topic_name": noun,
            "cloud_watch_logs_group_arn": group.arn.apply(lambda made: f"{made}:*"),
            "cloud_watch_logs_role_arn": role,
            "advanced_event_selectors": account_policy.data_events(),
        }
        first = [bucket, group, may, *ready]
        self.child(aws.cloudtrail.Trail, "trail", props, protect=True, delete_before_replace=True, depends_on=first)

    def _config(self, spec: AccountSpec, key: pulumi.Output[str], bucket: ClosedBucket) -> None:
        partition = find_region(spec.region).partition
        called = parts.config_records_of(spec, self._name, key).called(f"{self._name}-config-records")
        policy = account_policy.config_writer(called, partition)
        role, ready = self._role("config", spec, assumed_by("config.amazonaws.com", spec.account), policy)
        managed = {
            "role": role_name(f"{self._name}-config", spec.region),
            "policy_arn": f"arn:{partition}:iam::aws:policy/service-role/AWS_ConfigRole",
        }
        reads = self.child(aws.iam.RolePolicyAttachment, "config-reads", managed, depends_on=ready)
        everything = {"all_supported": True, "include_global_resource_types": True}
        recorder = {"name": "default", "role_arn": role, "recording_group": everything}
        # One of each a region, with these names: what takes their place waits until they are gone.
        once = {"delete_before_replace": True}
        made = self.child(aws.cfg.Recorder, "config-recorder", recorder, depends_on=[reads], **once)
        delivered = {"name": "default", "s3_bucket_name": bucket.bucket, "s3_kms_key_arn": key}
        channel = self.child(aws.cfg.DeliveryChannel, "config-channel", delivered, depends_on=[made, bucket], **once)
        on = {"name": made.name, "is_enabled": True}
        self.child(aws.cfg.RecorderStatus, "config-on", on, depends_on=[channel])

    def _detector(self, spec: AccountSpec) -> None:
        often = {"enable": True, "finding_publishing_frequency": "FIFTEEN_MINUTES"}
        detector = self.child(aws.guardduty.Detector, "detector", often)
        for feature, more in account_policy.FEATURES.items():
            props = {
                "detector_id": detector.id,
                "name": feature,
                "status": "ENABLED",
                "additional_configurations": [{"name": one, "status": "ENABLED"} for one in more],
            }
            noun = f"detector-{feature.lower().replace('_', '-')}"
            self.child(aws.guardduty.DetectorFeature, noun, props)
        if spec.guard.organization:
            everybody = {"detector_id": detector.id, "auto_enable_organization_members": "ALL"}
            self.child(aws.guardduty.OrganizationConfiguration, "detector-members", everybody)
