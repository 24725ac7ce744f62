"""Safeguards that go: public-access blocks, encryption, audit, protection against deletion, and overrides."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import Operation, ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import get, inputs, items, managed, opening
from aiinfra.tokens import PACKAGE

_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_BLOCK_TYPES: Final = (
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
)


def public_access_block(change: ResourceChange) -> Iterator[Finding]:
    """A block of public access that goes, or loses one of its four parts. A part left out is off."""
    if change.node.type not in _BLOCK_TYPES:
        return
    if change.operation is Operation.DELETE:
        words = "public access is no longer blocked here (a block for the whole account may still be)"
        yield opening("opening-public-access", change, words)
        return
    for key in _BLOCKS:
        if change.before is not None and get(change.before, key) is True and get(change.after, key) is False:
            yield opening("opening-public-access", change, f"{key} is turned off", path=key, before=True, after=False)
        elif change.before is not None and get(change.before, key) is True and get(change.after, key) is None:
            yield opening("opening-public-access", change, f"{key} is left out, so it is off", path=key, before=True)
    if change.before is None and managed(change):
        off = [key for key in _BLOCKS if get(change.after, key) is not True]
        if off:
            yield opening("opening-public-access", change, f"the block leaves {', '.join(off)} off")


_ON: Final = (
    "encrypted",
    "storageEncrypted",
    "atRestEncryptionEnabled",
    "transitEncryptionEnabled",
    "sqsManagedSseEnabled",
    "enableKeyRotation",
    "enableLogFileValidation",
)
"""Properties that are on when true."""
_KEYS: Final = ("kmsKeyId", "kmsKeyArn", "kmsMasterKeyId", "kmsKey", "kmsDataKeyReusePeriodSeconds")
_BLOCKS_OF_ENCRYPTION: Final = (
    "encryptionConfig",
    "encryptionConfiguration",
    "encryptionConfigurations",
    "serverSideEncryption",
    "serverSideEncryptionConfiguration",
    "encryptAtRest",
    "nodeToNodeEncryption",
)
_SSE: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


def encryption(change: ResourceChange) -> Iterator[Finding]:
    """Encryption, or a key of one's own, that goes."""
    if change.node.package != "aws" or change.before is None:
        return
    if change.node.type == _SSE and change.operation is Operation.DELETE:
        words = "the bucket's own encryption settings go: new objects fall back to S3's own key"
        yield opening("opening-encryption", change, words)
        return
    if not managed(change) or change.operation is Operation.DELETE:
        return
    for key in _ON:
        if get(change.before, key) is True and get(change.after, key) is not True:
            yield opening("opening-encryption", change, f"{key} is turned off", path=key, before=True)
    for key in _KEYS[:4]:
        if get(change.before, key) and not get(change.after, key):
            words = f"{key} is removed: the service falls back to a key that is not yours"
            yield opening("opening-encryption", change, words, path=key)
    for key in _BLOCKS_OF_ENCRYPTION:
        old, new = get(change.before, key), get(change.after, key)
        if old and not new:
            yield opening("opening-encryption", change, f"{key} is removed", path=key)
        elif _enabled(old) and not _enabled(new):
            yield opening("opening-encryption", change, f"{key} is turned off", path=key)
    if change.node.type == _SSE and _kms(change.before) and not _kms(change.after):
        words = "the bucket's objects are no longer encrypted with a KMS key of yours"
        yield opening("opening-encryption", change, words, path="rules")


def _enabled(block: Any) -> bool:
    return any(isinstance(item, Mapping) and item.get("enabled") is True for item in items(block))


def _kms(node: Node | None) -> bool:
    rules = [rule for rule in items(inputs(node).get("rules")) if isinstance(rule, Mapping)]
    defaults = [rule.get("applyServerSideEncryptionByDefault") for rule in rules]
    return any(isinstance(item, Mapping) and item.get("sseAlgorithm") != "AES256" for item in defaults)


_WATCHERS: Final = {
    "aws:cloudtrail/trail:Trail": ("the trail: calls in the account are no longer recorded by it", "enableLogging"),
    "aws:ec2/flowLog:FlowLog": ("the flow log: traffic is no longer recorded by it", ""),
    "aws:guardduty/detector:Detector": ("the detector: threats are no longer looked for", "enable"),
    "aws:guardduty/detectorFeature:DetectorFeature": ("a feature of the detector: it no longer looks at this", ""),
    "aws:guardduty/organizationConfiguration:OrganizationConfiguration": (
        "the organization's detection: accounts that join it are not watched",
        "",
    ),
    "aws:cfg/recorder:Recorder": ("the recorder: changes of resources are no longer recorded by it", ""),
    "aws:cfg/recorderStatus:RecorderStatus": ("the recorder's status", "isEnabled"),
    "aws:accessanalyzer/analyzer:Analyzer": ("the analyzer: access from outside is no longer looked for", ""),
}


def watching(change: ResourceChange) -> Iterator[Finding]:
    """A recorder or detector that goes or is turned off."""
    if change.node.type not in _WATCHERS:
        return
    words, switch = _WATCHERS[change.node.type]
    if change.operation is Operation.DELETE:
        yield opening("opening-audit", change, f"removes {words}")
    elif switch and change.before is not None and get(change.after, switch) is False != get(change.before, switch):
        yield opening("opening-audit", change, f"turns off {words}", path=switch)


_FORCE: Final = ("forceDestroy", "forceDelete", "forceDetachPolicies", "bypassPolicyLockoutSafetyCheck")
_HOLD: Final = (
    "deletionProtection",
    "deletionProtectionEnabled",
    "enableDeletionProtection",
    "terminationProtectionEnabled",
)


def protection(change: ResourceChange) -> Iterator[Finding]:
    """Protection against deletion that goes: the program's own, or the service's."""
    if change.before is None or change.after is None:
        return
    if change.before.protect and not change.after.protect:
        words = "is no longer protected: a later change can delete it"
        yield opening("opening-protection", change, words, path="protect", before=True, after=False)
    for key in _HOLD:
        if get(change.before, key) is True and get(change.after, key) is not True:
            yield opening("opening-protection", change, f"{key} is turned off", path=key, before=True)
    for key in _FORCE:
        if get(change.after, key) is True and get(change.before, key) is not True:
            words = f"{key} is set: a delete takes what it holds along"
            yield opening("opening-protection", change, words, path=key, after=True)


def overrides(change: ResourceChange) -> Iterator[Finding]:
    """Overrides on a component of aiinfra that are new or changed: they can undo any of its defaults."""
    if change.node.package != PACKAGE or change.after is None:
        return
    before, after = (_flat(inputs(node).get("overrides")) for node in (change.before, change.after))
    for path in sorted(after):
        if path not in before or before[path] != after[path]:
            words = f"overrides {path}: what the component decides is replaced by hand"
            yield opening(
                "opening-override", change, words, path=f"overrides.{path}", before=before.get(path), after=after[path]
            )


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Each leaf with its path."""
    if not isinstance(value, Mapping) or any(key.startswith("$") for key in value):
        return {prefix: value} if prefix else {}
    found: dict[str, Any] = {}
    for key, item in value.items():
        found |= _flat(item, f"{prefix}.{key}" if prefix else key)
    return found
