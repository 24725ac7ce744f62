"""Operators of a training cluster: charts of the pinned table, from the mirror."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import OperatorsArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import operator_values
from aiinfra.components.kubernetes.platform_specs import OperatorsSpec
from aiinfra.components.locked import missing, require_locked, told
from aiinfra.tokens import OPERATORS


class Operators(Component):
    """What runs in the cluster and is not ours. A review sees the charts and what they are told, not what they make.

    Children, each a Helm release: ``jobset``, ``kueue``, ``trainer``; ``nvidia`` or ``neuron`` by the machines that
    train, ``dcgm`` where metrics of NVIDIA's are kept, ``efa`` where they have such cards, ``karpenter`` where they
    come and go.
    """

    releases: pulumi.Output[list[str]]
    """Names of the releases."""

    def __init__(self, name: str, args: OperatorsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(OperatorsSpec, name, args)
        unlocked = missing(operator_values.locked_names(spec), spec.images)
        require_locked(unlocked)
        super().__init__(OPERATORS, name, spec, opts)
        if unlocked:
            pulumi.log.warn(told(unlocked), self)
        made: list[kubernetes.helm.v3.Release] = []
        for row in operator_values.wanted(spec):
            # One after the other: the trainer needs job sets, Kueue looks for both as it starts.
            made.append(
                self.child(
                    kubernetes.helm.v3.Release, row.name, operator_values.release(row, spec), depends_on=made[-1:]
                )
            )

        self.releases = pulumi.Output.all(*[release.name for release in made])
        self.done({"releases": self.releases})
