"""The bundled inference server on Kubernetes."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import InferenceRuntimeArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import kserve, operated, pulling, vllm
from aiinfra.components.kubernetes import runtime_objects as objects
from aiinfra.components.kubernetes.labels import because, metadata
from aiinfra.components.kubernetes.namespace_objects import address_noun
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.components.locked import require_locked, told
from aiinfra.components.site_config import GRPC_PORT, most_replicas
from aiinfra.spec.engine import EngineKind
from aiinfra.tokens import INFERENCE_RUNTIME


class InferenceRuntime(Component):
    """One model behind mutual TLS, reachable by its declared callers only.

    Children: ``account``, ``service``, one ``from-CALLER`` a caller, ``callers`` where some are in the server's own
    namespace, ``budget`` where more than one server may run, ``scaler`` where it may grow, ``certificate`` where an
    issuer is named, and ``scraper``, ``scraper-certificate``, ``monitor`` where a scraper is. By engine: ``config`` and
    ``deployment``, or ``stateful-set`` and one ``registry-RANGE-PORT`` a way out where the pods pull their releases
    by themselves; with KServe ``config``, ``serving-runtime``, ``inference-service``; with vLLM ``deployment`` alone.
    """

    http: pulumi.Output[str]
    """REST address inside the cluster."""
    grpc: pulumi.Output[str]
    """gRPC address inside the cluster; with vLLM, which has none, the host alone."""

    def __init__(self, name: str, args: InferenceRuntimeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(InferenceRuntimeSpec, name, args)
        missing = objects.unlocked(spec)
        require_locked(missing)
        super().__init__(INFERENCE_RUNTIME, name, spec, opts)
        core, networking = kubernetes.core.v1, kubernetes.networking.v1
        workload = objects.workload(spec)
        if missing:
            pulumi.log.warn(told(missing), self)

        def meta(called: str = workload) -> dict[str, Any]:
            return metadata(called, spec.tags, namespace=spec.namespace, workload=workload)

        account = {"metadata": meta(), "automount_service_account_token": False}
        self.child(core.ServiceAccount, "account", account)
        if objects.engine(spec) is not EngineKind.VLLM:
            config = {"metadata": meta(objects.config_name(spec)), "data": objects.config_data(spec), "immutable": True}
            self.child(core.ConfigMap, "config", config)
        for caller in spec.runtime.callers:
            noun = objects.caller_noun(caller)
            why = because(meta(f"{workload}-{noun}"), f"{caller} is a declared caller")
            policy = {"metadata": why, "spec": objects.allow_caller(spec, caller)}
            self.child(networking.NetworkPolicy, noun, policy)
        if objects.neighbours(spec):
            why = because(meta(f"{workload}-callers"), "declared callers in the server's own namespace")
            self.child(networking.NetworkPolicy, "callers", {"metadata": why, "spec": objects.let_neighbours_out(spec)})
        self._workload(spec, meta())
        service = self.child(core.Service, "service", {"metadata": meta(), "spec": objects.service(spec)})
        if most_replicas(spec.runtime) > 1:
            budget = {"metadata": meta(), "spec": objects.disruption_budget(spec)}
            self.child(kubernetes.policy.v1.PodDisruptionBudget, "budget", budget)
        target = kserve.scale_target(spec) if objects.engine(spec) is EngineKind.KSERVE else workload
        custom, issuer = kubernetes.apiextensions.CustomResource, spec.runtime.issuer
        if spec.runtime.demand:
            scaled = {"metadata": meta(), **operated.scaled_by_demand(spec, spec.runtime.demand, target)}
            self.child(custom, "scaler", scaled)
        elif spec.runtime.max_replicas and target == workload:
            scaler = {"metadata": meta(), "spec": operated.autoscaler(spec)}
            self.child(kubernetes.autoscaling.v2.HorizontalPodAutoscaler, "scaler", scaler)
        if issuer:
            self.child(custom, "certificate", {"metadata": meta(), **operated.server_certificate(spec, issuer)})
        if issuer and spec.runtime.scraper:
            beside = meta(f"{workload}-scraper")
            why = because(beside, f"{spec.runtime.scraper} reads metrics")
            self.child(networking.NetworkPolicy, "scraper", {"metadata": why, "spec": objects.allow_scraper(spec)})
            certificate = {"metadata": beside, **operated.scraper_certificate(spec, issuer)}
            self.child(custom, "scraper-certificate", certificate)
        if issuer and spec.runtime.scraper and spec.operator:
            self.child(custom, "monitor", {"metadata": meta(), **operated.service_monitor(spec)})

        host = service.metadata.apply(lambda found: f"{found.name}.{found.namespace}.svc")
        self.http = pulumi.Output.concat("https://", host)
        self.grpc = pulumi.Output.concat(host, f":{GRPC_PORT}" if GRPC_PORT in objects.data_ports(spec) else "")
        self.done({"http": self.http, "grpc": self.grpc})

    def _workload(self, spec: InferenceRuntimeSpec, meta: dict[str, Any]) -> None:
        """What runs the servers, by engine."""
        if objects.engine(spec) is EngineKind.KSERVE:
            custom = kubernetes.apiextensions.CustomResource
            runtime = self.child(custom, "serving-runtime", {"metadata": meta, **kserve.serving_runtime(spec)})
            service = {"metadata": kserve.service_metadata(spec, meta), **kserve.inference_service(spec)}
            self.child(custom, "inference-service", service, depends_on=[runtime])
            return
        made = vllm.deployment(spec) if objects.engine(spec) is EngineKind.VLLM else objects.deployment(spec)
        updates = spec.runtime.updates
        if updates is None or objects.engine(spec) is EngineKind.VLLM:
            self.child(kubernetes.apps.v1.Deployment, "deployment", {"metadata": meta, "spec": made})
            return
        for way in updates.egress:
            noun = f"registry-{address_noun(way)}"
            why = because({**meta, "name": f"{objects.workload(spec)}-{noun}"}, way.why)
            policy = {"metadata": why, "spec": pulling.allow_out(way, objects.selector(spec))}
            self.child(kubernetes.networking.v1.NetworkPolicy, noun, policy)
        pods = {"metadata": meta, "spec": pulling.stateful_set(spec, updates, made)}
        self.child(kubernetes.apps.v1.StatefulSet, "stateful-set", pods)
