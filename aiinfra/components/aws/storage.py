"""The buckets of a training cluster."""

import pulumi

from aiinfra.components.args import StorageArgs
from aiinfra.components.aws.closed_bucket import ClosedBucket
from aiinfra.components.aws.replicas import Replicas
from aiinfra.components.aws.storage_parts import access_logs_of, buckets_of, replicas_of
from aiinfra.components.aws.storage_specs import StorageSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import STORAGE


class Storage(Component):
    """Where training data, checkpoints and records are kept, each access to them recorded.

    Children (:class:`ClosedBucket`): ``access-logs``, ``audit`` (locked), ``datasets`` and ``checkpoints`` as
    declared, unless they are there already; ``replicas`` (:class:`Replicas`) where another region
    is named.
    """

    buckets: pulumi.Output[dict[str, str]]
    """What for -> the bucket's name."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(StorageSpec, name, args)
        super().__init__(STORAGE, name, spec, opts)
        logs = self.part(ClosedBucket, "access-logs", access_logs_of(spec, name))
        made = {
            noun: self.part(ClosedBucket, noun, each, depends_on=[logs])
            for noun, each in buckets_of(spec, name).items()
        }
        replicas = replicas_of(spec, name)
        if replicas is not None:
            self.part(Replicas, "replicas", replicas, depends_on=list(made.values()))

        self.buckets = pulumi.Output.all(**{**{noun: each.bucket for noun, each in made.items()}, **spec.existing})
        self.done({"buckets": self.buckets})
