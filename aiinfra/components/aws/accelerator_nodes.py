"""The machines that train: the AWS half. What schedules onto them lives inside the cluster."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue import trainers
from aiinfra.catalogue.eks import find_cluster_version
from aiinfra.components.args import AcceleratorNodesArgs
from aiinfra.components.aws import accelerators, node_template
from aiinfra.components.aws.cluster_specs import AcceleratorNodesSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import ACCELERATOR_NODES


class AcceleratorNodes(Component):
    """A managed node group in one zone, tainted for its accelerators, its machines close together.

    Children: ``template``, ``nodes``; ``placement`` where no reservation places them and there are several with EFA;
    ``block`` (bought by ``up``), ``begin`` and ``end`` where a Capacity Block is bought.
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
        block = self._buy(spec, labels) if spec.capacity.offering else None
        start |= accelerators.bought(spec.capacity, spec.capacity.reservation if block is None else block.id)
        start |= {"instance_type": spec.instance} if spec.capacity.is_block else {}
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
            "ami_type": trainers.image(instance),
            "capacity_type": accelerators.capacity_type(spec.capacity),
            "launch_template": {"id": template.id, "version": template.latest_version.apply(str)},
            "scaling_config": accelerators.size(spec.capacity, spec.nodes),
            "update_config": {"max_unavailable": 1},
            "node_repair_config": {"enabled": True},
            "labels": {"aiinfra.dev/nodes": "accelerators", "aiinfra.dev/accelerator": instance.accelerator or ""},
            "taints": [accelerators.taint(instance)],
            **({} if spec.capacity.is_block else {"instance_types": [spec.instance]}),
        }
        kept = {"ignore_changes": ["scalingConfig.desiredSize"]} if block is not None else {}
        nodes = self.child(aws.eks.NodeGroup, "nodes", props, **kept)
        if block is not None:
            self._begin(spec, nodes, block)

        self.group = nodes.node_group_name
        self.done({"group": self.group})

    def _buy(self, spec: AcceleratorNodesSpec, labels: dict[str, str]) -> aws.ec2.CapacityBlockReservation:
        """The money is spent as this is made, and nothing gives it back."""
        offer = {
            "capacity_block_offering_id": spec.capacity.offering,
            "instance_platform": "Linux/UNIX",
            "tags": labels,
        }
        return self.child(
            aws.ec2.CapacityBlockReservation, "block", offer, protect=True, ignore_changes=["capacityBlockOfferingId"]
        )

    def _begin(
        self, spec: AcceleratorNodesSpec, nodes: aws.eks.NodeGroup, block: aws.ec2.CapacityBlockReservation
    ) -> None:
        """Machines start when the block does; AWS ends them with it, and the group then wants none."""
        group = nodes.resources[0].autoscaling_groups[0].name
        for noun, when, count in (("begin", block.start_date, spec.nodes), ("end", block.end_date, 0)):
            wanted = {"min_size": 0, "max_size": spec.nodes, "desired_capacity": count, "start_time": when}
            props = {"autoscaling_group_name": group, "scheduled_action_name": noun, **wanted}
            self.child(aws.autoscaling.Schedule, noun, props)
