"""Where training jobs run, as whom, and from what."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import TrainingJobsArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import job_space, training_pods
from aiinfra.components.kubernetes.labels import because, metadata
from aiinfra.components.kubernetes.platform_specs import TrainingJobsSpec
from aiinfra.components.kubernetes.trusted_namespace import TrustedNamespace
from aiinfra.tokens import TRAINING_JOBS


class TrainingJobs(Component):
    """A closed namespace whose pods talk to one another, read and write S3, and take one role.

    Children: ``namespace`` (:class:`TrustedNamespace`), ``account``, ``between``, ``identity``, ``runtime``.
    """

    namespace: pulumi.Output[str]
    """Name of the namespace."""
    runtime: pulumi.Output[str]
    """Name of the runtime that a training job names."""

    def __init__(self, name: str, args: TrainingJobsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(TrainingJobsSpec, name, args)
        super().__init__(TRAINING_JOBS, name, spec, opts)
        space = self.part(TrustedNamespace, "namespace", job_space.namespace_of(spec))

        def inside(called: str) -> dict[str, dict[str, object]]:
            return {"metadata": metadata(called, spec.tags, namespace=spec.namespace, workload="training")}

        account = {**inside(training_pods.SERVICE_ACCOUNT), "automount_service_account_token": False}
        self.child(kubernetes.core.v1.ServiceAccount, "account", account, depends_on=[space])
        policy = kubernetes.networking.v1.NetworkPolicy
        for noun, (spec_of, why) in job_space.POLICIES.items():
            meta = because(inside(noun)["metadata"], why)
            self.child(policy, noun, {"metadata": meta, "spec": spec_of()}, depends_on=[space])
        called = f"{spec.namespace}-{training_pods.RUNTIME}"
        whole = {"metadata": job_space.runtime_metadata(called, spec), **training_pods.runtime(spec)}
        self.child(kubernetes.apiextensions.CustomResource, "runtime", whole, depends_on=[space])

        self.namespace = space.namespace
        self.runtime = pulumi.Output.from_input(called)
        self.done({"namespace": self.namespace, "runtime": self.runtime})
