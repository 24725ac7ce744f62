"""The AWS side of a cluster that serves, composed."""

import pulumi

from aiinfra.components.args import ServingArgs
from aiinfra.components.aws import serving_parts as parts
from aiinfra.components.aws.cluster import Cluster
from aiinfra.components.aws.disks import Disks
from aiinfra.components.aws.hybrid_nodes import HybridNodes
from aiinfra.components.aws.inference_nodes import InferenceNodes
from aiinfra.components.aws.keys import Keys
from aiinfra.components.aws.network import Network
from aiinfra.components.aws.runner import Runner
from aiinfra.components.aws.serving_specs import ServingSpec
from aiinfra.components.aws.system_nodes import SystemNodes
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import SERVING


class Serving(Component):
    """A closed cluster that sites serve from.

    Children: ``keys`` (:class:`Keys`), ``network`` (:class:`Network`), ``cluster`` (:class:`Cluster`), ``system``
    (:class:`SystemNodes`), for each instance type ``machines-TYPE`` (:class:`InferenceNodes`); where pods get disks
    ``disks`` (:class:`Disks`); where machines join from outside ``hybrid`` (:class:`HybridNodes`); where something
    runs inside ``runner`` (:class:`Runner`).
    """

    vpc: pulumi.Output[str]
    """Id of the network."""
    cluster: pulumi.Output[str]
    """Name of the cluster."""
    cluster_arn: pulumi.Output[str]
    """ARN of the cluster."""
    endpoint: pulumi.Output[str]
    """Address of the cluster's API."""
    certificate_authority: pulumi.Output[str]
    """Certificate that the API is known by, PEM in base 64."""
    hybrid: pulumi.Output[dict[str, str]]
    """``trustAnchor``, ``profile`` and ``role``: what the file of a machine that joins names; empty where none may."""

    def __init__(self, name: str, args: ServingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ServingSpec, name, args)
        super().__init__(SERVING, name, spec, opts)
        keys = self.part(Keys, "keys", parts.keys_of(spec, name))
        network = self.part(Network, "network", parts.network_of(spec, keys.logs))
        zones = range(len(spec.zones))
        wanted = parts.cluster_of(
            spec,
            name,
            subnets=tuple(network.control_subnets[index] for index in range(len(zones) + bool(spec.control_zone))),
            group=network.control_group,
            pod_subnets=tuple(network.pod_subnets[zone] for zone in zones),
            nodes_group=network.nodes_group,
            key=keys.cluster,
            logs_key=keys.logs,
        )
        cluster = self.part(Cluster, "cluster", wanted, depends_on=[network])
        subnets = tuple(network.node_subnets[zone] for zone in zones)
        place = {"subnets": subnets, "group": network.nodes_group, "key": keys.volumes}
        system = self.part(SystemNodes, "system", parts.system_nodes_of(spec, name, **place), depends_on=[cluster])
        for group in spec.machines:
            noun = f"machines-{group.instance.replace('.', '-')}"
            machines = parts.inference_nodes_of(spec, name, group, **place)
            self.part(InferenceNodes, noun, machines, depends_on=[cluster, system])
        if spec.disks:
            self.part(Disks, "disks", parts.disks_of(spec, name), depends_on=[system])
        self.hybrid = pulumi.Output.from_input({})
        if spec.authority:
            joining = self.part(HybridNodes, "hybrid", parts.hybrid_nodes_of(spec, name), depends_on=[cluster])
            self.hybrid = pulumi.Output.all(
                trustAnchor=joining.trust_anchor, profile=joining.profile, role=joining.role_arn
            )
        inside = {"vpc": network.vpc, "subnets": subnets, "group": network.runner_group}
        more = {"projects": spec.projects, "key": keys.data, "logs_key": keys.logs}
        runner = spec.runner(parts.cluster_called(name), **inside, **more)
        if runner is not None:
            self.part(Runner, "runner", runner, depends_on=[cluster])

        self.vpc = network.vpc
        self.cluster, self.cluster_arn = cluster.name, cluster.arn
        self.endpoint, self.certificate_authority = cluster.endpoint, cluster.certificate_authority
        self.done(
            {
                "vpc": self.vpc,
                "cluster": self.cluster,
                "clusterArn": self.cluster_arn,
                "endpoint": self.endpoint,
                "certificateAuthority": self.certificate_authority,
                "hybrid": self.hybrid,
            }
        )
