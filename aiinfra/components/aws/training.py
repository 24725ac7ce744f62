"""The AWS side of a training cluster, composed."""

import pulumi

from aiinfra.components.args import TrainingArgs
from aiinfra.components.aws.file_system import FileSystem
from aiinfra.components.aws.keys import Keys
from aiinfra.components.aws.network import Network
from aiinfra.components.aws.storage import Storage
from aiinfra.components.aws.training_parts import files_of, keys_of, network_of, storage_of
from aiinfra.components.aws.training_specs import TrainingSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import TRAINING


class Training(Component):
    """A cluster's surroundings, closed.

    Children: ``keys`` (:class:`Keys`), ``network`` (:class:`Network`), ``storage`` (:class:`Storage`), and where it is
    declared ``files`` (:class:`FileSystem`).
    """

    vpc: pulumi.Output[str]
    """Id of the network."""
    buckets: pulumi.Output[dict[str, str]]
    """What for -> the bucket's name."""

    def __init__(self, name: str, args: TrainingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(TrainingSpec, name, args)
        super().__init__(TRAINING, name, spec, opts)
        keys = self.part(Keys, "keys", keys_of(spec, name))
        network = self.part(Network, "network", network_of(spec, keys.logs))
        stored = storage_of(spec, keys.data)
        storage = self.part(Storage, "storage", stored)
        if spec.files is not None:
            ids = {"vpc": network.vpc, "subnet": network.service_subnets[spec.home], "clients": network.nodes_group}
            files = files_of(spec.files, stored, f"{name}-storage", key=keys.data, **ids)
            self.part(FileSystem, "files", files, depends_on=[storage])

        self.vpc = network.vpc
        self.buckets = storage.buckets
        self.done({"vpc": self.vpc, "buckets": self.buckets})
