"""The AWS plane, judged by checkov: what it finds, which checks ran, and that each notices a control that is off."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from aiinfra.graph.node import Graph, Node
from aiinfra.graph.terraform import plan_of
from tests.goldens import check_golden
from tests.judges.checkov_run import Verdict, run
from tests.programs import ROOT, programs

pytestmark = pytest.mark.judges

ACCEPTED = {
    "CKV2_AWS_62": "event notifications: nothing of ours listens to any",
    "CKV_AWS_144": "replication to another region: residency may forbid it, and nothing asks for it yet",
}
"""Checks that fail, with the reason. None of them is among those of the controls."""

ACCEPTED_ON_ACCESS_LOGS = {
    "CKV_AWS_18": "a log of the log of accesses would grow by itself",
    "CKV_AWS_145": "S3 delivers access logs under its own key only",
}
"""Checks that fail on the bucket that holds the access logs, and on no other."""

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="session")
def checkov() -> Path:
    found = ROOT / ".venv-judges/bin/checkov"
    assert found.is_file(), f"no checkov at {found}: run make judges, which sets it up"
    return found


@cache
def judged(checkov: Path, text: str) -> Verdict:
    """``((check, resource) that failed, every check that ran)``."""
    folder = Path(mkdtemp(prefix="aiinfra-checkov-"))
    file = folder / "training.plan.json"
    file.write_text(text)
    return run(checkov, "terraform_plan", file)


def graph() -> Graph:
    return next(program for program in programs() if program.name == "declarations/whole/training").graph()


def changed(type_: str, change: Change, name: str = "") -> Callable[[Node], Node | None]:
    """Change the inputs of the resources of one type (and whose name ends so)."""

    def apply(node: Node) -> Node | None:
        if node.type != type_ or not node.name.endswith(name):
            return node
        inputs = json.loads(json.dumps(dict(node.inputs)))
        change(inputs)
        return replace(node, inputs=inputs)

    return apply


def gone(type_: str, name: str = "") -> Callable[[Node], Node | None]:
    return lambda node: None if node.type == type_ and node.name.endswith(name) else node


def put(*path: Any) -> Change:
    """Set what stands at a path to its last element."""

    def change(inputs: dict[str, Any]) -> None:
        place: Any = inputs
        for key in path[:-2]:
            place = place[key]
        place[path[-2]] = path[-1]

    return change


def drop(key: str) -> Change:
    return lambda inputs: inputs.pop(key, None) and None


ANYBODY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ANY_KEY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}
)
CLUSTER, TEMPLATE = "aws:eks/cluster:Cluster", "aws:ec2/launchTemplate:LaunchTemplate"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
KEY, LOGS = "aws:kms/key:Key", "aws:cloudwatch/logGroup:LogGroup"


def open_rule(port: int) -> Change:
    """Let anybody in at one port; -1 for all of them, which checkov sees only where both ports are given."""

    def change(inputs: dict[str, Any]) -> None:
        inputs.pop("referencedSecurityGroupId", None)
        protocol = "-1" if port == -1 else "tcp"
        inputs.update({"cidrIpv4": "0.0.0.0/0", "ipProtocol": protocol, "fromPort": port, "toPort": port})

    return change


PUBLIC_ADDRESS = put("networkInterfaces", 0, "associatePublicIpAddress", True)

FLIPPED: dict[str, tuple[str, Callable[[Node], Node | None]]] = {
    "CKV_AWS_39": ("A1", changed(CLUSTER, put("vpcConfig", "endpointPublicAccess", True))),
    "CKV_AWS_58": ("A2", changed(CLUSTER, drop("encryptionConfig"))),
    "CKV_AWS_37": ("A3", changed(CLUSTER, put("enabledClusterLogTypes", ["api"]))),
    "CKV_AWS_339": ("A4", changed(CLUSTER, put("version", "1.12"))),
    "CKV_AWS_79": ("A5", changed(TEMPLATE, put("metadataOptions", "httpTokens", "optional"))),
    "CKV_AWS_341": ("A5", changed(TEMPLATE, put("metadataOptions", "httpPutResponseHopLimit", 3))),
    "CKV_AWS_88": ("A6", changed(TEMPLATE, PUBLIC_ADDRESS, "system-template")),
    "CKV_AWS_130": ("A6", changed("aws:ec2/subnet:Subnet", put("mapPublicIpOnLaunch", True), "nodes-use1-az1")),
    "CKV_AWS_24": ("A8", changed(INGRESS, open_rule(22), "nodes-control-443-in")),
    "CKV_AWS_25": ("A8", changed(INGRESS, open_rule(3389), "control-nodes-9443-in")),
    "CKV_AWS_260": ("A8", changed(INGRESS, open_rule(80), "control-nodes-10250-in")),
    "CKV_AWS_277": ("A8", changed(INGRESS, open_rule(-1), "nodes-nodes-all-in")),
    "CKV_AWS_382": ("A8", changed(EGRESS, open_rule(-1), "nodes-nodes-all-out")),
    "CKV2_AWS_12": (
        "A8",
        changed(
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            put("ingress", [{"protocol": "-1", "self": True, "fromPort": 0, "toPort": 0}]),
        ),
    ),
    "CKV2_AWS_11": ("A9", gone("aws:ec2/flowLog:FlowLog")),
    "CKV2_AWS_6": ("A11", gone("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "datasets-access-block")),
    "CKV_AWS_145": ("A11", gone(ENCRYPTION, "datasets-encryption")),
    "CKV_AWS_21": ("A11", gone("aws:s3/bucketVersioning:BucketVersioning", "datasets-versioning")),
    "CKV_AWS_18": ("A11", gone("aws:s3/bucketLogging:BucketLogging", "datasets-logging")),
    "CKV2_AWS_61": (
        "A11",
        gone("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "datasets-lifecycle"),
    ),
    "CKV_AWS_62": ("A13", changed("aws:iam/policy:Policy", put("policy", ANYBODY))),
    "CKV_AWS_289": ("A13", changed("aws:iam/rolePolicy:RolePolicy", put("policy", ANYBODY), "trainer-policy")),
    "CKV_AWS_355": ("A13", changed("aws:iam/rolePolicy:RolePolicy", put("policy", ANYBODY), "flow-policy")),
    "CKV_AWS_7": ("A14", changed(KEY, put("enableKeyRotation", False), "keys-data")),
    "CKV_AWS_33": ("A14", changed(KEY, put("policy", ANY_KEY), "keys-logs")),
    "CKV2_AWS_64": ("A14", changed(KEY, drop("policy"), "keys-volumes")),
    "CKV_AWS_158": ("A17", changed(LOGS, drop("kmsKeyId"), "flow-records")),
    "CKV_AWS_338": ("A17", changed(LOGS, put("retentionInDays", 30), "dns-records")),
    "CKV_AWS_190": ("A19", changed("aws:fsx/lustreFileSystem:LustreFileSystem", drop("kmsKeyId"))),
}
"""Check that must notice -> the control, and how it is turned off.

