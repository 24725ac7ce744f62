"""Alarms, dashboards and the collector of one runtime."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import SiteMonitoringArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import monitoring_objects as objects
from aiinfra.components.kubernetes.labels import because, metadata
from aiinfra.components.kubernetes.specs import SiteMonitoringSpec
from aiinfra.components.monitoring.dashboards import dashboards
from aiinfra.spec.monitoring import Collector
from aiinfra.tokens import SITE_MONITORING


class SiteMonitoring(Component):
    """What watches a runtime and calls a person.

    Children: ``dashboard-NAME`` for each dashboard (a ConfigMap that Grafana's sidecar finds), and ``rules`` with a
    Prometheus operator; else ``account``, ``config``, ``claim``, ``egress`` and ``collector``.
    """

    alarms: pulumi.Output[int]
    """How many alarms can ring."""

    def __init__(self, name: str, args: SiteMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(SiteMonitoringSpec, name, args)
        super().__init__(SITE_MONITORING, name, spec, opts)
        core, workload = kubernetes.core.v1, objects.workload(spec)

        def meta(called: str = workload) -> dict[str, Any]:
            return metadata(called, spec.tags, namespace=spec.namespace, workload=workload)

        for noun, text in dashboards(objects.watched(spec)).items():
            found = meta(f"{workload}-{noun}")
            found["labels"]["grafana_dashboard"] = "1"
            self.child(
                core.ConfigMap, f"dashboard-{noun}", {"metadata": found, "data": {f"{workload}-{noun}.json": text}}
            )
        if spec.monitoring.by is Collector.OPERATOR:
            rule = {"metadata": meta(), **objects.prometheus_rule(spec)}
            self.child(kubernetes.apiextensions.CustomResource, "rules", rule)
        else:
            self.child(core.ServiceAccount, "account", {"metadata": meta(), "automount_service_account_token": False})
            config = {"metadata": meta(objects.config_name(spec)), "data": objects.config_data(spec), "immutable": True}
            self.child(core.ConfigMap, "config", config)
            claim = {"metadata": meta(), "spec": objects.claim(spec)}
            held = self.child(core.PersistentVolumeClaim, "claim", claim)
            why = because(meta(f"{workload}-egress"), "the collector reads metrics")
            policy = {"metadata": why, "spec": objects.let_collector_out(spec)}
            self.child(kubernetes.networking.v1.NetworkPolicy, "egress", policy)
            made = {"metadata": meta(), "spec": objects.deployment(spec)}
            self.child(kubernetes.apps.v1.Deployment, "collector", made, depends_on=[held])

        count = sum(len(group["rules"]) for group in objects.rule_groups(objects.watched(spec))["groups"])
        self.alarms = pulumi.Output.from_input(count)
        self.done({"alarms": self.alarms})
