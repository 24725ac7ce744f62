"""The role of one workload."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import WorkloadRoleArgs
from aiinfra.components.aws import cluster_roles
from aiinfra.components.aws.cluster_specs import WorkloadRoleSpec
from aiinfra.components.aws.policy import dns_suffix, policy_arn, role_arn
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import WORKLOAD_ROLE


class WorkloadRole(Component):
    """Bound to one service account in one namespace through Pod Identity, and bounded: no later policy gives it more.

    Children: ``boundary``, ``role``, ``policy``, ``binding``.
    """

    role_arn: pulumi.Output[str]
    """ARN of the role."""

    def __init__(self, name: str, args: WorkloadRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(WorkloadRoleSpec, name, args)
        super().__init__(WORKLOAD_ROLE, name, spec, opts)
        partition = find_region(spec.region).partition
        arn = cluster_roles.cluster_arn(spec.cluster, spec.account, spec.region, partition)
        keys = cluster_roles.keys_of(spec.account, spec.region, partition)
        s3 = f"s3.{spec.region}.{dns_suffix(partition)}"
        text = cluster_roles.training_policy(keys, s3, spec.key_alias, spec.reads, spec.writes, more=spec.keys)
        called = role_name(name, spec.region)
        boundary = self.child(aws.iam.Policy, "boundary", {"name": called, "policy": text}, delete_before_replace=True)
        trust = cluster_roles.pod_trust(arn, spec.account, spec.namespace, spec.service_account)
        most = policy_arn(called, spec.account, partition)
        taken = {"name": called, "assume_role_policy": trust, "permissions_boundary": most}
        role = self.child(aws.iam.Role, "role", taken, delete_before_replace=True, depends_on=[boundary])
        self.child(aws.iam.RolePolicy, "policy", {"role": role.name, "policy": text})
        binding = {
            "cluster_name": spec.cluster,
            "namespace": spec.namespace,
            "service_account": spec.service_account,
            "role_arn": role_arn(called, spec.account, partition),
        }
        self.child(aws.eks.PodIdentityAssociation, "binding", binding, depends_on=[role])

        self.role_arn = role.arn
        self.done({"roleArn": self.role_arn})
