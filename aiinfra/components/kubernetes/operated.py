"""Objects that a controller of the cluster acts on: the autoscaler, cert-manager, the Prometheus operator. Pure."""

import math
from typing import Any, Final

from aiinfra.components.kubernetes.runtime_objects import (
    certificate_secret,
    engine,
    scraper_secret,
    selector,
    workload,
)
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec, StreamsSpec
from aiinfra.components.site_config import identity, most_replicas, replicas
from aiinfra.spec.engine import Demand, EngineKind
from aiinfra.spec.issuer import Issuer

BUSY: Final = 70
"""Percent of the asked-for cores, on average, past which servers are added: the rest is for what comes meanwhile."""
_MARGIN_HOURS: Final = 24
_SHORTEST_HOURS: Final = 90 * 24


def autoscaler(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """Grows at once while the cores are busy, shrinks one server every two minutes after five calm ones.

    The cores are the measure also where an accelerator does the work: a server that waits for its accelerator spends
    them on requests. Needs the cluster's metrics server (k3s has one; on EKS it is an add-on).
    """
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload(spec)},
        "minReplicas": replicas(spec.runtime),
        "maxReplicas": most_replicas(spec.runtime),
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": BUSY}},
            }
        ],
        "behavior": {
            "scaleUp": {"stabilizationWindowSeconds": 0},
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
            },
        },
    }


def scaled_by_demand(spec: InferenceRuntimeSpec, demand: Demand, target: str) -> dict[str, Any]:
    """KEDA's object: no server while nothing waits, one more for each share of what does, up to the most declared.

    While Prometheus does not answer, ``fallback`` servers run: an outage of the measure is none of the service.
    """
    trigger = {
        "type": "prometheus",
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": demand.prometheus,
            "query": demand.query,
            "threshold": f"{demand.each:g}",
            "activationThreshold": "0",
            "ignoreNullValues": "false",
        },
    }
    return {
        "api_version": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "pollingInterval": 15,
            "cooldownPeriod": max(1, round(demand.idle.seconds)),
            "minReplicaCount": 0,
            "maxReplicaCount": max(most_replicas(spec.runtime), demand.fallback),
            "fallback": {"failureThreshold": 3, "replicas": demand.fallback},
            "triggers": [trigger],
        },
    }


def server_certificate(spec: InferenceRuntimeSpec, issuer: Issuer) -> dict[str, Any]:
    """The certificate whose Secret the server mounts: its names in the cluster, and its SPIFFE id."""
    host = f"{workload(spec)}.{spec.namespace}"
    names = [workload(spec), host, f"{host}.svc", f"{host}.svc.cluster.local"]
    # vLLM's probe shows this certificate as a client.
    client = ["client auth"] if engine(spec) is EngineKind.VLLM else []
    more = {"usages": ["digital signature", "server auth", *client], "dnsNames": names}
    return _certificate(spec, issuer, certificate_secret(spec), f"{spec.namespace}/{workload(spec)}", more)


def scraper_certificate(spec: InferenceRuntimeSpec, issuer: Issuer) -> dict[str, Any]:
    """The certificate that the scraper reads metrics with."""
    more = {"usages": ["digital signature", "client auth"]}
    return _certificate(spec, issuer, scraper_secret(spec.model_name), spec.runtime.scraper or "", more)


def client_certificate(spec: StreamsSpec, workload_: str) -> dict[str, Any]:
    """The certificate that a workload of ours beside the server asks with."""
    more = {"usages": ["digital signature", "client auth"]}
    return _certificate(spec, spec.issuer, f"{workload_}-tls", f"{spec.namespace}/{workload_}", more)


def lifetime(spec: InferenceRuntimeSpec | StreamsSpec) -> tuple[int, int]:
    """Hours that a certificate lasts, and hours before its end at which it is renewed.

    Whenever the link goes, the certificate in use has at least the declared outage and a day left, so a renewal that
    needs the link is never late. It lasts 90 days, or three times that rest where that is longer, or as long as the
    issuer signs (``check`` refuses an outage longer than that).
    """
    before = math.ceil(spec.offline.seconds / 3600) + _MARGIN_HOURS
    lasts = max(_SHORTEST_HOURS, 3 * before)
    issuer = spec.runtime.issuer
    most = lasts if issuer is None or issuer.longest is None else math.floor(issuer.longest.seconds / 3600)
    return min(lasts, most), before


def _certificate(
    spec: InferenceRuntimeSpec | StreamsSpec, issuer: Issuer, secret: str, who: str, more: dict[str, Any]
) -> dict[str, Any]:
    duration, before = lifetime(spec)
    domain = spec.runtime.trust_domain or spec.model_name
    return {
        "api_version": "cert-manager.io/v1",
        "kind": "Certificate",
        "spec": {
            "secretName": secret,
            "issuerRef": {"group": "cert-manager.io", "kind": issuer.kind.value, "name": issuer.name},
            "duration": f"{duration}h",
            "renewBefore": f"{before}h",
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "uris": [identity(domain, who, spec.runtime, spec.model_name)],
            **more,
        },
    }


def service_monitor(spec: InferenceRuntimeSpec) -> dict[str, Any]:
    """What the Prometheus operator scrapes: the metrics port, with certificates on both sides."""
    secret = scraper_secret(spec.model_name)
    return {
        "api_version": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "spec": {
            "selector": {"matchLabels": selector(spec)},
            "endpoints": [
                {
                    "port": "https" if engine(spec) is EngineKind.VLLM else "metrics",
                    "scheme": "https",
                    "path": "/metrics",
                    "interval": "30s",
                    "tlsConfig": {
                        "serverName": f"{workload(spec)}.{spec.namespace}.svc",
                        "ca": {"secret": {"name": secret, "key": "ca.crt"}},
                        "cert": {"secret": {"name": secret, "key": "tls.crt"}},
                        "keySecret": {"name": secret, "key": "tls.key"},
                    },
                }
            ],
        },
    }
