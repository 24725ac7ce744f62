"""A bucket that only networks of the account reach."""

import pulumi
import pulumi_aws as aws

from aiinfra.catalogue.find import find_region
from aiinfra.components.args import ClosedBucketArgs
from aiinfra.components.aws import bucket_policy, bucket_settings
from aiinfra.components.aws.storage_specs import ClosedBucketSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import CLOSED_BUCKET


class ClosedBucket(Component):
    """Private, encrypted, versioned, TLS only, from networks of the account only, protected from deletion.

    Children: ``bucket``, ``access-block``, ``ownership``, ``versioning``, ``encryption``, ``policy``, ``lifecycle``;
    ``logging`` where it is logged, ``lock`` where it is locked.
    """

    bucket: pulumi.Output[str]
    """The bucket's name."""

    def __init__(self, name: str, args: ClosedBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ClosedBucketSpec, name, args)
        super().__init__(CLOSED_BUCKET, name, spec, opts)
        called, partition = spec.called(name), find_region(spec.region).partition
        there = {"region": spec.region} if spec.elsewhere else {}
        kept = {"bucket": called, "object_lock_enabled": bool(spec.lock), **there}
        bucket = self.child(aws.s3.Bucket, "bucket", kept, protect=True)
        on = {"bucket": bucket.bucket, **there}
        closed = self.child(aws.s3.BucketPublicAccessBlock, "access-block", {**on, **bucket_settings.NOT_PUBLIC})
        self.child(aws.s3.BucketOwnershipControls, "ownership", {**on, **bucket_settings.NO_ACLS})
        versioning = self.child(aws.s3.BucketVersioning, "versioning", {**on, **bucket_settings.VERSIONED})
        encrypted = {**on, **bucket_settings.encrypted(spec.key)}
        self.child(aws.s3.BucketServerSideEncryptionConfiguration, "encryption", encrypted)
        text = bucket_policy.closed(
            called, spec.account, partition, spec.administrators, logged=spec.logged, writer=spec.writer
        )
        self.child(aws.s3.BucketPolicy, "policy", {**on, "policy": text}, depends_on=[closed])
        life = {**on, "rules": [bucket_settings.expire(spec.keep_old_versions, spec.keep)]}
        self.child(aws.s3.BucketLifecycleConfiguration, "lifecycle", life, depends_on=[versioning])
        if spec.log_to:
            log = {**on, "target_bucket": spec.log_to, "target_prefix": f"{called}/"}
            self.child(aws.s3.BucketLogging, "logging", log)
        if spec.lock:
            lock = {**on, **bucket_settings.locked(spec.lock)}
            self.child(aws.s3.BucketObjectLockConfiguration, "lock", lock, depends_on=[versioning])

        self.bucket = bucket.bucket
        self.done({"bucket": self.bucket})
