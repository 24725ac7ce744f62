"""The drivers of volumes: EKS add-ons, and the role of the one that makes disks."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.eks import find_cluster_version
from aiinfra.catalogue.find import find_region
from aiinfra.components.args import DisksArgs
from aiinfra.components.aws import cluster_roles, cluster_settings, disk_policy
from aiinfra.components.aws.cluster_specs import DisksSpec
from aiinfra.components.aws.policy import role_arn
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import DISKS


class Disks(Component):
    """The EBS driver, and the FSx driver where there is a file system.

    Children: ``role``, ``policy``, ``driver``; ``files`` where there is a file system. The FSx driver gets no role: it
    mounts what is there, and makes nothing.
    """

    driver: pulumi.Output[str]
    """Version of the EBS driver."""

    def __init__(self, name: str, args: DisksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(DisksSpec, name, args)
        super().__init__(DISKS, name, spec, opts)
        partition, version = find_region(spec.region).partition, find_cluster_version(spec.version)
        arn = cluster_roles.cluster_arn(spec.cluster, spec.account, spec.region, partition)
        called = role_name(name, spec.region)
        trust = cluster_roles.pod_trust(arn, spec.account, "kube-system", disk_policy.SERVICE_ACCOUNT)
        role = self.child(
            aws.iam.Role, "role", {"name": called, "assume_role_policy": trust}, delete_before_replace=True
        )
        text = disk_policy.driver_policy(spec.cluster, spec.account, spec.region, partition, spec.key_alias)
        may = self.child(aws.iam.RolePolicy, "policy", {"role": role.name, "policy": text})
        binding = {
            "service_account": disk_policy.SERVICE_ACCOUNT,
            "role_arn": role_arn(called, spec.account, partition),
        }
        props = {
            "cluster_name": spec.cluster,
            **cluster_settings.addon("aws-ebs-csi-driver", version),
            "configuration_values": disk_policy.settings(spec.cluster),
            "pod_identity_associations": [binding],
        }
        driver = self.child(aws.eks.Addon, "driver", props, depends_on=[may])
        if spec.files:
            mounts = {"cluster_name": spec.cluster, **cluster_settings.addon("aws-fsx-csi-driver", version)}
            self.child(aws.eks.Addon, "files", mounts)

        self.driver = driver.addon_version
        self.done({"driver": self.driver})
