"""Read what AWS's API takes for a value (choices, patterns, lengths, ranges) out of botocore's service models.

``python tools/build_aws_values.py BOTOCORE_FOLDER --date DATE`` writes ``aiinfra/catalogue/data/aws_values.json``.
botocore (Apache-2.0) is read as files, so that it need not be in this environment. A property is taken over where its
name and that of one member of the operation that makes the resource are the same but for capitals and underscores, or
where :data:`RENAMED` says so; everything else is left out rather than guessed.
"""

import argparse
import gzip
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aiinfra.graph.shapes import Kind, Shape, inputs_of

ROOT = Path(__file__).parent.parent
OUT = ROOT / "aiinfra" / "catalogue" / "data" / "aws_values.json"

SERVICES = {
    "cloudwatch": "logs",
    "vpc": "ec2",
    "lb": "elbv2",
    "alb": "elbv2",
    "ebs": "ec2",
    "route53": "route53resolver",
}
"""Pulumi module -> service, where they differ for the types below."""

OPERATIONS = {
    "aws:autoscaling/group:Group": ("autoscaling", "CreateAutoScalingGroup"),
    "aws:budgets/budget:Budget": ("budgets", "CreateBudget"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ("logs", "PutResourcePolicy"),
    "aws:cloudwatch/eventRule:EventRule": ("events", "PutRule"),
    "aws:cloudwatch/eventTarget:EventTarget": ("events", "PutTargets"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch", "PutMetricAlarm"),
    "aws:cloudtrail/trail:Trail": ("cloudtrail", "CreateTrail"),
    "aws:amp/workspace:Workspace": ("amp", "CreateWorkspace"),
    "aws:grafana/workspace:Workspace": ("grafana", "CreateWorkspace"),
    "aws:cfg/recorder:Recorder": ("config", "PutConfigurationRecorder"),
    "aws:ebs/volume:Volume": ("ec2", "CreateVolume"),
    "aws:ec2/flowLog:FlowLog": ("ec2", "CreateFlowLogs"),
    "aws:ec2/instance:Instance": ("ec2", "RunInstances"),
    "aws:eks/nodeGroup:NodeGroup": ("eks", "CreateNodegroup"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": ("fsx", "CreateFileSystem"),
    "aws:iam/rolePolicy:RolePolicy": ("iam", "PutRolePolicy"),
    "aws:lambda/permission:Permission": ("lambda", "AddPermission"),
    "aws:rds/instance:Instance": ("rds", "CreateDBInstance"),
    "aws:ssm/parameter:Parameter": ("ssm", "PutParameter"),
    "aws:secretsmanager/secret:Secret": ("secretsmanager", "CreateSecret"),
    "aws:kms/key:Key": ("kms", "CreateKey"),
    "aws:kms/alias:Alias": ("kms", "CreateAlias"),
    "aws:s3/bucket:Bucket": ("s3", "CreateBucket"),
    "aws:s3/bucketVersioning:BucketVersioning": ("s3", "PutBucketVersioning"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3",
        "PutBucketEncryption",
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("s3", "PutBucketLifecycleConfiguration"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("s3", "PutBucketOwnershipControls"),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": ("s3", "PutObjectLockConfiguration"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("ec2", "AuthorizeSecurityGroupIngress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("ec2", "AuthorizeSecurityGroupEgress"),
}
"""Types whose operation is not ``Create`` and their own name."""

RENAMED = {
    "aws:eks/cluster:Cluster": {"vpcConfig": "resourcesVpcConfig"},
    "aws:eks/nodeGroup:NodeGroup": {"nodeRoleArn": "nodeRole", "nodeGroupName": "nodegroupName"},
    "aws:cloudwatch/logGroup:LogGroup": {"name": "logGroupName"},
    "aws:iam/role:Role": {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    "aws:iam/policy:Policy": {"name": "PolicyName", "policy": "PolicyDocument"},
    "aws:iam/rolePolicy:RolePolicy": {"name": "PolicyName", "policy": "PolicyDocument"},
    "aws:kms/alias:Alias": {"name": "AliasName"},
    "aws:kms/key:Key": {"customerMasterKeySpec": "KeySpec"},
    "aws:ec2/launchTemplate:LaunchTemplate": {"name": "LaunchTemplateName"},
    "aws:ecr/repository:Repository": {"name": "repositoryName"},
    "aws:lambda/function:Function": {"name": "FunctionName"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name": "AlarmName"},
    "aws:sqs/queue:Queue": {"name": "QueueName"},
}
INSIDE = {
    "aws:ec2/launchTemplate:LaunchTemplate": "LaunchTemplateData",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "LustreConfiguration",
    "aws:budgets/budget:Budget": "Budget",
    "aws:cfg/recorder:Recorder": "ConfigurationRecorder",
    "aws:s3/bucketVersioning:BucketVersioning": "VersioningConfiguration",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "ServerSideEncryptionConfiguration"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "LifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "OwnershipControls",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "ObjectLockConfiguration",
}
"""Types whose arguments are the members of one member of the request; those beside it count too."""

Place = tuple[str, int]
"""Path of a property, and how deep it is."""
LONGEST_CHOICE = 80
"""Longer lists of choices (instance types, regions) change by the week and are the catalogue's business."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("botocore", type=Path)
    parser.add_argument("--date", required=True)
    arguments = parser.parse_args()
    version = re.search(r"__version__ = '([^']+)'", (arguments.botocore / "__init__.py").read_text())
    text = build(arguments.botocore, f"botocore {version[1] if version else '?'}", arguments.date)
    OUT.write_text(text, encoding="utf-8")
    data = json.loads(text)
    rules = sum(len(found) for found in data["types"].values())
    sys.stdout.write(f"{OUT.relative_to(ROOT)}: {len(data['types'])} types, {rules} properties, {len(text)} bytes\n")


def build(botocore: Path, source: str, date: str) -> str:
    """The file's text."""
    found: dict[str, Any] = {}
    for token in _types():
        service, wanted = _operation(token)
        model = _model(botocore, service)
        operation = (
            next((name for name in model["operations"] if name.lower() == wanted.lower()), None) if model else None
        )
        fields = inputs_of(token)
        if operation is None or fields is None or "input" not in model["operations"][operation]:
            continue
        request = model["shapes"][model["operations"][operation]["input"]["shape"]]
        rules = dict(_rules(token, fields, _members(token, request, model), model))
        if rules:
            found[token] = {"operation": f"{service}.{operation}", **rules}
    data = {"source": source, "license": "Apache-2.0", "date": date, "types": dict(sorted(found.items()))}
    return json.dumps(data, indent=0, ensure_ascii=False, sort_keys=False) + "\n"


def _types() -> list[str]:
    replaced = json.loads((ROOT / "aiinfra" / "catalogue" / "data" / "replacement.json").read_text())["types"]
    golden = {
        resource["type"]
        for file in (ROOT / "tests" / "golden" / "graphs").rglob("*.json")
        for resource in json.loads(file.read_text())["resources"]
    }
    return sorted(token for token in {*replaced, *golden, *OPERATIONS} if token.startswith("aws:"))


def _operation(token: str) -> tuple[str, str]:
    if token in OPERATIONS:
        return OPERATIONS[token]
    module = token.split(":")[1].partition("/")[0]
    return SERVICES.get(module, module), f"Create{token.rpartition(':')[2]}"


def _model(botocore: Path, service: str) -> Any:
    folder = botocore / "data" / service
    if not folder.is_dir():
        return None
    file = max(folder.glob("*/service-2.json*"))
    return json.loads(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes())


def _members(token: str, request: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    members = dict(request["members"])
    inner = INSIDE.get(token)
    if inner is not None:
        members |= model["shapes"][members[inner]["shape"]]["members"]
    return members


def _rules(
    token: str, fields: Mapping[str, Shape], members: Mapping[str, Any], model: Mapping[str, Any], at: Place = ("", 0)
) -> Iterator[tuple[str, dict[str, Any]]]:
    path, depth = at
    by_name = {_plain(name): member for name, member in members.items()}
    renamed = RENAMED.get(token, {})
    for key, shape in sorted(fields.items()):
        member = by_name.get(_plain(renamed.get(key, key))) or by_name.get(_plain(key).removesuffix("s"))
        if member is None or key in ("tags", "tagsAll", "region"):
            continue
        yield from _of(shape, model["shapes"][member["shape"]], model, (f"{path}{key}", depth))


def _of(
    shape: Shape, api: Mapping[str, Any], model: Mapping[str, Any], at: Place
) -> Iterator[tuple[str, dict[str, Any]]]:
    path, depth = at
    kind = api["type"]
    if shape.kind is Kind.TEXT and kind == "string":
        rule = {name: api[name] for name in ("min", "max", "pattern") if name in api}
        if len(api.get("enum", ())) <= LONGEST_CHOICE and api.get("enum"):
            rule["enum"] = api["enum"]
        if "pattern" in rule and not _compiles(rule["pattern"]):
            del rule["pattern"]
        if rule:
            yield path, rule
    elif shape.kind in (Kind.INTEGER, Kind.NUMBER) and kind in ("integer", "long", "double", "float"):
        rule = {name: api[name] for name in ("min", "max") if name in api}
        if rule:
            yield path, rule
    elif shape.kind is Kind.LIST and kind == "list":
        rule = {name: api[name] for name in ("min", "max") if name in api}
        if rule:
            yield path, rule
        if shape.item is not None:
            yield from _of(shape.item, model["shapes"][api["member"]["shape"]], model, (f"{path}[*]", depth))
    elif shape.kind is Kind.OBJECT and kind == "structure" and depth < 4:
        yield from _rules("", shape.fields, api["members"], model, (f"{path}.", depth + 1))
    elif shape.kind is Kind.OBJECT and kind == "list" and depth < 4:  # a block of which there is one
        yield from _of(shape, model["shapes"][api["member"]["shape"]], model, (path, depth + 1))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return len(pattern) <= 400


if __name__ == "__main__":
    main()
