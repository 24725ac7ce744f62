"""The machines that serve: the AWS half. What schedules onto them lives inside the cluster."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.eks import find_cluster_version
from aiinfra.components.args import InferenceNodesArgs
from aiinfra.components.aws import accelerators, node_template
from aiinfra.components.aws.serving_specs import InferenceNodesSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import INFERENCE_NODES


class InferenceNodes(Component):
    """A managed node group over all zones; tainted for its accelerators, if it has any.

    Children: ``template``, ``nodes``.
    """

    group: pulumi.Output[str]
    """Name of the node group."""

    def __init__(self, name: str, args: InferenceNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(InferenceNodesSpec, name, args)
        super().__init__(INFERENCE_NODES, name, spec, opts)
        told = accelerators.to_serve(spec.instance)
        labels = spec.tags.as_labels()
        start = node_template.launch(name, spec.key, [spec.group], spec.disk, labels, local_disks=told.local_disks)
        template = self.child(aws.ec2.LaunchTemplate, "template", start)
        props = {
            "cluster_name": spec.cluster,
            "node_role_arn": spec.role,
            "subnet_ids": list(spec.subnets),
            "version": spec.version,
            "release_version": find_cluster_version(spec.version).image,
            "ami_type": told.image,
            "capacity_type": "ON_DEMAND",
            "instance_types": [spec.instance],
            "launch_template": {"id": template.id, "version": template.latest_version.apply(str)},
            # One machine more while another is replaced.
            "scaling_config": {"min_size": spec.count, "desired_size": spec.count, "max_size": spec.count + 1},
            "update_config": {"max_unavailable": 1},
            "node_repair_config": {"enabled": True},
            "labels": told.labels,
            "taints": told.taints,
        }
        nodes = self.child(aws.eks.NodeGroup, "nodes", props)

        self.group = nodes.node_group_name
        self.done({"group": self.group})
