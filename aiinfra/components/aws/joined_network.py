"""The training network where the VPC is there already: what closes it, and what it lacks."""

import pulumi

from aiinfra.components.args import JoinedNetworkArgs
from aiinfra.components.aws import joining
from aiinfra.components.aws.guarded import Guarded
from aiinfra.components.aws.network_specs import JoinedNetworkSpec
from aiinfra.components.component import parse_args
from aiinfra.tokens import JOINED_NETWORK


class JoinedNetwork(Guarded):
    """Security groups in a VPC that is there already, and those endpoints and records that it lacks.

    VPC, subnets, route tables and existing endpoints are used by id: nothing here makes, changes or deletes them, but
    for two things that are entered in them: the gateway to S3 in the route tables, and a rule in the security group of
    the existing endpoints that lets machines in.

    Children: the groups ``nodes``, ``control`` and, where an endpoint is made, ``endpoints``, with a rule for each side
    of each passage; ``endpoint-SERVICE`` for those that are not there; ``flow-...`` for each subnet and ``dns-...``,
    unless the VPC is recorded already.
    """

    def __init__(self, name: str, args: JoinedNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(JoinedNetworkSpec, name, args)
        super().__init__(JOINED_NETWORK, name, spec, opts)
        there = spec.existing
        groups = self.groups(joining.groups(spec), there.vpc)
        groups |= joining.given_groups(spec)
        self.passages(groups, joining.passages(spec))
        subnets = joining.subnets(spec)
        lacking = joining.lacking(spec)
        if lacking:
            self.interfaces(spec, lacking, there.vpc, subnets["services"], groups["endpoints"])
        prefixes = there.s3_prefixes or self.gateway(spec, there.vpc, there.routes)
        self.to_storage(groups, prefixes)
        self.openings(spec, groups["nodes"])
        if not there.recorded:
            self.flow_logs(spec, joining.recorded(spec))
            self.dns_log(spec, there.vpc)
        self.hand_out(there.vpc, subnets, groups)
