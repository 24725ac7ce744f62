"""The machines that train: the AWS half. What schedules onto them lives inside the cluster."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.eks import find_cluster_version
from aiinfra.components.args import AcceleratorNodesArgs
from aiinfra.components.aws import accelerators, node_template
from aiinfra.components.aws.cluster_specs import AcceleratorNodesSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import ACCELERATOR_NODES


class AcceleratorNodes(Component):
    """A managed node group in one zone, tainted for its accelerators, its machines close together.

    Children: ``template``, ``nodes``; ``placement`` where no reservation places them and there are several with EFA.
    """

    group: pulumi.Output[str]
    """Name of the node group."""

    def __init__(self, name: str, args: AcceleratorNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(AcceleratorNodesSpec, name, args)
        super().__init__(ACCELERATOR_NODES, name, spec, opts)
        instance = accelerators.accelerated(spec.instance)
        labels = spec.tags.as_labels()
        start = node_template.launch(name, spec.key, [spec.group], spec.disk, labels, local_disks=True)
        start |= {"network_interfaces": accelerators.interfaces(instance, [spec.group])}
        start |= accelerators.bought(spec.capacity)
        start |= {"instance_type": spec.instance} if spec.capacity.block else {}
        if accelerators.is_placed(spec.capacity, instance, spec.nodes):
            placement = self.child(aws.ec2.PlacementGroup, "placement", {"strategy": "cluster"})
            start |= {"placement": {"group_name": placement.name}}
        template = self.child(aws.ec2.LaunchTemplate, "template", start)
        props = {
            "cluster_name": spec.cluster,
            "node_role_arn": spec.role,
            "subnet_ids": [spec.subnet],
            "version": spec.version,
            "release_version": find_cluster_version(spec.version).image,
            "ami_type": accelerators.image(instance),
            "capacity_type": accelerators.capacity_type(spec.capacity),
            "launch_template": {"id": template.id, "version": template.latest_version.apply(str)},
            "scaling_config": {"min_size": 0, "desired_size": spec.nodes, "max_size": spec.nodes},
            "update_config": {"max_unavailable": 1},
            "node_repair_config": {"enabled": True},
            "labels": {"aiinfra.dev/nodes": "accelerators", "aiinfra.dev/accelerator": instance.accelerator or ""},
            "taints": [accelerators.taint(instance)],
            **({} if spec.capacity.block else {"instance_types": [spec.instance]}),
        }
        nodes = self.child(aws.eks.NodeGroup, "nodes", props)

        self.group = nodes.node_group_name
        self.done({"group": self.group})
