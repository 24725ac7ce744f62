"""What guards a network, ours or one that is there already: groups, passages, endpoints, records."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.aws import endpoints, network_log
from aiinfra.components.aws.groups import RUNNER, Passage, described
from aiinfra.components.aws.network_specs import GuardedSpec
from aiinfra.components.aws.policy import assumed_by, role_arn
from aiinfra.components.component import Component
from aiinfra.components.spec import Given
from aiinfra.names import role_name


class Guarded(Component):
    """Base of the components that hand out a network."""

    vpc: pulumi.Output[str]
    """Id of the VPC."""
    node_subnets: pulumi.Output[list[str]]
    """Ids of the machines' subnets, in the order of the zones' ids."""
    service_subnets: pulumi.Output[list[str]]
    """Ids of the subnets for endpoints and file systems, in the same order."""
    pod_subnets: pulumi.Output[list[str]]
    """Ids of the pods' subnets, in the same order."""
    control_subnets: pulumi.Output[list[str]]
    """Ids of the control plane's subnets: those for endpoints, and that of the zone that has nothing else."""
    nodes_group: pulumi.Output[str]
    """Id of the machines' security group."""
    control_group: pulumi.Output[str]
    """Id of the control plane's security group."""
    runner_group: pulumi.Output[str]
    """Id of the security group of a runner inside; empty where there is none."""

    def hand_out(self, vpc: Given, subnets: Mapping[str, Sequence[Given]], groups: Mapping[str, Given]) -> None:
        """Close the component: its outputs are the network's ids."""
        self.vpc = pulumi.Output.from_input(vpc)
        self.node_subnets = pulumi.Output.all(*subnets["nodes"])
        self.service_subnets = pulumi.Output.all(*subnets["services"])
        self.pod_subnets = pulumi.Output.all(*subnets["pods"])
        self.control_subnets = pulumi.Output.all(*subnets["control"])
        self.nodes_group = pulumi.Output.from_input(groups["nodes"])
        self.control_group = pulumi.Output.from_input(groups["control"])
        self.runner_group = pulumi.Output.from_input(groups.get(RUNNER, ""))
        self.done(
            {
                "vpc": self.vpc,
                "nodeSubnets": self.node_subnets,
                "serviceSubnets": self.service_subnets,
                "podSubnets": self.pod_subnets,
                "controlSubnets": self.control_subnets,
                "nodesGroup": self.nodes_group,
                "controlGroup": self.control_group,
                "runnerGroup": self.runner_group,
            }
        )

    def groups(self, named: Mapping[str, str], vpc: Given) -> dict[str, Given]:
        """Noun -> id of a security group that is made; ``named`` says what each is for."""
        found: dict[str, Given] = {}
        for noun, about in named.items():
            props = {"vpc_id": vpc, "description": about, "tags": {"Name": f"{self._name}-{noun}"}}
            found[noun] = self.child(aws.ec2.SecurityGroup, noun, props).id
        return found

    def passages(self, groups: Mapping[str, Given], passages: Sequence[Passage]) -> None:
        """Both rules of each passage."""
        for passage in passages:
            source, target = groups[passage.source], groups[passage.target]
            out = {"security_group_id": source, "referenced_security_group_id": target, **passage.rule}
            into = {"security_group_id": target, "referenced_security_group_id": source, **passage.rule}
            self.child(aws.vpc.SecurityGroupEgressRule, f"{passage.name}-out", out)
            self.child(aws.vpc.SecurityGroupIngressRule, f"{passage.name}-in", into)

    def interfaces(
        self, spec: GuardedSpec, services: Sequence[str], vpc: Given, subnets: Sequence[Given], group: Given
    ) -> None:
        """An endpoint for each service, with its policy."""
        for service in services:
            props = {
                "vpc_id": vpc,
                "vpc_endpoint_type": "Interface",
                "service_name": endpoints.service_name(service, spec.region),
                "private_dns_enabled": True,
                "subnet_ids": list(subnets),
                "security_group_ids": [group],
                "policy": endpoints.interface_policy(service, spec.account, starts_machines=spec.starts_machines),
                "tags": {"Name": f"{self._name}-{service}"},
            }
            self.child(aws.ec2.VpcEndpoint, f"endpoint-{service.replace('.', '-')}", props)

    def gateway(self, spec: GuardedSpec, vpc: Given, routes: Sequence[Given]) -> Given:
        """The endpoint of S3, entered in ``routes``; its prefix list."""
        partition = find_region(spec.region).partition
        props = {
            "vpc_id": vpc,
            "vpc_endpoint_type": "Gateway",
            "service_name": endpoints.service_name(endpoints.STORAGE, spec.region),
            "route_table_ids": list(routes),
            "policy": endpoints.storage_policy(spec.account, spec.region, partition),
            "tags": {"Name": f"{self._name}-{endpoints.STORAGE}"},
        }
        return self.child(aws.ec2.VpcEndpoint, "endpoint-s3", props).prefix_list_id

    def to_storage(self, groups: Mapping[str, Given], prefixes: Given) -> None:
        """Machines, and a runner inside, get out to S3's addresses."""
        for who, about in (("nodes", "Machines and pods read and write"), (RUNNER, "A runner inside reads and writes")):
            if who in groups:
                rule = {
                    "security_group_id": groups[who],
                    "prefix_list_id": prefixes,
                    "ip_protocol": "tcp",
                    "from_port": 443,
                    "to_port": 443,
                    "description": f"{about} S3 through its gateway",
                }
                self.child(aws.vpc.SecurityGroupEgressRule, f"{who}-s3-out", rule)

    def openings(self, spec: GuardedSpec, group: Given) -> None:
        """The ways out that are declared."""
        for index, opening in enumerate(spec.egress):
            family = "cidr_ipv4" if opening.to.version == 4 else "cidr_ipv6"
            ports = {"ip_protocol": "tcp", "from_port": opening.port, "to_port": opening.port}
            rule = {"security_group_id": group, family: str(opening.to), "description": described(opening.why), **ports}
            self.child(aws.vpc.SecurityGroupEgressRule, f"opening-{index}", rule)

    def flow_logs(self, spec: GuardedSpec, of: Mapping[str, Mapping[str, Given]]) -> None:
        """Records of what passes: noun -> what is recorded, a VPC or a subnet."""
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
            "traffic_type": "ALL",
            "log_destination": arn,
            "log_format": network_log.FLOW_LOG_FORMAT,
            "iam_role_arn": role_arn(called, spec.account, partition),
        }
        for noun, what in of.items():
            self.child(aws.ec2.FlowLog, noun, {**what, **log}, depends_on=[group, write])

    def dns_log(self, spec: GuardedSpec, vpc: Given) -> None:
        """Records of what names are looked up."""
        arn, group = self._log_group("dns", spec)
        policy = {"policy_name": f"{self._name}-dns", "policy_document": network_log.delivery_policy(arn, spec.account)}
        write = self.child(aws.cloudwatch.LogResourcePolicy, "dns-policy", policy, delete_before_replace=True)
        log = self.child(
            aws.route53.ResolverQueryLogConfig, "dns-log", {"destination_arn": arn}, depends_on=[group, write]
        )
        joined = {"resolver_query_log_config_id": log.id, "resource_id": vpc}
        self.child(aws.route53.ResolverQueryLogConfigAssociation, "dns-log-vpc", joined)

    def _log_group(self, what: str, spec: GuardedSpec) -> tuple[str, aws.cloudwatch.LogGroup]:
        called = network_log.group_name(self._name, what)
        props = {"name": called, "kms_key_id": spec.logs_key, "retention_in_days": spec.keep_logs}
        group = self.child(aws.cloudwatch.LogGroup, f"{what}-records", props, protect=True)
        partition = find_region(spec.region).partition
        return network_log.group_arn(called, spec.account, spec.region, partition), group
