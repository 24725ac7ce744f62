import importlib
import sys

import pytest

from aiinfra.catalogue.replacement import behaviour, known_types
from aiinfra.graph import path

NEEDED = [
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:kms/key:Key",
    "aws:kms/alias:Alias",
    "aws:iam/role:Role",
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/placementGroup:PlacementGroup",
    "aws:ec2/capacityReservation:CapacityReservation",
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:eks/addon:Addon",
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:ecr/repository:Repository",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudtrail/trail:Trail",
    "aws:sqs/queue:Queue",
    "aws:sns/topic:Topic",
    "aws:dynamodb/table:Table",
    "aws:rds/instance:Instance",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:batch/v1:CronJob",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "kubernetes:policy/v1:PodDisruptionBudget",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "kubernetes:storage.k8s.io/v1:StorageClass",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:karpenter.sh/v1:NodePool",
]


@pytest.mark.parametrize("type_", NEEDED)
def test_needed_types_are_known(type_):
    assert behaviour(type_) is not None


def test_what_is_not_known_says_so():
    assert behaviour("azure-native:storage:StorageAccount") is None
    assert behaviour("kubernetes:yaml/v2:ConfigFile") is None
    assert behaviour("kubernetes:helm.sh/v4:Chart") is None


@pytest.mark.parametrize("type_", list(known_types()))
def test_every_entry_names_its_source(type_):
    known = behaviour(type_)
    assert known.source.startswith("https://github.com/")
    assert known.date > "2026"
    for rule in known.rules:
        assert path.text(path.parse(rule.path)).replace(".*", "[*]") == rule.path
    if known.holds:
        assert known.holds.source.startswith("https://")
        assert known.holds.what
        assert known.holds.date


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a module of the SDK warns of itself as it loads
def test_properties_are_those_of_the_sdk():
    wrong = []
    for type_ in known_types():
        if not type_.startswith("aws:"):
            continue
        _, module, name = type_.split(":")
        folder = {"lambda": "lambda_"}.get(module.split("/")[0], module.split("/")[0])
        resource = getattr(importlib.import_module(f"pulumi_aws.{folder}"), name)
        assert resource.pulumi_type == type_
        own = sys.modules[resource.__module__]
        args = getattr(own, f"{name}InitArgs", None) or getattr(own, f"{name}Args")
        there = {_wire_name(field, value) for field, value in vars(args).items() if isinstance(value, property)}
        known = behaviour(type_)
        named = {str(path.parse(rule.path)[0]) for rule in known.rules}
        if known.name:
            named.add(known.name)
        if known.holds and known.holds.guard:
            named.add(known.holds.guard.property)
        wrong += [f"{type_}: {missing}" for missing in sorted(named - there)]
    assert wrong == []


def _wire_name(field, value):
    return getattr(value.fget, "_pulumi_name", field)
