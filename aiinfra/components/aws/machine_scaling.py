"""The AWS half of machines that come and go."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import ScalingArgs
from aiinfra.components.aws import cluster_roles, scaling
from aiinfra.components.aws.cluster_specs import ScalingSpec
from aiinfra.components.aws.policy import dns_suffix, role_arn
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import SCALING


class Scaling(Component):
    """What Karpenter, which runs inside the cluster, needs outside of it.

    Children: ``role``, ``policy`` and ``binding`` of the controller, ``profile`` of the machines and, where they stand
    close together, their ``placement``; ``queue`` with its ``queue-policy``, and for each kind of event that ends a
    machine ``EVENT`` and ``EVENT-target``.
    """

    queue: pulumi.Output[str]
    """Name of the queue of interruptions."""

    def __init__(self, name: str, args: ScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ScalingSpec, name, args)
        super().__init__(SCALING, name, spec, opts)
        partition = find_region(spec.region).partition
        cluster = cluster_roles.cluster_arn(spec.cluster, spec.account, spec.region, partition)
        namespace, account = scaling.SERVICE_ACCOUNT
        called = role_name(name, spec.region)
        trust = cluster_roles.pod_trust(cluster, spec.account, namespace, account)
        role = self.child(
            aws.iam.Role, "role", {"name": called, "assume_role_policy": trust}, delete_before_replace=True
        )
        machines = role_arn(spec.role, spec.account, partition)
        text = scaling.controller_policy(
            spec.cluster, spec.account, spec.region, partition, role=machines, key_alias=spec.key_alias
        )
        self.child(aws.iam.RolePolicy, "policy", {"role": role.name, "policy": text})
        bound = {"cluster_name": spec.cluster, "namespace": namespace, "service_account": account}
        arn = role_arn(called, spec.account, partition)
        self.child(aws.eks.PodIdentityAssociation, "binding", {**bound, "role_arn": arn}, depends_on=[role])
        profile = {"name": scaling.profile_name(spec.training, spec.region), "role": spec.role}
        self.child(aws.iam.InstanceProfile, "profile", profile, delete_before_replace=True)
        if spec.placed:
            together = {"name": scaling.placement_name(spec.training), "strategy": "cluster"}
            self.child(aws.ec2.PlacementGroup, "placement", together, delete_before_replace=True)
        self.queue = self._queue(spec, partition)
        self.done({"queue": self.queue})

    def _queue(self, spec: ScalingSpec, partition: str) -> pulumi.Output[str]:
        called = scaling.queue_name(spec.cluster)
        place = f"{spec.region}:{spec.account}"
        arn, rules = f"arn:{partition}:sqs:{place}:{called}", f"arn:{partition}:events:{place}:rule/{self._name}-*"
        props = {"name": called, "message_retention_seconds": 300, "sqs_managed_sse_enabled": True}
        queue = self.child(aws.sqs.Queue, "queue", props, delete_before_replace=True)
        url = f"https://sqs.{spec.region}.{dns_suffix(partition)}/{spec.account}/{called}"
        policy = {"queue_url": url, "policy": scaling.queue_policy(arn, rules, spec.account)}
        self.child(aws.sqs.QueuePolicy, "queue-policy", policy, depends_on=[queue])
        for noun, (source, kind) in scaling.EVENTS.items():
            shape = {
                "name": f"{self._name}-{noun}",
                "description": kind,
                "event_pattern": scaling.pattern(source, kind),
            }
            rule = self.child(aws.cloudwatch.EventRule, noun, shape, delete_before_replace=True)
            self.child(
                aws.cloudwatch.EventTarget, f"{noun}-target", {"rule": rule.name, "arn": arn}, depends_on=[queue]
            )
        return queue.name
