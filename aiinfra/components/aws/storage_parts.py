"""What the buckets of a training cluster are declared with, each from the whole. Pure; the key is handed through."""

from aiinfra.components.aws.storage_specs import ClosedBucketSpec, StorageSpec
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


def buckets_of(spec: StorageSpec, name: str) -> dict[str, ClosedBucketSpec]:
    """Noun -> what it is declared with. Checkpoints are overwritten all the time, so their old versions go soon."""
    old_versions = {"audit": spec.keep_records, "checkpoints": 14, "datasets": 90}
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
