"""Where alarms go."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import AlarmsArgs
from aiinfra.components.aws import account_policy
from aiinfra.components.aws.account_specs import AlarmsSpec
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import ALARMS


class Alarms(Component):
    """An encrypted topic that AWS's services send to.

    Children: ``key``, ``alias``, ``topic``, ``policy``, ``mail-N``.
    """

    topic: pulumi.Output[str]
    """ARN of the topic, known before it is made."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(AlarmsSpec, name, args)
        super().__init__(ALARMS, name, spec, opts)
        partition = find_region(spec.region).partition
        made = {
            "description": f"Encrypts alarms: {name}",
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": account_policy.alarms_key(spec.account, partition),
        }
        key = self.child(aws.kms.Key, "key", made)
        alias = {"name": key_alias(name, "key"), "target_key_id": key.key_id}
        named = self.child(aws.kms.Alias, "alias", alias, delete_before_replace=True)
        arn = f"arn:{partition}:sns:{spec.region}:{spec.account}:{name}"
        topic = self.child(
            aws.sns.Topic,
            "topic",
            {"name": name, "kms_master_key_id": key_alias(name, "key")},
            delete_before_replace=True,
            depends_on=[named],
        )
        text = account_policy.topic_policy(arn, spec.account, partition, account_policy.ALARM_SENDERS)
        policy = self.child(aws.sns.TopicPolicy, "policy", {"arn": arn, "policy": text}, depends_on=[topic])
        for index, mail in enumerate(spec.mails):
            props = {"topic": arn, "protocol": "email", "endpoint": mail}
            self.child(aws.sns.TopicSubscription, f"mail-{index}", props, depends_on=[policy])

        self.topic = pulumi.Output.from_input(arn)
        self.done({"topic": self.topic})
