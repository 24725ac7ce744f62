"""Runs what needs the cluster's API, from inside the network."""

from typing import Any

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import RunnerArgs
from aiinfra.components.aws import runner_policy
from aiinfra.components.aws.network_log import group_arn, group_name
from aiinfra.components.aws.policy import assumed_by, role_arn
from aiinfra.components.aws.runner_specs import RunnerSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.components.locked import missing, require_locked
from aiinfra.images import RUNNER, is_unlocked
from aiinfra.names import role_name
from aiinfra.tokens import RUNNER as TOKEN


class Runner(Component):
    """A CodeBuild project: nothing runs, and nothing is paid, until somebody starts it.

    Children: ``log``, ``role``, ``policy``, ``entry`` and ``entry-policy`` (it administers the cluster), ``project``.
    """

    project: pulumi.Output[str]
    """Name of the project that is started."""

    def __init__(self, name: str, args: RunnerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(RunnerSpec, name, args)
        require_locked(missing([RUNNER], {} if is_unlocked(spec.image) else {RUNNER: spec.image}))
        super().__init__(TOKEN, name, spec, opts)
        partition, log = find_region(spec.region).partition, group_name(name, "build")
        kept = {"name": log, "kms_key_id": spec.logs_key, "retention_in_days": spec.keep_logs}
        group = self.child(aws.cloudwatch.LogGroup, "log", kept, protect=True)
        called = role_name(name, spec.region)
        trust = {"name": called, "assume_role_policy": assumed_by(runner_policy.SERVICE, spec.account)}
        role = self.child(aws.iam.Role, "role", trust, delete_before_replace=True)
        text = runner_policy.runner_policy(spec, group_arn(log, spec.account, spec.region, partition), partition)
        may = self.child(aws.iam.RolePolicy, "policy", {"role": role.name, "policy": text})
        arn = role_arn(called, spec.account, partition)
        who = {"cluster_name": spec.cluster, "principal_arn": arn}
        entry = self.child(aws.eks.AccessEntry, "entry", {**who, "type": "STANDARD"}, depends_on=[role])
        admin = {
            "policy_arn": f"arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            "access_scope": {"type": "cluster"},
        }
        self.child(aws.eks.AccessPolicyAssociation, "entry-policy", {**who, **admin}, depends_on=[entry])
        made = {"depends_on": [may, group], "delete_before_replace": True}
        project = self.child(aws.codebuild.Project, "project", self._project(spec, arn, log), **made)

        self.project = project.name
        self.done({"project": self.project})

    def _project(self, spec: RunnerSpec, role: str, log: str) -> dict[str, Any]:
        told = [{"name": "ACTION", "value": "preview"}, {"name": "STACK", "value": spec.stack}]
        if len(spec.projects) > 1:
            told.append({"name": "PROJECT", "value": spec.projects[0]})
        return {
            "name": self._name,
            "description": f"Runs the projects of {spec.deployment} that need its cluster's API",
            "service_role": role,
            "artifacts": {"type": "NO_ARTIFACTS"},
            "build_timeout": 120,
            "concurrent_build_limit": 1,
            "encryption_key": spec.key,
            "environment": {
                "compute_type": "BUILD_GENERAL1_SMALL",
                "image": spec.image,
                "type": "LINUX_CONTAINER",
                "image_pull_credentials_type": "SERVICE_ROLE",
                "privileged_mode": False,
                "environment_variables": told,
            },
            "source": {
                "type": "S3",
                "location": runner_policy.source(spec),
                "buildspec": runner_policy.commands(spec),
            },
            "logs_config": {"cloudwatch_logs": {"status": "ENABLED", "group_name": log}},
            "vpc_config": {
                "vpc_id": spec.vpc,
                "subnets": list(spec.subnets),
                "security_group_ids": [spec.group],
            },
        }
