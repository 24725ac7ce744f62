"""The network of a cluster: private subnets, endpoints of AWS services, records of everything that passes."""

from typing import Any, Final

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import NetworkArgs
from aiinfra.components.aws import endpoints, network_log
from aiinfra.components.aws.groups import (
    GROUPS,
    PASSAGES,
    QUEUE_PASSAGE,
    RUNNER,
    RUNNER_PASSAGES,
    Passage,
    described,
    from_sites,
)
from aiinfra.components.aws.policy import assumed_by, role_arn
from aiinfra.components.aws.training_specs import NetworkSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import NETWORK

_IN_NAMES: Final = str.maketrans("./:", "---")


class Network(Component):
    """A VPC without a way to the internet: no gateway, no NAT, no public address.

    Children: ``vpc``, ``pod-range``, ``default-group`` (emptied), ``routes``; for each zone ``nodes-ZONE``,
    ``services-ZONE``, ``pods-ZONE`` and their ``...-route``; the groups ``nodes``, ``control`` and ``endpoints`` with a
    rule for each side of each passage; ``endpoint-SERVICE``; ``flow-...`` and ``dns-...`` for the records. With a
    transit gateway ``link``, and a ``link-RANGE`` for each range behind it; for machines that join from outside
    ``from-sites-...`` and ``to-sites-...``.
    """

    vpc: pulumi.Output[str]
    """Id of the VPC."""
    node_subnets: pulumi.Output[list[str]]
    """Ids of the machines' subnets, in the order of the zones' ids."""
    service_subnets: pulumi.Output[list[str]]
    """Ids of the subnets for endpoints, control plane and file systems, in the same order."""
    pod_subnets: pulumi.Output[list[str]]
    """Ids of the pods' subnets, in the same order."""
    nodes_group: pulumi.Output[str]
    """Id of the machines' security group."""
    control_group: pulumi.Output[str]
    """Id of the control plane's security group."""
    runner_group: pulumi.Output[str]
    """Id of the security group of a runner inside; empty where there is none."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(NetworkSpec, name, args)
        super().__init__(NETWORK, name, spec, opts)
        addresses = {"cidr_block": str(spec.cidr), "enable_dns_support": True, "enable_dns_hostnames": True}
        vpc = self.child(aws.ec2.Vpc, "vpc", {**addresses, "tags": {"Name": name}})
        more = {"vpc_id": vpc.id, "cidr_block": str(spec.pods)}
        pod_range = self.child(aws.ec2.VpcIpv4CidrBlockAssociation, "pod-range", more)
        self.child(aws.ec2.DefaultSecurityGroup, "default-group", {"vpc_id": vpc.id, "ingress": [], "egress": []})
        routes = self.child(aws.ec2.RouteTable, "routes", {"vpc_id": vpc.id, "tags": {"Name": f"{name}-private"}})

        subnets: dict[str, list[aws.ec2.Subnet]] = {"nodes": [], "services": [], "pods": []}
        for zone in spec.ranges:
            for what, cidr in (("nodes", zone.nodes), ("services", zone.services), ("pods", zone.pods)):
                subnet = self._subnet(f"{what}-{zone.zone}", zone.zone, str(cidr), vpc.id, pod_range)
                joined = {"subnet_id": subnet.id, "route_table_id": routes.id}
                self.child(aws.ec2.RouteTableAssociation, f"{what}-{zone.zone}-route", joined)
                subnets[what].append(subnet)

        named = {**GROUPS, **({RUNNER: "A runner inside"} if spec.runner else {})}
        groups = {noun: self._group(noun, about, vpc.id) for noun, about in named.items()}
        queue = (QUEUE_PASSAGE,) if spec.queue else ()
        self._passages(groups, (*PASSAGES, *queue, *(RUNNER_PASSAGES if spec.runner else ())))
        self._endpoints(spec, vpc.id, routes.id, [one.id for one in subnets["services"]], groups)
        self._openings(spec, groups["nodes"].id)
        self._sites(spec, groups)
        if spec.transit_gateway:
            self._link(spec, vpc.id, routes.id, [one.id for one in subnets["services"]])
        self._flow_log(spec, vpc.id)
        self._dns_log(spec, vpc.id)

        self.vpc = vpc.id
        self.node_subnets = pulumi.Output.all(*[one.id for one in subnets["nodes"]])
        self.service_subnets = pulumi.Output.all(*[one.id for one in subnets["services"]])
        self.pod_subnets = pulumi.Output.all(*[one.id for one in subnets["pods"]])
        self.nodes_group = groups["nodes"].id
        self.control_group = groups["control"].id
        self.runner_group = groups[RUNNER].id if spec.runner else pulumi.Output.from_input("")
        self.done(
            {
                "vpc": self.vpc,
                "nodeSubnets": self.node_subnets,
                "serviceSubnets": self.service_subnets,
                "podSubnets": self.pod_subnets,
                "nodesGroup": self.nodes_group,
                "controlGroup": self.control_group,
                "runnerGroup": self.runner_group,
            }
        )

    def _subnet(
        self, noun: str, zone: str, cidr: str, vpc: pulumi.Output[str], pod_range: pulumi.Resource
    ) -> aws.ec2.Subnet:
        props = {
            "vpc_id": vpc,
            "availability_zone_id": zone,
            "cidr_block": cidr,
            "map_public_ip_on_launch": False,
            "tags": {"Name": f"{self._name}-{noun}"},
        }
        return self.child(aws.ec2.Subnet, noun, props, depends_on=[pod_range])

    def _group(self, noun: str, about: str, vpc: pulumi.Output[str]) -> aws.ec2.SecurityGroup:
        props = {"vpc_id": vpc, "description": about, "tags": {"Name": f"{self._name}-{noun}"}}
        return self.child(aws.ec2.SecurityGroup, noun, props)

    def _passages(self, groups: dict[str, aws.ec2.SecurityGroup], passages: tuple[Passage, ...]) -> None:
        for passage in passages:
            source, target = groups[passage.source].id, groups[passage.target].id
            out = {"security_group_id": source, "referenced_security_group_id": target, **passage.rule}
            into = {"security_group_id": target, "referenced_security_group_id": source, **passage.rule}
            self.child(aws.vpc.SecurityGroupEgressRule, f"{passage.name}-out", out)
            self.child(aws.vpc.SecurityGroupIngressRule, f"{passage.name}-in", into)

    def _endpoints(
        self,
        spec: NetworkSpec,
        vpc: pulumi.Output[str],
        routes: pulumi.Output[str],
        subnets: list[pulumi.Output[str]],
        groups: dict[str, aws.ec2.SecurityGroup],
    ) -> None:
        for service in spec.services:
            props = {
                "vpc_id": vpc,
                "vpc_endpoint_type": "Interface",
                "service_name": endpoints.service_name(service, spec.region),
                "private_dns_enabled": True,
                "subnet_ids": subnets,
                "security_group_ids": [groups["endpoints"].id],
                "policy": endpoints.interface_policy(service, spec.account, starts_machines=spec.starts_machines),
                "tags": {"Name": f"{self._name}-{service}"},
            }
            self.child(aws.ec2.VpcEndpoint, f"endpoint-{service.replace('.', '-')}", props)
        partition = find_region(spec.region).partition
        gateway = {
            "vpc_id": vpc,
            "vpc_endpoint_type": "Gateway",
            "service_name": endpoints.service_name(endpoints.STORAGE, spec.region),
            "route_table_ids": [routes],
            "policy": endpoints.storage_policy(spec.account, spec.region, partition),
            "tags": {"Name": f"{self._name}-{endpoints.STORAGE}"},
        }
        storage = self.child(aws.ec2.VpcEndpoint, "endpoint-s3", gateway)
        for who, about in (("nodes", "Machines and pods read and write"), (RUNNER, "A runner inside reads and writes")):
            if who in groups:
                rule = {
                    "security_group_id": groups[who].id,
                    "prefix_list_id": storage.prefix_list_id,
                    "ip_protocol": "tcp",
                    "from_port": 443,
                    "to_port": 443,
                    "description": f"{about} S3 through its gateway",
                }
                self.child(aws.vpc.SecurityGroupEgressRule, f"{who}-s3-out", rule)

    def _openings(self, spec: NetworkSpec, group: pulumi.Output[str]) -> None:
        for index, opening in enumerate(spec.egress):
            family = "cidr_ipv4" if opening.to.version == 4 else "cidr_ipv6"
            ports = {"ip_protocol": "tcp", "from_port": opening.port, "to_port": opening.port}
            rule = {"security_group_id": group, family: str(opening.to), "description": described(opening.why), **ports}
            self.child(aws.vpc.SecurityGroupEgressRule, f"opening-{index}", rule)

    def _sites(self, spec: NetworkSpec, groups: dict[str, aws.ec2.SecurityGroup]) -> None:
        """Machines of sites, and pods on them, by their ranges: they have no security group of this network."""
        for opening in from_sites(spec.remote_nodes, spec.remote_pods):
            kind = aws.vpc.SecurityGroupIngressRule if opening.into else aws.vpc.SecurityGroupEgressRule
            self.child(kind, opening.name, {"security_group_id": groups[opening.group].id, **opening.rule})

    def _link(
        self,
        spec: NetworkSpec,
        vpc: pulumi.Output[str],
        routes: pulumi.Output[str],
        subnets: list[pulumi.Output[str]],
    ) -> None:
        """The way to ranges outside, through a gateway that somebody else keeps."""
        link = {
            "transit_gateway_id": spec.transit_gateway,
            "vpc_id": vpc,
            "subnet_ids": subnets,
            "tags": {"Name": f"{self._name}-link"},
        }
        joined = self.child(aws.ec2transitgateway.VpcAttachment, "link", link)
        for block in spec.behind:
            family = "destination_cidr_block" if block.version == 4 else "destination_ipv6_cidr_block"
            way = {"route_table_id": routes, family: str(block), "transit_gateway_id": spec.transit_gateway}
            noun = f"link-{str(block).translate(_IN_NAMES)}"
            self.child(aws.ec2.Route, noun, way, depends_on=[joined])

    def _flow_log(self, spec: NetworkSpec, vpc: pulumi.Output[str]) -> None:
        arn, group = self._log_group("flow", spec)
        partition, called = find_region(spec.region).partition, role_name(f"{self._name}-flow", spec.region)
        source = f"arn:{partition}:ec2:{spec.region}:{spec.account}:vpc-flow-log/*"
        trust = assumed_by("vpc-flow-logs.amazonaws.com", spec.account, source)
        props = {"name": called, "assume_role_policy": trust}
        role = self.child(aws.iam.Role, "flow-role", props, delete_before_replace=True)
        write = self.child(
            aws.iam.RolePolicy, "flow-policy", {"role": role.name, "policy": network_log.flow_policy(arn)}
        )
        log: dict[str, Any] = {
            "vpc_id": vpc,
            "traffic_type": "ALL",
            "log_destination": arn,
            "log_format": network_log.FLOW_LOG_FORMAT,
            "iam_role_arn": role_arn(called, spec.account, partition),
        }
        self.child(aws.ec2.FlowLog, "flow-log", log, depends_on=[group, write])

    def _dns_log(self, spec: NetworkSpec, vpc: pulumi.Output[str]) -> None:
        arn, group = self._log_group("dns", spec)
        policy = {"policy_name": f"{self._name}-dns", "policy_document": network_log.delivery_policy(arn, spec.account)}
        write = self.child(aws.cloudwatch.LogResourcePolicy, "dns-policy", policy, delete_before_replace=True)
        log = self.child(
            aws.route53.ResolverQueryLogConfig, "dns-log", {"destination_arn": arn}, depends_on=[group, write]
        )
        joined = {"resolver_query_log_config_id": log.id, "resource_id": vpc}
        self.child(aws.route53.ResolverQueryLogConfigAssociation, "dns-log-vpc", joined)

    def _log_group(self, what: str, spec: NetworkSpec) -> tuple[str, aws.cloudwatch.LogGroup]:
        called = network_log.group_name(self._name, what)
        props = {"name": called, "kms_key_id": spec.logs_key, "retention_in_days": spec.keep_logs}
        group = self.child(aws.cloudwatch.LogGroup, f"{what}-records", props, protect=True)
        partition = find_region(spec.region).partition
        return network_log.group_arn(called, spec.account, spec.region, partition), group
