"""One site on Kubernetes: a trusted namespace and the runtime in it."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import SiteArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import bridge_objects, monitoring_objects, upgrades
from aiinfra.components.kubernetes.delivery import PROPERTIES
from aiinfra.components.kubernetes.inference_runtime import InferenceRuntime
from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.parts import monitoring_of, namespace_of, runtime_of, streams_of
from aiinfra.components.kubernetes.runtime_objects import unlocked
from aiinfra.components.kubernetes.site_monitoring import SiteMonitoring
from aiinfra.components.kubernetes.specs import SiteSpec
from aiinfra.components.kubernetes.streams import Streams
from aiinfra.components.kubernetes.trusted_namespace import TrustedNamespace
from aiinfra.components.locked import require_locked
from aiinfra.tokens import SITE


class Site(Component):
    """What one row of a class becomes.

    Children: ``namespace`` (:class:`TrustedNamespace`), ``runtime`` (:class:`InferenceRuntime`), ``values`` where the
    row carries any, ``streams`` (:class:`Streams`) and ``monitoring`` (:class:`SiteMonitoring`) where they are
    declared, and ``upgrade-servers``, ``upgrade-agents`` where k3s has a window for upgrades.
    """

    http: pulumi.Output[str]
    """REST address inside the cluster."""
    grpc: pulumi.Output[str]
    """gRPC address inside the cluster."""

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(SiteSpec, name, args)
        inside = runtime_of(spec)
        watched = monitoring_of(spec, spec.monitoring) if spec.monitoring else None
        more = monitoring_objects.unlocked(watched) if watched else []
        streams = streams_of(spec)
        more += bridge_objects.unlocked(streams) if streams else []
        require_locked([*unlocked(inside), *upgrades.unlocked(spec), *more])
        super().__init__(SITE, name, spec, opts)
        namespace = self.part(TrustedNamespace, "namespace", namespace_of(spec))
        if spec.values:
            meta = metadata("site", spec.tags, namespace=spec.namespace, workload=spec.model_name)
            values = {"metadata": meta, "data": _values(spec)}
            self.child(kubernetes.core.v1.ConfigMap, "values", values, depends_on=[namespace])
        for noun, plan in upgrades.plans(spec).items():
            meta = metadata(f"{spec.class_name}-{noun}", spec.tags, namespace=upgrades.NAMESPACE)
            self.child(kubernetes.apiextensions.CustomResource, noun, {"metadata": meta, **plan})
        runtime = self.part(InferenceRuntime, "runtime", inside, depends_on=[namespace])

        if streams:
            self.part(Streams, "streams", streams, depends_on=[namespace])
        if watched:
            self.part(SiteMonitoring, "monitoring", watched, depends_on=[namespace])

        self.http = runtime.http
        self.grpc = runtime.grpc
        self.done({"http": self.http, "grpc": self.grpc})


def _values(spec: SiteSpec) -> dict[str, str]:
    """What the site is told of itself; one whose manifests are delivered fills its name in by itself."""
    own = {} if PROPERTIES in spec.values else {"site": spec.site}
    return {**own, **spec.values}
