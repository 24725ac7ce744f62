"""Settings of AWS resources that keep something closed, and are turned off or loosened."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph import path as paths
from aiinfra.graph.diff import Operation, ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import inputs, items, managed, opening

Words = Callable[[list[Any], list[Any]], str]
"""The values at a path before and after -> what is looser now; empty: nothing."""


def _lost(words: str) -> Words:
    """Something that was given is gone."""
    return lambda before, after: words if before and not after else ""


def _given(words: str) -> Words:
    return lambda before, after: words if after and not before else ""


def _was(value: Any, words: str) -> Words:
    """All were ``value``, and now one is something else, or gone."""

    def rule(before: list[Any], after: list[Any]) -> str:
        return (
            words if before and set(before) == {value} and (not after or set(map(str, after)) != {str(value)}) else ""
        )

    return rule


def _becomes(value: Any, words: str) -> Words:
    return lambda before, after: words if value in after and value not in before else ""


def _fewer_logs(before: list[Any], after: list[Any]) -> str:
    gone = [str(one) for one in before if one not in after]
    return f"the control plane no longer logs {', '.join(gone)}" if gone else ""


def _fewer(words: str) -> Words:
    """One of several is gone."""
    return lambda before, after: words if any(one not in after for one in before) else ""


def _hops(before: list[Any], after: list[Any]) -> str:
    old, new = max(map(_number, before), default=1), max(map(_number, after), default=1)
    return f"{new} hops are allowed: containers can reach what the machine itself may do" if new > max(old, 1) else ""


def _kept(before: list[Any], after: list[Any]) -> str:
    old, new = max(map(_number, before), default=0), max(map(_number, after), default=0)
    shorter = new and (not old or new < old)
    return f"records are kept {new} days, no longer {f'{old} days' if old else 'for ever'}" if shorter else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


_METADATA: Final[dict[str, Words]] = {
    "metadataOptions.httpTokens": _was("required", "machines answer metadata requests without a token (IMDSv1)"),
    "metadataOptions.httpPutResponseHopLimit": _hops,
    "keyName": _given("machines take an SSH key"),
}
_TABLE: Final[dict[str, dict[str, Words]]] = {
    "aws:eks/cluster:Cluster": {"enabledClusterLogTypes[*]": _fewer_logs},
    "aws:eks/nodeGroup:NodeGroup": {"remoteAccess.ec2SshKey": _given("machines take an SSH key")},
    "aws:ec2/instance:Instance": _METADATA,
    "aws:ec2/launchTemplate:LaunchTemplate": {
        **_METADATA,
        "networkInterfaces[*].associatePublicIpAddress": _becomes(True, "machines get public addresses"),
        "blockDeviceMappings[*].ebs.encrypted": _was(True, "a disk is no longer encrypted"),
        "blockDeviceMappings[*].ebs.kmsKeyId": _lost("disks fall back to a key that is not yours"),
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "policy": _lost("the endpoint's policy goes: whoever reaches it may ask for anything through it")
    },
    "aws:kms/key:Key": {"policy": _lost("the key's own policy goes: the account's IAM policies alone decide")},
    "aws:s3/bucketVersioning:BucketVersioning": {
        "versioningConfiguration.status": _was("Enabled", "objects that are overwritten or deleted are gone")
    },
    "aws:s3/bucketLogging:BucketLogging": {"targetBucket": _lost("who reads the bucket is no longer recorded")},
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": {
        "rule": _lost("new objects can be deleted before their time")
    },
    "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": _kept},
    "aws:cloudtrail/trail:Trail": {
        "isMultiRegionTrail": _was(True, "calls in other regions are no longer recorded"),
        "cloudWatchLogsGroupArn": _lost("calls no longer reach a log group, where they can be watched"),
        "snsTopicName": _lost("nobody is told any more when records are delivered"),
        "advancedEventSelectors[*]": _fewer("what one of its selectors chose is no longer recorded"),
        "eventSelectors[*]": _fewer("what one of its selectors chose is no longer recorded"),
    },
    "aws:guardduty/detectorFeature:DetectorFeature": {
        "status": _was("ENABLED", "the detector no longer looks at this"),
    },
    "aws:ecr/repository:Repository": {
        "imageTagMutability": _was("IMMUTABLE", "tags can be moved to other images"),
        "imageScanningConfiguration.scanOnPush": _was(True, "images are no longer searched for known holes"),
    },
}


def hardening(change: ResourceChange) -> Iterator[Finding]:
    """What a setting kept closed and no longer does. A resource that is new opens nothing by itself."""
    rules = _TABLE.get(change.node.type)
    if rules is None or change.before is None or not (managed(change) or change.operation is Operation.DELETE):
        return
    for path, rule in rules.items():
        words = rule(_at(change.before, path), _at(change.after, path))
        gone_whole = change.operation is Operation.DELETE and not change.node.type.startswith("aws:s3/bucket")
        if words and not gone_whole:
            yield opening("opening-hardening", change, words, path=path)


def _at(node: Node | None, path: str) -> list[Any]:
    return [one for value in paths.values_at(inputs(node), paths.parse(path)) for one in items(value)]
