"""What every bucket of ours is set to, in the provider's words. Pure; keys and names are handed through."""

from typing import Any, Final

NOT_PUBLIC: Final = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)
NO_ACLS: Final = {"rule": {"object_ownership": "BucketOwnerEnforced"}}
VERSIONED: Final = {"versioning_configuration": {"status": "Enabled"}}


def encrypted(key: Any) -> dict[str, Any]:
    """With the key of that ARN; with S3's own where there is none."""
    has_key = key is not None and not (isinstance(key, str) and not key)
    default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key} if has_key else {"sse_algorithm": "AES256"}
    return {"rules": [{"apply_server_side_encryption_by_default": default, "bucket_key_enabled": has_key}]}


def expire(old_versions: int, everything: int = 0) -> dict[str, Any]:
    """Old versions go after so many days, unfinished uploads after a week; objects themselves only where asked."""
    rule = {
        "id": "expire-old-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": old_versions},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
    }
    return {**rule, "expiration": {"days": everything}} if everything else rule


def locked(days: int) -> dict[str, Any]:
    """Objects cannot be overwritten or deleted for so many days, but by whoever may bypass governance."""
    return {"object_lock_enabled": "Enabled", "rule": {"default_retention": {"mode": "GOVERNANCE", "days": days}}}
