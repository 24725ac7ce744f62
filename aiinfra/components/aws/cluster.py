"""The cluster: private, encrypted, logged, and open to its administrators alone."""

from typing import Any

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.eks import find_cluster_version
from aiinfra.catalogue.find import find_region
from aiinfra.components.args import ClusterArgs
from aiinfra.components.aws import cluster_roles, cluster_settings
from aiinfra.components.aws.cluster_specs import ClusterSpec
from aiinfra.components.aws.policy import assumed_by, role_arn
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import CLUSTER


class Cluster(Component):
    """An EKS cluster without machines.

    Children: ``role`` and what it may do, ``records`` (its logs), ``cluster``; for each administrator
    ``administrator-N`` and ``administrator-N-policy``; the add-ons that machines need to join: ``network`` (the VPC
    CNI, with its role), ``proxy``, ``identity`` (Pod Identity's agent).
    """

    name: pulumi.Output[str]
    """Name of the cluster."""
    arn: pulumi.Output[str]
    """ARN of the cluster."""
    endpoint: pulumi.Output[str]
    """Address of its API."""
    certificate_authority: pulumi.Output[str]
    """Certificate that its API is known by, PEM in base 64."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ClusterSpec, name, args)
        super().__init__(CLUSTER, name, spec, opts)
        called, partition = cluster_settings.cluster_name(name), find_region(spec.region).partition
        arn = cluster_roles.cluster_arn(called, spec.account, spec.region, partition)
        role_called = role_name(name, spec.region)
        trust = {"name": role_called, "assume_role_policy": assumed_by("eks.amazonaws.com", spec.account, arn)}
        role = self.child(aws.iam.Role, "role", trust, delete_before_replace=True)
        managed = {"role": role.name, "policy_arn": f"arn:{partition}:iam::aws:policy/AmazonEKSClusterPolicy"}
        may = self.child(aws.iam.RolePolicyAttachment, "role-policy", managed)
        text = cluster_roles.secrets_policy(spec.account, spec.region, partition, spec.key_alias)
        encrypt = self.child(aws.iam.RolePolicy, "role-encrypt", {"role": role.name, "policy": text})
        log = {"name": cluster_settings.log_group(called), "kms_key_id": spec.logs_key}
        records = self.child(
            aws.cloudwatch.LogGroup, "records", {**log, "retention_in_days": spec.keep_logs}, protect=True
        )
        made = cluster_settings.cluster(spec, called, role_arn(role_called, spec.account, partition))
        ready = [may, encrypt, records]
        cluster = self.child(aws.eks.Cluster, "cluster", made, protect=True, depends_on=ready)
        for index, administrator in enumerate(spec.administrators):
            self._admit(f"administrator-{index}", cluster.name, administrator, partition)
        self._network(spec, cluster, arn, partition)
        for noun, addon in (("proxy", "kube-proxy"), ("identity", "eks-pod-identity-agent")):
            props = cluster_settings.addon(addon, find_cluster_version(spec.version))
            self.child(aws.eks.Addon, noun, {"cluster_name": cluster.name, **props})

        self.name = cluster.name
        self.arn = pulumi.Output.from_input(arn)
        self.endpoint = cluster.endpoint
        self.certificate_authority = cluster.certificate_authority.data
        self.done(
            {
                "name": self.name,
                "arn": self.arn,
                "endpoint": self.endpoint,
                "certificateAuthority": self.certificate_authority,
            }
        )

    def _admit(self, noun: str, cluster: pulumi.Output[str], principal: str, partition: str) -> None:
        who = {"cluster_name": cluster, "principal_arn": principal}
        entry = self.child(aws.eks.AccessEntry, noun, {**who, "type": "STANDARD"})
        may = {
            "policy_arn": f"arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            "access_scope": {"type": "cluster"},
        }
        self.child(aws.eks.AccessPolicyAssociation, f"{noun}-policy", {**who, **may}, depends_on=[entry])

    def _network(self, spec: ClusterSpec, cluster: aws.eks.Cluster, arn: str, partition: str) -> None:
        trust = cluster_roles.pod_trust(arn, spec.account, "kube-system", "aws-node")
        called = role_name(f"{self._name}-network", spec.region)
        props = {"name": called, "assume_role_policy": trust}
        role = self.child(aws.iam.Role, "network-role", props, delete_before_replace=True)
        text = cluster_roles.network_policy(spec.account, spec.region, partition)
        may = self.child(aws.iam.RolePolicy, "network-policy", {"role": role.name, "policy": text})
        settings = pulumi.Output.json_dumps(
            cluster_settings.network(spec.region, spec.zones, spec.pod_subnets, spec.nodes_group), sort_keys=True
        )
        binding = {"service_account": "aws-node", "role_arn": role_arn(called, spec.account, partition)}
        addon: dict[str, Any] = {
            "cluster_name": cluster.name,
            **cluster_settings.addon("vpc-cni", find_cluster_version(spec.version)),
            "configuration_values": settings,
            "pod_identity_associations": [binding],
        }
        self.child(aws.eks.Addon, "network", addon, depends_on=[may])
