"""What the parts of an account are declared with, each from the whole. Pure; ids are handed through."""

from aiinfra.components.aws.account_specs import AccountSpec, AlarmsSpec, SpendingSpec
from aiinfra.components.aws.storage_specs import ClosedBucketSpec
from aiinfra.components.spec import Given
from aiinfra.names import bucket_name

RECORDED = ("trail-records", "config-records")


def log_group(name: str) -> str:
    """Where the trail is read from without a search."""
    return f"/aiinfra/{name}/trail"


def alarms_of(spec: AccountSpec) -> AlarmsSpec:
    """Where alarms go."""
    return AlarmsSpec(account=spec.account, region=spec.region, mails=spec.mails)


def spending_of(spec: AccountSpec, topic: Given) -> SpendingSpec:
    """Alarms of the whole account's money."""
    return SpendingSpec(topic=topic, budget=spec.guard.budget, anomalies=spec.guard.anomalies)


def access_logs_of(spec: AccountSpec, name: str) -> ClosedBucketSpec:
    """Where the other buckets' access logs go, which S3 delivers under its own key only."""
    return ClosedBucketSpec(
        account=spec.account,
        region=spec.region,
        logged=tuple(bucket_name(f"{name}-{noun}", spec.account, spec.region) for noun in RECORDED),
        administrators=spec.administrators,
        keep=spec.keep_records,
    )


def trail_records_of(spec: AccountSpec, name: str, key: Given) -> ClosedBucketSpec:
    """The trail's: nothing in it can be deleted before its time."""
    return _records(spec, name, key).model_copy(
        update={"lock": spec.keep_records, "writer": "cloudtrail.amazonaws.com"}
    )


def config_records_of(spec: AccountSpec, name: str, key: Given) -> ClosedBucketSpec:
    """The recorder's. It cannot deliver into a bucket that locks what comes in (AWS Config developer guide)."""
    return _records(spec, name, key).model_copy(update={"writer": "config.amazonaws.com"})


def _records(spec: AccountSpec, name: str, key: Given) -> ClosedBucketSpec:
    return ClosedBucketSpec(
        account=spec.account,
        region=spec.region,
        key=key,
        log_to=bucket_name(f"{name}-access-logs", spec.account, spec.region),
        administrators=spec.administrators,
        keep_old_versions=spec.keep_records,
    )
