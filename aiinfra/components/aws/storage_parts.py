"""What the buckets of a training cluster are declared with, each from the whole. Pure; the key is handed through."""

from typing import Final

from aiinfra.components.aws.storage_specs import ClosedBucketSpec, ReplicasSpec, SourceBucket, StorageSpec
from aiinfra.names import bucket_name

ACCESS_LOGS = "access-logs"


def nouns(spec: StorageSpec) -> tuple[str, ...]:
    """The buckets that are made, the one for access logs aside."""
    return tuple(noun for noun in every_noun(spec) if noun not in spec.existing)


def every_noun(spec: StorageSpec) -> tuple[str, ...]:
    """The buckets that training uses, made or there already."""
    wanted = {"audit": True, "checkpoints": spec.checkpoints, "datasets": spec.datasets}
    return tuple(noun for noun, there in wanted.items() if there)


def called(spec: StorageSpec, name: str, noun: str) -> str:
    """The name of one bucket of the component called ``name``."""
    if noun in spec.existing:
        return spec.existing[noun]
    return bucket_name(f"{name}-{noun}", spec.account, spec.region)


def access_logs_of(spec: StorageSpec, name: str) -> ClosedBucketSpec:
    """Where the others' access logs go. S3 delivers them under its own key only, and not into a locked bucket."""
    return ClosedBucketSpec(
        account=spec.account,
        region=spec.region,
        logged=tuple(called(spec, name, noun) for noun in nouns(spec)),
        administrators=spec.administrators,
        keep=spec.keep_records,
    )


COPIED: Final = ("audit", "datasets")
"""What is worth having in another region: checkpoints are overwritten all the time, and are of no use without their
machines."""


def old_versions_of(spec: StorageSpec) -> dict[str, int]:
    """Noun -> days that old versions stay. Checkpoints are overwritten all the time, so theirs go soon."""
    return {"audit": spec.keep_records, "checkpoints": 14, "datasets": 90}


def replicas_of(spec: StorageSpec, name: str) -> ReplicasSpec | None:
    """Copies in another region, of buckets that are made here; None where none are wanted."""
    if spec.replica is None:
        return None
    sources = {
        noun: SourceBucket(
            bucket=called(spec, name, noun),
            key=spec.key_name,
            lock=spec.keep_records if noun == "audit" else 0,
            keep_old_versions=old_versions_of(spec)[noun],
        )
        for noun in nouns(spec)
        if noun in COPIED
    }
    return ReplicasSpec(
        account=spec.account,
        region=spec.replica,
        home=spec.region,
        administrators=spec.administrators,
        sources=sources,
    )


def buckets_of(spec: StorageSpec, name: str) -> dict[str, ClosedBucketSpec]:
    """Noun -> what it is declared with."""
    old_versions = old_versions_of(spec)
    return {
        noun: ClosedBucketSpec(
            account=spec.account,
            region=spec.region,
            key=spec.key,
            log_to=called(spec, name, ACCESS_LOGS),
            administrators=spec.administrators,
            keep_old_versions=old_versions[noun],
            lock=spec.keep_records if noun == "audit" else 0,
        )
        for noun in nouns(spec)
    }
