"""The registry: what outlives every cluster."""

import pulumi

from aiinfra.components.args import RegistryArgs
from aiinfra.components.aws.closed_bucket import ClosedBucket
from aiinfra.components.aws.image_repositories import ImageRepositories
from aiinfra.components.aws.release_bucket import ReleaseBucket
from aiinfra.components.aws.replicas import Replicas
from aiinfra.components.aws.signing_key import SigningKey
from aiinfra.components.aws.specs import ImageRepositoriesSpec, RegistrySpec, ReleaseBucketSpec, SigningKeySpec
from aiinfra.components.aws.storage_specs import ClosedBucketSpec, ReplicasSpec, SourceBucket
from aiinfra.components.component import Component, parse_args
from aiinfra.names import bucket_name
from aiinfra.tokens import REGISTRY


class Registry(Component):
    """Where releases are kept and signed, and images mirrored.

    Children: ``releases`` (:class:`ReleaseBucket`) and its ``access-logs`` (:class:`ClosedBucket`), unless a bucket is
    there already, ``signing`` (:class:`SigningKey`), and ``images`` (:class:`ImageRepositories`) where any are named;
    ``replicas`` (:class:`Replicas`) of the releases where another region is named.
    """

    bucket: pulumi.Output[str]
    """Name of the bucket that releases go to."""
    signing_key: pulumi.Output[str]
    """Alias of the key that releases are signed with."""
    repositories: pulumi.Output[dict[str, str]]
    """Name of an image or chart -> address to push to."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(RegistrySpec, name, args)
        super().__init__(REGISTRY, name, spec, opts)
        if spec.existing.release_bucket:
            self.bucket = pulumi.Output.from_input(spec.existing.release_bucket)
        else:
            logs = self.part(ClosedBucket, "access-logs", access_logs_of(spec, name))
            log_to = bucket_name(f"{name}-access-logs", spec.account, spec.region)
            wanted = ReleaseBucketSpec(account=spec.account, region=spec.region, key=spec.existing.key, log_to=log_to)
            releases = self.part(ReleaseBucket, "releases", wanted, depends_on=[logs])
            self.bucket = releases.bucket
            self._copy(spec, releases)
        place = {"account": spec.account, "region": spec.region}
        self.signing_key = self.part(SigningKey, "signing", SigningKeySpec(**place)).alias
        self.repositories = pulumi.Output.from_input({})
        if spec.images:
            wanted_images = ImageRepositoriesSpec(**place, prefix=spec.prefix or spec.name, names=spec.images)
            self.repositories = self.part(ImageRepositories, "images", wanted_images).repositories
        self.done({"bucket": self.bucket, "signingKey": self.signing_key, "repositories": self.repositories})

    def _copy(self, spec: RegistrySpec, releases: ReleaseBucket) -> None:
        copies = replicas_of(spec, self._name)
        if copies is not None:
            self.part(Replicas, "replicas", copies, depends_on=[releases])


def replicas_of(spec: RegistrySpec, name: str) -> ReplicasSpec | None:
    """Copies of the releases in another region; None where none are wanted."""
    if spec.replica is None:
        return None
    called = f"{name}-releases"
    source = SourceBucket(
        bucket=bucket_name(called, spec.account, spec.region),
        key=spec.existing.key or f"alias/{called}",
        keep_old_versions=365,
    )
    place = {"account": spec.account, "region": spec.replica, "home": spec.region}
    return ReplicasSpec(**place, sources={"releases": source})


def access_logs_of(spec: RegistrySpec, name: str) -> ClosedBucketSpec:
    """Where the access log of the releases goes; S3 delivers it under its own key only."""
    releases = bucket_name(f"{name}-releases", spec.account, spec.region)
    return ClosedBucketSpec(account=spec.account, region=spec.region, logged=(releases,), keep=365)
