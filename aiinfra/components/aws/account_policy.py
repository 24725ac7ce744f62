"""Policies of what is made once an account: its keys, topics and roles. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiinfra.components.aws.key_policy import administer, use_through
from aiinfra.components.aws.policy import acting_for, allow, dns_suffix, document

ALARM_SENDERS: Final = (
    "budgets.amazonaws.com",
    "costalerts.amazonaws.com",
    "aps.amazonaws.com",
    "events.amazonaws.com",
)
"""AWS's services that send alarms to a topic."""

RECORDERS: Final = ("cloudtrail.amazonaws.com", "config.amazonaws.com")
"""AWS's services that write records."""

FEATURES: Final[Mapping[str, tuple[str, ...]]] = {
    "S3_DATA_EVENTS": (),
    "EKS_AUDIT_LOGS": (),
    "EBS_MALWARE_PROTECTION": (),
    "RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT",),
}
"""What GuardDuty watches beyond its basics, with what comes with each."""


def alarms_key(account: str, partition: str) -> str:
    """For a topic of alarms: used by AWS's services that send to it."""
    return document(administer(account, partition), *_use("UseForAlarms", ALARM_SENDERS, account, partition))


def topic_policy(topic: str, account: str, partition: str, senders: Sequence[str]) -> str:
    """Those services send to the topic, for this account; over TLS only."""
    sent = [
        allow(
            f"Send{index}",
            ("sns:Publish",),
            topic,
            Principal={"Service": sender},
            Condition=acting_for(sender, account, partition),
        )
        for index, sender in enumerate(senders)
    ]
    plain = {"Sid": "RefusePlainText", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
    return document(*sent, {**plain, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})


def records_key(account: str, region: str, partition: str, groups: Sequence[str]) -> str:
    """For records: AWS's recorders encrypt, log groups of these names too; roles read through S3."""
    arns = [f"arn:{partition}:logs:{region}:{account}:log-group:{group}" for group in groups]
    logs = allow(
        "UseForLogGroups",
        ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
        "*",
        Principal={"Service": f"logs.{region}.{dns_suffix(partition)}"},
        Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arns}},
    )
    return document(
        administer(account, partition),
        *_use("UseForRecords", RECORDERS, account, partition),
        use_through("s3", account, region, partition),
        logs,
    )


def _use(sid: str, services: Sequence[str], account: str, partition: str) -> list[dict[str, Any]]:
    return [
        allow(
            f"{sid}{index}",
            ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"),
            "*",
            Principal={"Service": service},
            Condition=acting_for(service, account, partition),
        )
        for index, service in enumerate(services)
    ]


def trail_trust() -> str:
    """Taken by the trail's service, which names no account as it takes a role."""
    statement = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return document({"Sid": "Trail", **statement})


def log_writer(group: str) -> str:
    """The trail writes streams of the log group of that ARN."""
    return document(allow("WriteTrail", ("logs:CreateLogStream", "logs:PutLogEvents"), [f"{group}:log-stream:*"]))


def config_writer(bucket: str, partition: str) -> str:
    """The recorder puts what it records into its bucket."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return document(
        allow("FindBucket", ("s3:GetBucketAcl", "s3:ListBucket"), [arn]),
        allow("Put", ("s3:PutObject",), [f"{arn}/*"]),
    )


def data_events() -> list[dict[str, Any]]:
    """What the trail records: every change, and who read or wrote which object."""
    everything = {"field": "eventCategory", "equals": ["Management"]}
    data = {"field": "eventCategory", "equals": ["Data"]}
    objects = {"field": "resources.type", "equals": ["AWS::S3::Object"]}
    return [
        {"name": "Every change", "field_selectors": [everything]},
        {"name": "Every object read or written", "field_selectors": [data, objects]},
    ]
