"""Shows that the machines that train are what was paid for."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import PreflightArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import preflight_job
from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.platform_specs import PreflightSpec
from aiinfra.tokens import PREFLIGHT


class Preflight(Component):
    """A job on all machines at once; ``up`` waits for it and fails where it does.

    Children: ``program`` (ConfigMap), ``job`` (JobSet).
    """

    job: pulumi.Output[str]
    """Name of the job."""

    def __init__(self, name: str, args: PreflightArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(PreflightSpec, name, args)
        super().__init__(PREFLIGHT, name, spec, opts)
        called = preflight_job.name(spec)
        meta = metadata(called, spec.tags, namespace=spec.namespace, workload="preflight")
        data = {preflight_job.PROGRAM: preflight_job.program()}
        program = {"metadata": meta, "data": data, "immutable": True}
        first = self.child(kubernetes.core.v1.ConfigMap, "program", program)
        run = {"metadata": {**meta, "annotations": preflight_job.awaited()}, **preflight_job.job(spec)}
        self.child(kubernetes.apiextensions.CustomResource, "job", run, depends_on=[first])

        self.job = pulumi.Output.from_input(called)
        self.done({"job": self.job})
