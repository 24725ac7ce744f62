"""The network of a cluster: private subnets, endpoints of AWS services, records of everything that passes."""

from typing import Final

import pulumi
import pulumi_aws as aws

from aiinfra.components.args import NetworkArgs
from aiinfra.components.aws.groups import from_sites, named, passages
from aiinfra.components.aws.guarded import Guarded
from aiinfra.components.aws.network_specs import NetworkSpec
from aiinfra.components.component import parse_args
from aiinfra.tokens import NETWORK

_IN_NAMES: Final = str.maketrans("./:", "---")


class Network(Guarded):
    """A VPC without a way to the internet: no gateway, no NAT, no public address.

    Children: ``vpc``, ``pod-range``, ``default-group`` (emptied), ``routes``; for each zone ``nodes-ZONE``,
    ``services-ZONE``, ``pods-ZONE`` and their ``...-route``, and ``services-ZONE`` alone for a zone that has a part
    of the control plane and nothing else; the groups ``nodes``, ``control`` and ``endpoints`` with a rule for each side
    of each passage; ``endpoint-SERVICE``; ``flow-...`` and ``dns-...`` for the records. With a transit gateway
    ``link``, and a ``link-RANGE`` for each range behind it; for machines that join from outside ``from-sites-...`` and
    ``to-sites-...``.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(NetworkSpec, name, args)
        super().__init__(NETWORK, name, spec, opts)
        addresses = {"cidr_block": str(spec.cidr), "enable_dns_support": True, "enable_dns_hostnames": True}
        vpc = self.child(aws.ec2.Vpc, "vpc", {**addresses, "tags": {"Name": name}})
        more = {"vpc_id": vpc.id, "cidr_block": str(spec.pods)}
        pod_range = self.child(aws.ec2.VpcIpv4CidrBlockAssociation, "pod-range", more)
        self.child(aws.ec2.DefaultSecurityGroup, "default-group", {"vpc_id": vpc.id, "ingress": [], "egress": []})
        routes = self.child(aws.ec2.RouteTable, "routes", {"vpc_id": vpc.id, "tags": {"Name": f"{name}-private"}})

        subnets: dict[str, list[pulumi.Output[str]]] = {"nodes": [], "services": [], "pods": [], "control": []}
        for place in spec.places:
            subnet = self._subnet(place.noun, place.zone, str(place.cidr), vpc.id, pod_range)
            joined = {"subnet_id": subnet, "route_table_id": routes.id}
            self.child(aws.ec2.RouteTableAssociation, f"{place.noun}-route", joined)
            for use in place.uses:
                subnets[use].append(subnet)

        groups = self.groups(named(runner=spec.runner), vpc.id)
        self.passages(groups, passages(queue=spec.queue, runner=spec.runner))
        self.interfaces(spec, spec.services, vpc.id, subnets["services"], groups["endpoints"])
        self.to_storage(groups, self.gateway(spec, vpc.id, [routes.id]))
        self.openings(spec, groups["nodes"])
        for opening in from_sites(spec.remote_nodes, spec.remote_pods):
            kind = aws.vpc.SecurityGroupIngressRule if opening.into else aws.vpc.SecurityGroupEgressRule
            self.child(kind, opening.name, {"security_group_id": groups[opening.group], **opening.rule})
        if spec.transit_gateway:
            self._link(spec, vpc.id, routes.id, subnets["services"])
        self.flow_logs(spec, {"flow-log": {"vpc_id": vpc.id}})
        self.dns_log(spec, vpc.id)
        self.hand_out(vpc.id, subnets, groups)

    def _link(
        self, spec: NetworkSpec, vpc: pulumi.Output[str], routes: pulumi.Output[str], subnets: list[pulumi.Output[str]]
    ) -> None:
        """The way to ranges outside, through a gateway that somebody else keeps."""
        gateway = {"tags": {"Name": f"{self._name}-link"}, "transit_gateway_id": spec.transit_gateway}
        link = self.child(
            aws.ec2transitgateway.VpcAttachment, "link", {**gateway, "vpc_id": vpc, "subnet_ids": subnets}
        )
        for block in spec.behind:
            family = "destination_cidr_block" if block.version == 4 else "destination_ipv6_cidr_block"
            way = {"route_table_id": routes, family: str(block), "transit_gateway_id": spec.transit_gateway}
            self.child(aws.ec2.Route, f"link-{str(block).translate(_IN_NAMES)}", way, depends_on=[link])

    def _subnet(
        self, noun: str, zone: str, cidr: str, vpc: pulumi.Output[str], pod_range: pulumi.Resource
    ) -> pulumi.Output[str]:
        props = {
            "vpc_id": vpc,
            "availability_zone_id": zone,
            "cidr_block": cidr,
            "map_public_ip_on_launch": False,
            "tags": {"Name": f"{self._name}-{noun}"},
        }
        return self.child(aws.ec2.Subnet, noun, props, depends_on=[pod_range]).id
