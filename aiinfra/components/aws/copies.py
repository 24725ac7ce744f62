"""Copies of buckets in another region: what each is declared with, who copies, and the rule. Pure.

Actions are those of the S3 user guide ("Setting up permissions for live replication", "Replicating encrypted objects").
"""

from typing import Any, Final

from aiinfra.components.aws.cluster_roles import named_key
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.aws.policy import allow, dns_suffix, document
from aiinfra.components.aws.storage_specs import ClosedBucketSpec, ReplicasSpec
from aiinfra.components.spec import Given
from aiinfra.names import bucket_name

SERVICE: Final = "s3.amazonaws.com"
ACCESS_LOGS: Final = "access-logs"


def called(spec: ReplicasSpec, name: str, noun: str) -> str:
    """The name of one copy of the component called ``name``."""
    return bucket_name(f"{name}-{noun}", spec.account, spec.region)


def access_logs_of(spec: ReplicasSpec, name: str) -> ClosedBucketSpec:
    """Where the copies' access logs go: S3 delivers them inside their region only."""
    return ClosedBucketSpec(
        account=spec.account,
        region=spec.region,
        elsewhere=True,
        logged=tuple(called(spec, name, noun) for noun in sorted(spec.sources)),
        administrators=spec.administrators,
        keep=365,
    )


def copy_of(spec: ReplicasSpec, name: str, noun: str, key: Given) -> ClosedBucketSpec:
    """One copy, as closed as what it is a copy of."""
    return ClosedBucketSpec(
        account=spec.account,
        region=spec.region,
        elsewhere=True,
        key=key,
        log_to=called(spec, name, ACCESS_LOGS),
        administrators=spec.administrators,
        keep_old_versions=spec.sources[noun].keep_old_versions,
        lock=spec.sources[noun].lock,
    )


def copier_policy(spec: ReplicasSpec, name: str, noun: str, partition: str) -> str:
    """Read one bucket, write one other, with the key of each, and nothing else."""
    source = spec.sources[noun]
    ours, theirs = f"arn:{partition}:s3:::{source.bucket}", f"arn:{partition}:s3:::{called(spec, name, noun)}"
    read = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
    locked = ["s3:GetObjectLegalHold", "s3:GetObjectRetention"] if source.lock else []
    written, region = key_alias(name, "key"), spec.region
    statements = [
        allow("FindRule", ("s3:GetReplicationConfiguration", "s3:ListBucket"), [ours]),
        allow("Read", sorted([*read, *locked]), [f"{ours}/*"]),
        allow("Copy", ("s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"), [f"{theirs}/*"]),
        _with_key("WriteKey", ("kms:Encrypt", "kms:GenerateDataKey"), written, f"{spec.account}/{region}", partition),
    ]
    if source.key:
        place = f"{spec.account}/{spec.home}"
        statements.append(_with_key("ReadKey", ("kms:Decrypt", "kms:DescribeKey"), source.key, place, partition))
    return document(*statements)


def _with_key(sid: str, actions: tuple[str, ...], key: str, place: str, partition: str) -> dict[str, Any]:
    """Use of a key through S3; ``place`` is its account and region."""
    account, _, region = place.partition("/")
    keys, condition = named_key(key, account, region, partition)
    service = {"StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(partition)}"}}
    return allow(sid, actions, keys, Condition={**service, **condition})


def rule(copies: str, key: Given, partition: str) -> dict[str, Any]:
    """Everything is copied as it comes, what is encrypted too; deletions are copied as markers, so versions stay."""
    return {
        "id": "copy",
        "status": "Enabled",
        "priority": 0,
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Enabled"},
        "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        "destination": {
            "bucket": f"arn:{partition}:s3:::{copies}",
            "encryption_configuration": {"replica_kms_key_id": key},
            "metrics": {"status": "Enabled"},
        },
    }
