"""The parallel file system that feeds the accelerators."""

import pulumi
import pulumi_aws as aws

from aiinfra.components.args import FileSystemArgs
from aiinfra.components.aws.lustre import PORTS, sized
from aiinfra.components.aws.storage_specs import FileSystemSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import FILE_SYSTEM


class FileSystem(Component):
    """Amazon FSx for Lustre, encrypted, reached by its clients' group only.

    Children: ``group`` and its rules, ``files``, and ``datasets`` where objects of a bucket are shown as files.
    """

    id: pulumi.Output[str]
    """Id of the file system."""
    dns_name: pulumi.Output[str]
    """Name that clients mount it by."""
    mount_name: pulumi.Output[str]
    """Name of its root, which a mount names too."""

    def __init__(self, name: str, args: FileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(FileSystemSpec, name, args)
        super().__init__(FILE_SYSTEM, name, spec, opts)
        about = {"vpc_id": spec.vpc, "description": "Servers of the file system", "tags": {"Name": name}}
        group = self.child(aws.ec2.SecurityGroup, "group", about)
        for first, last in PORTS:
            self._let_through(f"clients-{first}", spec.clients, group.id, first, last)
            self._let_through(f"servers-{first}", group.id, group.id, first, last)
        size = sized(spec.size, spec.throughput)
        props = {
            "deployment_type": "PERSISTENT_2",
            "storage_type": "SSD",
            "storage_capacity": size.capacity,
            "per_unit_storage_throughput": size.per_tebibyte,
            "data_compression_type": "LZ4",
            "file_system_type_version": "2.15",
            "metadata_configuration": {"mode": "AUTOMATIC"},
            "kms_key_id": spec.key,
            "subnet_ids": spec.subnet,
            "security_group_ids": [group.id],
            "copy_tags_to_backups": True,
            "tags": {"Name": name},
        }
        files = self.child(aws.fsx.LustreFileSystem, "files", props)
        if spec.datasets:
            events = {"events": ["NEW", "CHANGED", "DELETED"]}
            link = {
                "file_system_id": files.id,
                "file_system_path": "/datasets",
                "data_repository_path": f"s3://{spec.datasets}",
                "batch_import_meta_data_on_create": True,
                "s3": {"auto_import_policy": events},
            }
            self.child(aws.fsx.DataRepositoryAssociation, "datasets", link)

        self.id = files.id
        self.dns_name = files.dns_name
        self.mount_name = files.mount_name
        self.done({"id": self.id, "dnsName": self.dns_name, "mountName": self.mount_name})

    def _let_through(
        self, noun: str, source: pulumi.Input[str], target: pulumi.Input[str], first: int, last: int
    ) -> None:
        rule = {"ip_protocol": "tcp", "from_port": first, "to_port": last, "description": "Lustre"}
        out = {"security_group_id": source, "referenced_security_group_id": target, **rule}
        into = {"security_group_id": target, "referenced_security_group_id": source, **rule}
        self.child(aws.vpc.SecurityGroupEgressRule, f"{noun}-out", out)
        self.child(aws.vpc.SecurityGroupIngressRule, f"{noun}-in", into)
