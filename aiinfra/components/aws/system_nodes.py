"""The machines that a cluster's own services run on, and those services."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.eks import find_cluster_version
from aiinfra.catalogue.find import find_region
from aiinfra.components.args import SystemNodesArgs
from aiinfra.components.aws import cluster_roles, cluster_settings, node_template
from aiinfra.components.aws.cluster_specs import SystemNodesSpec
from aiinfra.components.aws.policy import role_arn
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import SYSTEM_NODES


class SystemNodes(Component):
    """A managed node group: patched by release, replaced one at a time, repaired when unhealthy.

    Children: ``role`` and ``role-policy``, ``template``, ``nodes``; the add-ons that need machines: ``dns``,
    ``metrics``, ``health``.
    """

    role_arn: pulumi.Output[str]
    """ARN of the machines' role."""

    def __init__(self, name: str, args: SystemNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(SystemNodesSpec, name, args)
        super().__init__(SYSTEM_NODES, name, spec, opts)
        partition, version = find_region(spec.region).partition, find_cluster_version(spec.version)
        called = role_name(name, spec.region)
        trust = {"name": called, "assume_role_policy": cluster_roles.machine_trust()}
        role = self.child(aws.iam.Role, "role", trust, delete_before_replace=True)
        arn = cluster_roles.cluster_arn(spec.cluster, spec.account, spec.region, partition)
        text = cluster_roles.node_policy(arn, spec.region, partition)
        may = self.child(aws.iam.RolePolicy, "role-policy", {"role": role.name, "policy": text})
        start = node_template.launch(name, spec.key, [spec.group], spec.disk, spec.tags.as_labels())
        template = self.child(aws.ec2.LaunchTemplate, "template", start)
        props = {
            "cluster_name": spec.cluster,
            "node_role_arn": role_arn(called, spec.account, partition),
            "subnet_ids": list(spec.subnets),
            "version": spec.version,
            "release_version": version.image,
            "ami_type": "AL2023_x86_64_STANDARD",
            "capacity_type": "ON_DEMAND",
            "instance_types": [spec.instance],
            "launch_template": {"id": template.id, "version": template.latest_version.apply(str)},
            "scaling_config": {"min_size": spec.nodes, "desired_size": spec.nodes, "max_size": spec.nodes + 1},
            "update_config": {"max_unavailable": 1},
            "node_repair_config": {"enabled": True},
            "labels": {"aiinfra.dev/nodes": "system"},
        }
        nodes = self.child(aws.eks.NodeGroup, "nodes", props, depends_on=[may])
        services = (("dns", "coredns"), ("metrics", "metrics-server"), ("health", "eks-node-monitoring-agent"))
        for noun, addon in services:
            on = {"cluster_name": spec.cluster, **cluster_settings.addon(addon, version)}
            self.child(aws.eks.Addon, noun, on, depends_on=[nodes])

        self.role_arn = role.arn
        self.done({"roleArn": self.role_arn})
