"""Metrics and alarms of a training cluster."""

from typing import Any

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import ObservabilityArgs
from aiinfra.components.aws import cluster_roles, watch_policy, watch_rules
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.aws.network_log import group_arn
from aiinfra.components.aws.policy import assumed_by, role_arn
from aiinfra.components.aws.watch_specs import ObservabilitySpec
from aiinfra.components.component import Component, parse_args
from aiinfra.names import role_name
from aiinfra.tokens import OBSERVABILITY


class Observability(Component):
    """Managed Prometheus with a scraper of AWS's own, so that nothing in the cluster sends anything anywhere.

    Children: ``key`` and ``alias``, ``log``, ``workspace``, ``rules``, ``alarms``, ``scraper``; ``grafana`` with
    ``grafana-role`` and ``grafana-policy`` where it is asked for.
    """

    workspace: pulumi.Output[str]
    """Id of the Prometheus workspace."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ObservabilitySpec, name, args)
        super().__init__(OBSERVABILITY, name, spec, opts)
        partition = find_region(spec.region).partition
        made = {
            "description": f"Encrypts the metrics of {spec.cluster}",
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": watch_policy.metrics_key(spec.account, spec.region, partition),
        }
        key = self.child(aws.kms.Key, "key", made, protect=True)
        alias = {"name": key_alias(name, "key"), "target_key_id": key.key_id}
        self.child(aws.kms.Alias, "alias", alias, delete_before_replace=True)
        called = f"/aws/vendedlogs/aiinfra/{name}"
        kept = {"name": called, "kms_key_id": spec.logs_key, "retention_in_days": spec.keep_logs}
        log = self.child(aws.cloudwatch.LogGroup, "log", kept, protect=True)
        arn = f"{group_arn(called, spec.account, spec.region, partition)}:*"
        props = {"alias": name, "kms_key_arn": key.arn, "logging_configuration": {"log_group_arn": arn}}
        workspace = self.child(aws.amp.Workspace, "workspace", props, protect=True, depends_on=[log])
        rules = {"workspace_id": workspace.id, "name": "training", "data": watch_rules.rules(spec.exporters)}
        self.child(aws.amp.RuleGroupNamespace, "rules", rules, delete_before_replace=True)
        manager = pulumi.Output.from_input(spec.topic).apply(
            lambda topic: watch_rules.alert_manager(topic, spec.region)
        )
        self.child(aws.amp.AlertManagerDefinition, "alarms", {"workspace_id": workspace.id, "definition": manager})
        self.child(aws.amp.Scraper, "scraper", self._scraper(spec, workspace.arn, partition))
        if spec.grafana:
            self._grafana(spec, partition)

        self.workspace = workspace.id
        self.done({"workspace": self.workspace})

    def _scraper(self, spec: ObservabilitySpec, workspace: pulumi.Output[str], partition: str) -> dict[str, Any]:
        cluster = cluster_roles.cluster_arn(spec.cluster, spec.account, spec.region, partition)
        place = {"cluster_arn": cluster, "subnet_ids": list(spec.subnets), "security_group_ids": [spec.group]}
        return {
            "alias": self._name,
            "source": {"eks": place},
            "destination": {"amp": {"workspace_arn": workspace}},
            "scrape_configuration": watch_rules.scraped(spec.exporters),
        }

    def _grafana(self, spec: ObservabilitySpec, partition: str) -> None:
        called = role_name(f"{self._name}-grafana", spec.region)
        trust = {"name": called, "assume_role_policy": assumed_by("grafana.amazonaws.com", spec.account)}
        role = self.child(aws.iam.Role, "grafana-role", trust, delete_before_replace=True)
        text = watch_policy.reader(spec.account, spec.region, partition)
        may = self.child(aws.iam.RolePolicy, "grafana-policy", {"role": role.name, "policy": text})
        props = {
            "name": self._name,
            "account_access_type": "CURRENT_ACCOUNT",
            "authentication_providers": ["AWS_SSO"],
            "permission_type": "CUSTOMER_MANAGED",
            "data_sources": ["PROMETHEUS", "CLOUDWATCH"],
            "role_arn": role_arn(called, spec.account, partition),
        }
        self.child(aws.grafana.Workspace, "grafana", props, delete_before_replace=True, depends_on=[may])
