"""What the runner inside may do, and what it runs. Pure."""

import json
from collections.abc import Sequence
from typing import Final

from aiinfra.components.aws.cluster_roles import keys_of
from aiinfra.components.aws.policy import allow, document
from aiinfra.components.aws.runner_specs import RunnerSpec
from aiinfra.images import parts

SERVICE: Final = "codebuild.amazonaws.com"
ENVIRONMENT: Final = "/opt/aiinfra"
"""Where the runner's image has the virtual environment that the projects run in; nothing can be fetched inside."""


def source(spec: RunnerSpec) -> str:
    """Where the compiled projects are put for it, in the bucket of the state."""
    return f"{spec.state.bucket}/sources/{spec.deployment}.zip"


def runner_policy(spec: RunnerSpec, log_group: str, partition: str) -> str:
    """Read the compiled projects, keep the state, write its log, pull its image, get an address in the network.

    It administers the cluster by an access entry, and nothing else in AWS.
    """
    ec2 = f"arn:{partition}:ec2:{spec.region}:{spec.account}"
    bucket = f"arn:{partition}:s3:::{spec.state.bucket}"
    key = keys_of(spec.account, spec.region, partition)
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": spec.state.key}}
    interfaces, permission = f"{ec2}:network-interface/*", "ec2:CreateNetworkInterfacePermission"
    look = ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    pull = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    return document(
        allow("WriteLog", ("logs:CreateLogStream", "logs:PutLogEvents"), [f"{log_group}:log-stream:*"]),
        allow("FindState", ("s3:GetBucketLocation", "s3:ListBucket"), [bucket]),
        allow("KeepState", ("s3:DeleteObject", "s3:GetObject", "s3:PutObject"), [f"{bucket}/*"]),
        allow(
            "Secrets",
            ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
            [key],
            Condition=by_alias,
        ),
        allow("SignIn", ("ecr:GetAuthorizationToken",), "*"),
        allow("Pull", pull, [f"arn:{partition}:ecr:{spec.region}:{spec.account}:repository/{_repository(spec.image)}"]),
        allow(
            "FindCluster",
            ("eks:DescribeCluster",),
            [f"arn:{partition}:eks:{spec.region}:{spec.account}:cluster/{spec.cluster}"],
        ),
        allow("Look", [f"ec2:Describe{what}" for what in look], "*"),
        allow(
            "GetAddress",
            ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
            [interfaces, f"{ec2}:subnet/*", f"{ec2}:security-group/*"],
        ),
        allow(
            "UseAddress", (permission,), [interfaces], Condition={"StringEquals": {"ec2:AuthorizedService": SERVICE}}
        ),
    )


def _repository(image: str) -> str:
    return parts(image)[0].partition("/")[2]


def _place(projects: Sequence[str]) -> list[str]:
    """Into the folder of the project that is run; where there are several, ``PROJECT`` says which."""
    if len(projects) == 1:
        return [f"ln -sfn {ENVIRONMENT} {projects[0]}/.venv", f"cd {projects[0]}"]
    known = f'case "$PROJECT" in {"|".join(projects)}) ;; *) echo "PROJECT is {", ".join(projects)}"; exit 2;; esac'
    return [known, f'ln -sfn {ENVIRONMENT} "$PROJECT/.venv"', 'cd "$PROJECT"']


def commands(spec: RunnerSpec) -> str:
    """CodeBuild's own list of commands: one stack, previewed unless it is told otherwise."""
    secrets = f"awskms:///{spec.state.key}?region={spec.region}"
    choose = (
        'case "$ACTION" in preview) pulumi preview --diff;; up) pulumi up --yes;; destroy) pulumi destroy --yes;;'
        ' *) echo "ACTION is preview, up or destroy"; exit 2;; esac'
    )
    backend = f"s3://{spec.state.bucket}?region={spec.region}"
    told = {
        "PULUMI_BACKEND_URL": backend,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_REGION": spec.region,
    }
    steps = [
        *_place(spec.projects),
        f'pulumi stack select --create --secrets-provider "{secrets}" "$STACK"',
        choose,
    ]
    return json.dumps(
        {"version": 0.2, "env": {"variables": told}, "phases": {"build": {"commands": steps}}}, sort_keys=True
    )
