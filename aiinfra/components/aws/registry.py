"""The registry: what outlives every cluster."""

import pulumi

from aiinfra.components.args import RegistryArgs
from aiinfra.components.aws.release_bucket import ReleaseBucket
from aiinfra.components.aws.specs import RegistrySpec, ReleaseBucketSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import REGISTRY


class Registry(Component):
    """Where releases are kept. Child: ``releases`` (:class:`ReleaseBucket`), unless a bucket is there already."""

    bucket: pulumi.Output[str]
    """Name of the bucket that releases go to."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(RegistrySpec, name, args)
        super().__init__(REGISTRY, name, spec, opts)
        if spec.existing.release_bucket:
            self.bucket = pulumi.Output.from_input(spec.existing.release_bucket)
        else:
            wanted = ReleaseBucketSpec(account=spec.account, region=spec.region, key=spec.existing.key)
            self.bucket = self.part(ReleaseBucket, "releases", wanted).bucket
        self.done({"bucket": self.bucket})
