"""The AWS side of a training cluster, composed."""

import pulumi

from aiinfra.components.args import TrainingArgs
from aiinfra.components.aws.keys import Keys
from aiinfra.components.aws.network import Network
from aiinfra.components.aws.training_parts import keys_of, network_of
from aiinfra.components.aws.training_specs import TrainingSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import TRAINING


class Training(Component):
    """Keys, and a network that nothing leaves. Children: ``keys`` (:class:`Keys`), ``network`` (:class:`Network`)."""

    vpc: pulumi.Output[str]
    """Id of the network."""

    def __init__(self, name: str, args: TrainingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(TrainingSpec, name, args)
        super().__init__(TRAINING, name, spec, opts)
        keys = self.part(Keys, "keys", keys_of(spec, name))
        network = self.part(Network, "network", network_of(spec, keys.logs))

        self.vpc = network.vpc
        self.done({"vpc": self.vpc})
