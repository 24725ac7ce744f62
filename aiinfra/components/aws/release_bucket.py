"""The bucket that releases are kept in."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import ReleaseBucketArgs
from aiinfra.components.aws import bucket_policy, bucket_settings
from aiinfra.components.aws.specs import ReleaseBucketSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.names import bucket_name
from aiinfra.tokens import RELEASE_BUCKET


class ReleaseBucket(Component):
    """Private, encrypted with a customer key, versioned, TLS only, protected from deletion.

    Children: ``key`` and ``alias`` (unless a key is given), ``bucket``, ``access-block``, ``ownership``,
    ``versioning``, ``encryption``, ``policy``, ``lifecycle``; ``logging`` where it is logged.
    """

    bucket: pulumi.Output[str]
    """The bucket's name."""
    key_arn: pulumi.Output[str]
    """ARN of the key that encrypts it."""

    def __init__(self, name: str, args: ReleaseBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ReleaseBucketSpec, name, args)
        super().__init__(RELEASE_BUCKET, name, spec, opts)
        partition = find_region(spec.region).partition
        called = bucket_name(name, spec.account, spec.region)
        key_arn = pulumi.Output.from_input(spec.key) if spec.key else self._key(name, spec, partition)

        bucket = self.child(aws.s3.Bucket, "bucket", {"bucket": called}, protect=True)
        on = {"bucket": bucket.bucket}
        closed = self.child(aws.s3.BucketPublicAccessBlock, "access-block", {**on, **bucket_settings.NOT_PUBLIC})
        self.child(aws.s3.BucketOwnershipControls, "ownership", {**on, **bucket_settings.NO_ACLS})
        versioning = self.child(aws.s3.BucketVersioning, "versioning", {**on, **bucket_settings.VERSIONED})
        encrypted = {**on, **bucket_settings.encrypted(key_arn)}
        self.child(aws.s3.BucketServerSideEncryptionConfiguration, "encryption", encrypted)
        policy = {**on, "policy": bucket_policy.tls_only(called, partition)}
        self.child(aws.s3.BucketPolicy, "policy", policy, depends_on=[closed])
        keep = {**on, "rules": [bucket_settings.expire(spec.keep_old_versions)]}
        self.child(aws.s3.BucketLifecycleConfiguration, "lifecycle", keep, depends_on=[versioning])

        if spec.log_to:
            log = {**on, "target_bucket": spec.log_to, "target_prefix": f"{called}/"}
            self.child(aws.s3.BucketLogging, "logging", log)

        self.bucket = bucket.bucket
        self.key_arn = key_arn
        self.done({"bucket": self.bucket, "keyArn": self.key_arn})

    def _key(self, name: str, spec: ReleaseBucketSpec, partition: str) -> pulumi.Output[str]:
        made = {
            "description": f"Encrypts the releases in {name}",
            "enable_key_rotation": True,
            "deletion_window_in_days": 30,
            "policy": bucket_policy.key_policy(spec.account, spec.region, partition),
        }
        key = self.child(aws.kms.Key, "key", made, protect=True)
        alias = {"name": f"alias/{name}", "target_key_id": key.key_id}
        self.child(aws.kms.Alias, "alias", alias, delete_before_replace=True)
        return key.arn
