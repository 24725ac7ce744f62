"""What Terraform calls what Pulumi's AWS provider makes: types and arguments.

The provider is bridged from Terraform's, and the bridge's naming goes by rules (pulumi-terraform-bridge,
``pkg/tfbridge/names.go``): a type is its module and its name, arguments are in snake case, a block that may stand once
is an object, and a block that may stand more often is a list under a plural name. The tables hold what no rule gives.
"""

import re
from typing import Final

from aiinfra.graph import urn

_DROPPED: Final = frozenset({"ec2", "index"})
"""Modules that Terraform's name does not have: ``aws:ec2/vpc:Vpc`` is ``aws_vpc``."""

_TYPES: Final = {
    "aws:autoscaling/group:Group": "aws_autoscaling_group",
    "aws:cfg/deliveryChannel:DeliveryChannel": "aws_config_delivery_channel",
    "aws:cfg/recorder:Recorder": "aws_config_configuration_recorder",
    "aws:cfg/rule:Rule": "aws_config_config_rule",
    "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
    "aws:ebs/volume:Volume": "aws_ebs_volume",
    "aws:ec2/capacityBlockReservation:CapacityBlockReservation": "aws_ec2_capacity_block_reservation",
    "aws:ec2/capacityReservation:CapacityReservation": "aws_ec2_capacity_reservation",
    "aws:ec2/managedPrefixList:ManagedPrefixList": "aws_ec2_managed_prefix_list",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:rds/parameterGroup:ParameterGroup": "aws_db_parameter_group",
    "aws:rds/subnetGroup:SubnetGroup": "aws_db_subnet_group",
    "aws:s3/bucketObject:BucketObject": "aws_s3_object",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
}

_PLURAL: Final = frozenset({"block_device_mappings", "network_interfaces", "tag_specifications"})
"""Blocks whose name is a plural in Terraform too."""

_IRREGULAR: Final = {"policies": "policy", "aliases": "alias", "egress": "egress", "ingress": "ingress"}

_WRAPPED: Final = frozenset({("aws_fsx_lustre_file_system", "subnet_ids")})
"""Lists of one that Pulumi shows as the one."""

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def type_of(token: str) -> str | None:
    """Terraform's type for a Pulumi type token; None for what is not of the AWS provider, or is the provider itself."""
    match = re.fullmatch(r"aws:(\w+)/\w+:(\w+)", token)
    if match is None or token.startswith(urn.PROVIDER_PREFIX):
        return None
    if token in _TYPES:
        return _TYPES[token]
    module, name = snake(match[1]), snake(match[2])
    if module == "s3":
        name = re.sub(r"_?v2$", "", name)
    if module in _DROPPED or name.startswith(f"{module}_") or (module == "vpc" and name.startswith("security_group")):
        return f"aws_{name}" if module != "vpc" else f"aws_vpc_{name}"
    return f"aws_{module}_{name}"


def snake(key: str) -> str:
    """``block_device_mappings`` from ``blockDeviceMappings``."""
    return _WORD.sub("_", key).lower()


def block(key: str) -> str:
    """Terraform's name of a block that may stand more than once, from its argument's name in snake case."""
    if key in _PLURAL or not key.endswith("s"):
        return key
    if key in _IRREGULAR:
        return _IRREGULAR[key]
    return key[:-3] + "y" if key.endswith("ies") else key[:-1]


def is_wrapped(type_: str, key: str) -> bool:
    """Whether Terraform wants a list where Pulumi shows its only element."""
    return (type_, key) in _WRAPPED
