"""The queue that training jobs wait in."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import QueueingArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import queue_objects as objects
from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.platform_specs import QueueingSpec
from aiinfra.tokens import QUEUEING


class Queueing(Component):
    """One queue over all machines that train; it lets a job in when all its pods can start, close together.

    Children: ``topology`` where places count, ``flavor``, ``cluster-queue``, ``queue``, ``training-routine``,
    ``training-urgent``.
    """

    queue: pulumi.Output[str]
    """Name of the queue in the namespace; jobs that name none wait in it."""

    def __init__(self, name: str, args: QueueingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(QueueingSpec, name, args)
        super().__init__(QUEUEING, name, spec, opts)
        custom, called = kubernetes.apiextensions.CustomResource, "accelerators"
        everywhere = {"metadata": metadata(called, spec.tags)}
        first: list[pulumi.Resource] = []
        if spec.topology:
            first.append(self.child(custom, "topology", {**everywhere, **objects.topology(spec)}))
        flavor = objects.flavor(spec, called if spec.topology else "")
        machines = self.child(custom, "flavor", {**everywhere, **flavor}, depends_on=first)
        all_of_them = {**everywhere, **objects.cluster_queue(spec, called)}
        whole = self.child(custom, "cluster-queue", all_of_them, depends_on=[machines])
        inside = {"metadata": metadata(objects.LOCAL, spec.tags, namespace=spec.namespace)}
        self.child(custom, "queue", {**inside, **objects.local_queue(called)}, depends_on=[whole])
        for priority in objects.PRIORITIES:
            meta = {"metadata": metadata(priority, spec.tags)}
            kind = kubernetes.scheduling.v1.PriorityClass
            self.child(kind, priority, {**meta, **objects.priority(priority)})

        self.queue = pulumi.Output.from_input(objects.LOCAL)
        self.done({"queue": self.queue})