checkov does not judge A7 (disks of launch templates), A10 (endpoint policies) and A12 (bucket policies):
``tests/components/aws`` holds those. A15, A16, A18 and A20 have no resources here.
"""


def test_nothing_fails_but_what_is_accepted(checkov: Path) -> None:
    failed, _ = judged(checkov, plan_of(graph())[0])
    logs = "aws_s3_bucket.line-vibration-training-storage-access-logs-bucket"
    wrong = {
        (check, where)
        for check, where in failed
        if check not in ACCEPTED and not (check in ACCEPTED_ON_ACCESS_LOGS and where == logs)
    }
    assert wrong == set()
    assert {check for check, _ in failed} == {*ACCEPTED, *ACCEPTED_ON_ACCESS_LOGS}
    assert len(ACCEPTED) + len(ACCEPTED_ON_ACCESS_LOGS) <= 10


def test_which_checks_ran(checkov: Path, update_golden: bool) -> None:
    _, ran = judged(checkov, plan_of(graph())[0])
    assert set(FLIPPED) <= ran
    check_golden("judges/checkov.txt", "\n".join(sorted(ran)) + "\n", update=update_golden)


def test_each_control_that_is_turned_off_is_noticed(checkov: Path) -> None:
    nodes = dict(graph().nodes)
    for check, (_, flip) in FLIPPED.items():
        flipped = {urn: after for urn, node in nodes.items() if (after := flip(node)) is not None}
        assert flipped != nodes, f"nothing was changed for {check}"
        nodes = flipped
    base, _ = judged(checkov, plan_of(graph())[0])
    failed, _ = judged(checkov, plan_of(replace(graph(), nodes=nodes))[0])
    noticed = {check for check, _ in failed - base}
    assert sorted(set(FLIPPED) - noticed) == []
