"""What machines of sites need in AWS to join a cluster (EKS Hybrid Nodes), known by their certificates."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import HybridNodesArgs
from aiinfra.components.aws import hybrid_policy
from aiinfra.components.aws.cluster_roles import cluster_arn
from aiinfra.components.aws.policy import role_arn
from aiinfra.components.aws.serving_specs import HybridNodesSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import HYBRID_NODES


class HybridNodes(Component):
    """IAM Roles Anywhere for the machines of sites, and their entry in the cluster.

    Children: ``anchor`` (the authority), ``role`` and ``role-policy``, ``profile``, ``entry``. The authority is the
    site's own and outlives any cluster; AWS holds its certificate alone.
    """

    trust_anchor: pulumi.Output[str]
    """ARN of the trust anchor."""
    profile: pulumi.Output[str]
    """ARN of the Roles Anywhere profile."""
    role_arn: pulumi.Output[str]
    """ARN of the machines' role."""

    def __init__(self, name: str, args: HybridNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(HybridNodesSpec, name, args)
        super().__init__(HYBRID_NODES, name, spec, opts)
        partition, called = find_region(spec.region).partition, role_name(name, spec.region)
        arn = role_arn(called, spec.account, partition)
        bundle = {"source_type": "CERTIFICATE_BUNDLE", "source_data": {"x509_certificate_data": spec.authority}}
        known = {"name": name, "enabled": True, "source": bundle}
        anchor = self.child(aws.rolesanywhere.TrustAnchor, "anchor", known, delete_before_replace=True)
        trust = hybrid_policy.trust(spec.account, spec.region, partition)
        role = self.child(
            aws.iam.Role, "role", {"name": called, "assume_role_policy": trust}, delete_before_replace=True
        )
        cluster = cluster_arn(spec.cluster, spec.account, spec.region, partition)
        text = hybrid_policy.machine_policy(cluster, spec.region, partition)
        self.child(aws.iam.RolePolicy, "role-policy", {"role": role.name, "policy": text})
        taken = {
            "name": name,
            "enabled": True,
            "role_arns": [arn],
            "accept_role_session_name": True,
            "duration_seconds": 3600,
        }
        profile = self.child(aws.rolesanywhere.Profile, "profile", taken, depends_on=[role], delete_before_replace=True)
        who = {"cluster_name": spec.cluster, "principal_arn": arn, "type": "HYBRID_LINUX"}
        self.child(aws.eks.AccessEntry, "entry", who, depends_on=[role])

        self.trust_anchor, self.profile, self.role_arn = anchor.arn, profile.arn, role.arn
        self.done({"trustAnchor": self.trust_anchor, "profile": self.profile, "roleArn": self.role_arn})
