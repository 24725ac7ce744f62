"""Everything inside a training cluster, composed."""

import pulumi

from aiinfra.components.args import PlatformArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import platform_parts as parts
from aiinfra.components.kubernetes.machines import Machines
from aiinfra.components.kubernetes.operators import Operators
from aiinfra.components.kubernetes.platform_specs import PlatformSpec
from aiinfra.components.kubernetes.preflight import Preflight
from aiinfra.components.kubernetes.queueing import Queueing
from aiinfra.components.kubernetes.training_jobs import TrainingJobs
from aiinfra.components.kubernetes.volumes import Volumes
from aiinfra.components.locked import missing, require_locked
from aiinfra.images import trainer_image
from aiinfra.tokens import PLATFORM


class Platform(Component):
    """What turns machines into a place to train.

    Children: ``operators`` (:class:`Operators`), ``machines`` (:class:`Machines`) where they come and go, ``jobs``
    (:class:`TrainingJobs`), ``queueing`` (:class:`Queueing`), ``volumes`` (:class:`Volumes`), ``preflight``
    (:class:`Preflight`) where it is wanted. Each waits for what it needs, so that a destroy ends jobs before queues,
    queues before operators.
    """

    namespace: pulumi.Output[str]
    """Namespace of training jobs."""
    runtime: pulumi.Output[str]
    """Runtime that a training job names."""
    queue: pulumi.Output[str]
    """Queue that jobs wait in."""

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(PlatformSpec, name, args)
        require_locked(missing([trainer_image(spec.name)], spec.images))
        super().__init__(PLATFORM, name, spec, opts)
        operators = self.part(Operators, "operators", parts.operators_of(spec))
        ready: list[pulumi.Resource] = [operators]
        if spec.scale_to_zero:
            ready.append(self.part(Machines, "machines", parts.machines_of(spec), depends_on=[operators]))
        jobs = self.part(TrainingJobs, "jobs", parts.jobs_of(spec), depends_on=[operators])
        queueing = self.part(Queueing, "queueing", parts.queueing_of(spec), depends_on=[*ready, jobs])
        volumes = self.part(Volumes, "volumes", parts.volumes_of(spec), depends_on=[jobs])
        preflight = parts.preflight_of(spec)
        if preflight is not None:
            self.part(Preflight, "preflight", preflight, depends_on=[*ready, jobs, queueing, volumes])

        self.namespace, self.runtime, self.queue = jobs.namespace, jobs.runtime, queueing.queue
        self.done({"namespace": self.namespace, "runtime": self.runtime, "queue": self.queue})
