"""Machines that come and go with jobs: the half inside the cluster."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import MachinesArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import machine_objects
from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.platform_specs import MachinesSpec
from aiinfra.tokens import MACHINES


class Machines(Component):
    """What Karpenter starts and ends. Children: ``class`` (EC2NodeClass), ``pool`` (NodePool)."""

    pool: pulumi.Output[str]
    """Name of the pool."""

    def __init__(self, name: str, args: MachinesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(MachinesSpec, name, args)
        super().__init__(MACHINES, name, spec, opts)
        custom, called = kubernetes.apiextensions.CustomResource, "accelerators"
        meta = {"metadata": metadata(called, spec.tags)}
        how = self.child(custom, "class", {**meta, **machine_objects.node_class(spec)})
        self.child(custom, "pool", {**meta, **machine_objects.node_pool(spec, called)}, depends_on=[how])

        self.pool = pulumi.Output.from_input(called)
        self.done({"pool": self.pool})
