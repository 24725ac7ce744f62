"""Every control of the AWS plane: how it is turned off, in which program, and which check must notice.

One table, read by the judges (``test_checkov.py``) and by the review's tests (``tests/review/test_controls.py``), and
shown in ``docs/judges.md``. A check whose id begins with ``CKV`` is checkov's; ``opening-`` is a finding of our review.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aiinfra.graph.node import Graph, Node

CONTROLS = {
    "A1": "private Kubernetes API",
    "A2": "the API's data under a key of one's own",
    "A3": "all five logs of the control plane",
    "A4": "a supported version, protected against deletion",
    "A5": "metadata with tokens, one hop",
    "A6": "no public address, no SSH key",
    "A7": "disks under a key of one's own",
    "A8": "security groups name groups, nobody else; the default one is empty",
    "A9": "flow logs",
    "A10": "no way to the internet; endpoints with policies",
    "A11": "buckets: closed, key, versions, access log, life cycle, lock",
    "A12": "buckets: TLS only, own networks only",
    "A13": "least privilege, by Pod Identity",
    "A14": "keys that rotate, with policies of their own",
    "A15": "a trail of every region, validated, encrypted, watched",
    "A16": "threat detection",
    "A17": "logs under a key, kept a year",
    "A18": "images: tags that never move, scanned, encrypted",
    "A19": "the file system under a key",
    "A20": "queues and topics encrypted",
}

Change = Callable[[dict[str, Any]], None]
Turn = Callable[[Node], Node | None]


@dataclass(frozen=True)
class Flip:
    """One control, turned off in one place."""

    control: str
    words: str
    """What is turned off."""
    judge: str
    """Who must notice."""
    turn: Turn
    program: str = "whole/training"
    silent: str = ""
    """Why the review calls it no opening; empty where it does."""

    @property
    def external(self) -> bool:
        """Whether the judge was written by somebody else."""
        return self.judge.startswith("CKV")

    def applied(self, graph: Graph) -> Graph:
        """The graph with the control turned off."""
        nodes = {urn: after for urn, node in graph.nodes.items() if (after := self.turn(node)) is not None}
        assert nodes != graph.nodes, f"nothing was changed: {self}"
        return replace(graph, nodes=nodes)


def changed(type_: str, change: Change, name: str = "") -> Turn:
    """Change the inputs of the resources of one type (and whose name ends so)."""

    def apply(node: Node) -> Node | None:
        if node.type != type_ or not node.name.endswith(name):
            return node
        inputs = json.loads(json.dumps(dict(node.inputs)))
        change(inputs)
        return replace(node, inputs=inputs)

    return apply


def gone(type_: str, name: str = "") -> Turn:
    return lambda node: None if node.type == type_ and node.name.endswith(name) else node


def put(*path: Any) -> Change:
    """Set what stands at a path to its last element."""

    def change(inputs: dict[str, Any]) -> None:
        place: Any = inputs
        for key in path[:-2]:
            place = place[key]
        place[path[-2]] = path[-1]

    return change


def drop(*path: Any) -> Change:
    """Take away what stands at a path."""

    def change(inputs: dict[str, Any]) -> None:
        place: Any = inputs
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return change


def open_rule(port: int) -> Change:
    """Let anybody in at one port; -1 for all of them, which checkov sees only where both ports are given."""

    def change(inputs: dict[str, Any]) -> None:
        inputs.pop("referencedSecurityGroupId", None)
        protocol = "-1" if port == -1 else "tcp"
        inputs.update({"cidrIpv4": "0.0.0.0/0", "ipProtocol": protocol, "fromPort": port, "toPort": port})

    return change


def allow(action: str, **statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **statement}]})


ANYTHING = allow("*", Resource="*")
ANY_KEY = allow("kms:*", Resource="*", Principal="*")
ANY_CALL = allow("*", Resource="*", Principal="*")
ANY_ROLE = allow("sts:AssumeRole", Principal={"AWS": "*"})
NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})

CLUSTER, NODES = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"
TEMPLATE, ENDPOINT = "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
VERSIONING, BUCKET_LOG = "aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketLogging:BucketLogging"
ROLE, ROLE_POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
KEY, LOGS = "aws:kms/key:Key", "aws:cloudwatch/logGroup:LogGroup"
TRAIL, DETECTOR = "aws:cloudtrail/trail:Trail", "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
MEMBERS = "aws:guardduty/organizationConfiguration:OrganizationConfiguration"
REPOSITORY, QUEUE = "aws:ecr/repository:Repository", "aws:sqs/queue:Queue"
VOLUME = "aws:ebs/volume:Volume"

ACCOUNT, REGISTRY, ELASTIC = "elastic/account", "elastic/registry", "elastic/training"
DISK = ("blockDeviceMappings", 0, "ebs")
PUBLIC_ADDRESS = put("networkInterfaces", 0, "associatePublicIpAddress", True)
SELF = put("ingress", [{"protocol": "-1", "self": True, "fromPort": 0, "toPort": 0}])

FLIPS = (
    Flip(
        "A1",
        "the API answers the internet",
        "CKV_AWS_39",
        changed(CLUSTER, put("vpcConfig", "endpointPublicAccess", True)),
    ),
    Flip("A2", "no encryption configuration", "CKV_AWS_58", changed(CLUSTER, drop("encryptionConfig"))),
    Flip("A3", "one log of five", "CKV_AWS_37", changed(CLUSTER, put("enabledClusterLogTypes", ["api"]))),
    Flip(
        "A4",
        "version 1.12",
        "CKV_AWS_339",
        changed(CLUSTER, put("version", "1.12")),
        silent="EKS refuses it: a cluster's version never goes down",
    ),
    Flip("A4", "no deletion protection", "opening-protection", changed(CLUSTER, put("deletionProtection", False))),
    Flip(
        "A5",
        "metadata without a token",
        "CKV_AWS_79",
        changed(TEMPLATE, put("metadataOptions", "httpTokens", "optional")),
    ),
    Flip("A5", "three hops", "CKV_AWS_341", changed(TEMPLATE, put("metadataOptions", "httpPutResponseHopLimit", 3))),
    Flip("A6", "machines with public addresses", "CKV_AWS_88", changed(TEMPLATE, PUBLIC_ADDRESS, "system-template")),
    Flip(
        "A6",
        "a subnet that gives them",
        "CKV_AWS_130",
        changed("aws:ec2/subnet:Subnet", put("mapPublicIpOnLaunch", True), "nodes-use1-az1"),
    ),
    Flip(
        "A6", "a group of machines open to SSH", "CKV_AWS_100", changed(NODES, put("remoteAccess", {"ec2SshKey": "k"}))
    ),
    Flip(
        "A6",
        "an SSH key in the template",
        "opening-hardening",
        changed(TEMPLATE, put("keyName", "k"), "system-template"),
    ),
    Flip(
        "A7", "a disk in plain text", "CKV_AWS_3", changed(TEMPLATE, put(*DISK, "encrypted", False), "system-template")
    ),
    Flip("A7", "a disk under AWS's key", "CKV_AWS_189", changed(TEMPLATE, drop(*DISK, "kmsKeyId"), "system-template")),
    Flip("A8", "SSH from anywhere", "CKV_AWS_24", changed(INGRESS, open_rule(22), "nodes-control-443-in")),
    Flip("A8", "RDP from anywhere", "CKV_AWS_25", changed(INGRESS, open_rule(3389), "control-nodes-9443-in")),
    Flip("A8", "HTTP from anywhere", "CKV_AWS_260", changed(INGRESS, open_rule(80), "control-nodes-10250-in")),
    Flip("A8", "any port from anywhere", "CKV_AWS_277", changed(INGRESS, open_rule(-1), "nodes-nodes-all-in")),
    Flip("A8", "any port to anywhere", "CKV_AWS_382", changed(EGRESS, open_rule(-1), "nodes-nodes-all-out")),
    Flip("A8", "a default group that lets in", "CKV2_AWS_12", changed(DEFAULT_GROUP, SELF)),
    Flip("A9", "no flow log", "CKV2_AWS_11", gone("aws:ec2/flowLog:FlowLog")),
    Flip("A10", "an endpoint without a policy", "opening-hardening", changed(ENDPOINT, drop("policy"), "endpoint-sts")),
    Flip("A10", "endpoints for anything", "opening-iam", changed(ENDPOINT, put("policy", ANY_CALL))),
    Flip("A11", "no block of public access", "CKV2_AWS_6", gone(BLOCK, "datasets-access-block")),
    Flip("A11", "no encryption", "CKV_AWS_145", gone(ENCRYPTION, "datasets-encryption")),
    Flip("A11", "no versions", "CKV_AWS_21", gone(VERSIONING, "datasets-versioning")),
    Flip("A11", "no access log", "CKV_AWS_18", gone(BUCKET_LOG, "datasets-logging")),
    Flip(
        "A11",
        "no life cycle",
        "CKV2_AWS_61",
        gone(LIFECYCLE, "datasets-lifecycle"),
        silent="it costs money and opens nothing",
    ),
    Flip("A11", "no object lock", "opening-hardening", gone(LOCK)),
    Flip(
        "A12",
        "plain text, and any network",
        "opening-iam",
        changed("aws:s3/bucketPolicy:BucketPolicy", put("policy", NOTHING), "datasets-policy"),
    ),
    Flip(
        "A13",
        "a role that anybody assumes",
        "CKV_AWS_60",
        changed(ROLE, put("assumeRolePolicy", ANY_ROLE), "trainer-role"),
    ),
    Flip(
        "A13", "a policy that allows anything", "CKV_AWS_62", changed("aws:iam/policy:Policy", put("policy", ANYTHING))
    ),
    Flip(
        "A13",
        "a role's policy that allows anything",
        "CKV_AWS_289",
        changed(ROLE_POLICY, put("policy", ANYTHING), "trainer-policy"),
    ),
    Flip("A13", "any resource", "CKV_AWS_355", changed(ROLE_POLICY, put("policy", ANYTHING), "flow-policy")),
    Flip("A14", "a key that stays", "CKV_AWS_7", changed(KEY, put("enableKeyRotation", False), "keys-data")),
    Flip("A14", "a key for anybody", "CKV_AWS_33", changed(KEY, put("policy", ANY_KEY), "keys-logs")),
    Flip("A14", "a key without a policy", "CKV2_AWS_64", changed(KEY, drop("policy"), "keys-volumes")),
    Flip("A15", "one region", "CKV_AWS_67", changed(TRAIL, put("isMultiRegionTrail", False)), ACCOUNT),
    Flip("A15", "no validation", "CKV_AWS_36", changed(TRAIL, put("enableLogFileValidation", False)), ACCOUNT),
    Flip("A15", "no key", "CKV_AWS_35", changed(TRAIL, drop("kmsKeyId")), ACCOUNT),
    Flip("A15", "nobody is told", "CKV_AWS_252", changed(TRAIL, drop("snsTopicName")), ACCOUNT),
    Flip("A15", "no log group", "CKV2_AWS_10", changed(TRAIL, drop("cloudWatchLogsGroupArn")), ACCOUNT),
    Flip(
        "A15",
        "objects are not recorded",
        "opening-hardening",
        changed(TRAIL, lambda i: i["advancedEventSelectors"].pop()),
        ACCOUNT,
    ),
    Flip("A16", "off", "CKV_AWS_238", changed(DETECTOR, put("enable", False)), ACCOUNT),
    Flip("A16", "members of the organization are left out", "CKV2_AWS_3", gone(MEMBERS), ACCOUNT),
    Flip("A16", "no eye on the cluster's audit log", "opening-audit", gone(FEATURE, "eks-audit-logs"), ACCOUNT),
    Flip("A17", "no key", "CKV_AWS_158", changed(LOGS, drop("kmsKeyId"), "flow-records")),
    Flip("A17", "thirty days", "CKV_AWS_338", changed(LOGS, put("retentionInDays", 30), "dns-records")),
    Flip(
        "A18",
        "tags that move",
        "CKV_AWS_51",
        changed(REPOSITORY, put("imageTagMutability", "MUTABLE"), "chart-kueue"),
        REGISTRY,
    ),
    Flip(
        "A18",
        "no scan",
        "CKV_AWS_163",
        changed(REPOSITORY, drop("imageScanningConfiguration"), "chart-kueue"),
        REGISTRY,
    ),
    Flip(
        "A18", "no key", "CKV_AWS_136", changed(REPOSITORY, drop("encryptionConfigurations"), "chart-kueue"), REGISTRY
    ),
    Flip("A19", "no key", "CKV_AWS_190", changed("aws:fsx/lustreFileSystem:LustreFileSystem", drop("kmsKeyId"))),
    Flip("A20", "a queue in plain text", "CKV_AWS_27", changed(QUEUE, put("sqsManagedSseEnabled", False)), ELASTIC),
    Flip(
        "A20",
        "a topic in plain text",
        "CKV_AWS_26",
        changed("aws:sns/topic:Topic", drop("kmsMasterKeyId"), "alarms-topic"),
        ACCOUNT,
    ),
)


def with_disks(graph: Graph) -> Graph:
    """And the volumes that EC2 will make of each launch template: checkov judges volumes, not templates (A7)."""
    made = {}
    for node in graph:
        if node.type != TEMPLATE:
            continue
        for index, mapping in enumerate(node.inputs.get("blockDeviceMappings", ())):
            ebs = {key: mapping["ebs"][key] for key in ("encrypted", "kmsKeyId") if key in mapping["ebs"]}
            urn = f"{node.urn.replace(TEMPLATE, VOLUME)}-{index}"
            inputs = {"availabilityZone": "use1-az1", "size": 1, **ebs}
            made[urn] = replace(node, urn=urn, type=VOLUME, inputs=inputs, outputs={})
    return replace(graph, nodes={**graph.nodes, **made})


def near(graph: Graph, urns: set[str]) -> set[str]:
    """What a check of these resources may look at: they, what they name and what names them."""

    def named(node: Node) -> set[str]:
        return {*node.dependencies, *(urn for urns in node.property_dependencies.values() for urn in urns)}

    found = urns | {urn for urn, node in graph.nodes.items() if named(node) & urns}
    return found | {urn for start in urns if start in graph.nodes for urn in named(graph.nodes[start])}


def table() -> str:
    """The rows of ``docs/judges.md``."""
    lines = []
    for control, words in CONTROLS.items():
        flips = [flip for flip in FLIPS if flip.control == control]
        noticed = "; ".join(f"{flip.words}: `{flip.judge}`" for flip in flips)
        lines.append(f"| {control} | {words} | {noticed} |")
    return "\n".join(lines)
