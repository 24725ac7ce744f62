"""Each rule on the smallest change that shows it, and on one beside it that opens nothing."""

import json
from typing import Any

import pytest

from aiinfra.graph.diff import diff
from aiinfra.review.masking import without_secrets
from aiinfra.review.openings import openings
from aiinfra.review.openings.network_policies import closed_namespaces
from tests.graphs import component, graph, node


def found(type_: str, before: Any, after: Any, *others: Any, **fields: Any) -> list[str]:
    sides = [[node(type_, "x", side, **fields)] if side is not None else [] for side in (before, after)]
    old, new = graph(*sides[0], *others), graph(*sides[1], *others)
    changes = diff(old, new)
    return [
        f"{f.id}: {f.message}" for change in changes for f in openings(without_secrets(change), closed_namespaces(old))
    ]


POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def policy(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"podSelector": {}, **spec}}


def peer(cidr: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr}}


EVERYONE = "all pods in namespace shop"
PORT = [{"port": 443, "protocol": "TCP"}]
CALLER = {"podSelector": {"matchLabels": {"app": "web"}}}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            policy(policyTypes=["Ingress"]),
            None,
            [f"removed: the network policy is removed: ingress of {EVERYONE} is no longer limited by it"],
        ),
        (
            policy(policyTypes=["Ingress", "Egress"]),
            policy(policyTypes=["Ingress"]),
            ["widened: egress of all pods in namespace shop is no longer limited by this policy"],
        ),
        (policy(policyTypes=["Ingress"]), policy(policyTypes=["Ingress", "Egress"]), []),
        (
            policy(ingress=[{"from": [peer("10.0.0.0/8")], "ports": PORT}]),
            policy(ingress=[{"from": [peer("10.0.0.0/8"), peer("0.0.0.0/0")], "ports": PORT}]),
            [": all pods in namespace shop may be reached from 0.0.0.0/0 (the whole internet) on TCP 443"],
        ),
        (
            policy(ingress=[{"from": [peer("10.0.0.0/8")], "ports": PORT}]),
            policy(ingress=[{"from": [peer("10.20.0.0/16")], "ports": PORT}]),
            [],
        ),
        (
            policy(ingress=[{"from": [CALLER], "ports": PORT}]),
            policy(ingress=[{"from": [CALLER]}]),
            [": all pods in namespace shop may be reached from pods with app=web of its own namespace on any port"],
        ),
        (
            policy(ingress=[{"from": [CALLER], "ports": PORT}]),
            policy(ingress=[{"ports": PORT}]),
            [": all pods in namespace shop may be reached from anywhere on TCP 443"],
        ),
        (
            policy(egress=[], policyTypes=["Egress"]),
            policy(egress=[{"to": [peer("::/0")]}], policyTypes=["Egress"]),
            [": all pods in namespace shop may connect to ::/0 (the whole internet) on any port"],
        ),
        (
            policy(egress=[{"to": [peer("10.0.0.0/8")], "ports": [{"port": 8000, "endPort": 9000}]}]),
            policy(egress=[{"to": [peer("10.0.0.0/8")], "ports": [{"port": 8100, "endPort": 8200}]}]),
            [],
        ),
        (None, policy(ingress=[{"from": [CALLER]}]), []),
        (
            None,
            policy(ingress=[{"from": [peer("192.0.2.0/24")]}]),
            [": all pods in namespace shop may be reached from 192.0.2.0/24 on any port"],
        ),
        (
            {**policy(), "spec": {"podSelector": {}}},
            {**policy(), "spec": {"podSelector": {"matchLabels": {"app": "web"}}}},
            ["widened: it now limits pods with app=web in namespace shop, no longer all pods"],
        ),
    ],
)
def test_network_policies(before, after, expected):
    names = {"removed": "opening-network-policy-removed", "widened": "opening-network-policy-widened"}
    told = [f"{names.get(text.partition(': ')[0], 'opening-network')}: {text.partition(': ')[2]}" for text in expected]
    assert found(POLICY, before, after) == told


def test_another_policy_in_a_closed_namespace():
    closed = node(POLICY, "deny", policy(policyTypes=["Ingress"]))
    (told,) = found(POLICY, None, policy(ingress=[{"from": [CALLER], "ports": PORT}]), closed)
    assert told == f"opening-network: {EVERYONE} may be reached from pods with app=web of its own namespace on TCP 443"


GROUP = "aws:ec2/securityGroup:SecurityGroup"


def rule(cidr: str, low: int = 443, high: int = 443) -> dict[str, Any]:
    return {"protocol": "tcp", "fromPort": low, "toPort": high, "cidrBlocks": [cidr]}


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        (GROUP, {"ingress": [rule("10.0.0.0/8")]}, {"ingress": [rule("10.0.0.0/16")]}, []),
        (GROUP, {"ingress": [rule("10.0.0.0/8")]}, {"ingress": []}, []),
        (
            GROUP,
            {"ingress": [rule("10.0.0.0/8")]},
            {"ingress": [rule("10.0.0.0/8", 0, 65535)]},
            ["may be reached from 10.0.0.0/8 on TCP 0-65535"],
        ),
        (
            GROUP,
            None,
            {"egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "ipv6CidrBlocks": ["::/0"]}]},
            ["may connect to ::/0 (the whole internet) on any port"],
        ),
        (
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            {"type": "ingress", **rule("10.0.0.0/8")},
            {"type": "ingress", **rule("0.0.0.0/0")},
            ["may be reached from 0.0.0.0/0 (the whole internet) on TCP 443"],
        ),
        (
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            None,
            {"referencedSecurityGroupId": "db.id", "ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432},
            ["may connect to db.id on TCP 5432"],
        ),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            None,
            {"cidrIpv4": {"$unknown": True}, "ipProtocol": "-1"},
            ["may be reached from (not known until apply) on any port"],
        ),
    ],
)
def test_security_groups(type_, before, after, expected):
    assert found(type_, before, after) == [f"opening-network: members of the security group {t}" for t in expected]


CLUSTER = "aws:eks/cluster:Cluster"
SERVICE = "kubernetes:core/v1:Service"


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        (
            CLUSTER,
            {"vpcConfig": {"endpointPublicAccess": False}},
            {"vpcConfig": {"endpointPublicAccess": True}},
            ["public-endpoint: the cluster's API can be reached from 0.0.0.0/0"],
        ),
        (CLUSTER, None, {"vpcConfig": {}}, ["public-endpoint: the cluster's API can be reached from 0.0.0.0/0"]),
        (
            CLUSTER,
            {"vpcConfig": {"publicAccessCidrs": ["192.0.2.0/24"]}},
            {"vpcConfig": {"publicAccessCidrs": ["192.0.2.0/24", "198.51.100.0/24"]}},
            ["public-endpoint: the cluster's API can be reached from 192.0.2.0/24, 198.51.100.0/24"],
        ),
        (CLUSTER, {"vpcConfig": {}}, {"vpcConfig": {"publicAccessCidrs": ["192.0.2.0/24"]}}, []),
        (
            SERVICE,
            {"spec": {"type": "ClusterIP"}},
            {"spec": {"type": "LoadBalancer"}},
            ["public-endpoint: the service gets a load balancer, open to any address that reaches it"],
        ),
        (SERVICE, {"spec": {"type": "LoadBalancer"}}, {"spec": {"type": "ClusterIP"}}, []),
        (
            "aws:rds/instance:Instance",
            {},
            {"publiclyAccessible": True},
            ["public-endpoint: the database gets a public address"],
        ),
        ("aws:lb/loadBalancer:LoadBalancer", None, {"internal": True}, []),
        (
            "aws:lb/loadBalancer:LoadBalancer",
            None,
            {},
            ["public-endpoint: the load balancer faces the internet"],
        ),
        (
            "aws:lambda/functionUrl:FunctionUrl",
            {"authorizationType": "AWS_IAM"},
            {"authorizationType": "NONE"},
            ["public-endpoint: anyone may call the function"],
        ),
        (
            "aws:ec2/route:Route",
            None,
            {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw.id"},
            ["route: traffic to the whole internet is routed out"],
        ),
        ("aws:ec2/route:Route", None, {"destinationCidrBlock": "10.1.0.0/16", "vpcPeeringConnectionId": "p"}, []),
        (
            "aws:ec2/internetGateway:InternetGateway",
            None,
            {"vpcId": "v"},
            ["route: the network gets a gateway to the internet"],
        ),
    ],
)
def test_endpoints(type_, before, after, expected):
    assert found(type_, before, after) == [f"opening-{text}" for text in expected]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "arn:aws:s3:::b/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (document(allow("s3:GetObject")), document(allow(["s3:GetObject", "s3:PutObject"])), []),
        (
            document(allow("s3:GetObject")),
            document(allow("s3:*")),
            ["every action of s3: Allow s3:* on arn:aws:s3:::b/*"],
        ),
        (document(allow("s3:*")), document(allow("s3:*", Sid="renamed")), []),
        (None, document(allow("*", "*")), ["every action, on every resource: Allow * on *"]),
        (
            document(),
            document(allow("s3:GetObject", Principal="*")),
            ["to anyone: Allow s3:GetObject on arn:aws:s3:::b/* to *"],
        ),
        (
            document(allow("s3:GetObject", Condition={"StringEquals": {"aws:SourceVpc": "v"}})),
            document(allow("s3:GetObject")),
            ["without its condition: Allow s3:GetObject on arn:aws:s3:::b/*"],
        ),
        (document(DENY), document(), ["no longer denied: Deny s3:* on * to *"]),
        (document(DENY), None, ["no longer denied: Deny s3:* on * to *"]),
        (document(DENY), document({**DENY, "Action": ["s3:*", "sts:*"]}), []),
        (
            document(),
            document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            ["every action but iam:*, on every resource: Allow everything but iam:* on *"],
        ),
        ('{"not": "a policy"}', '{"not": "one either"}', []),
    ],
)
def test_policy_documents(before, after, expected):
    sides = [None if side is None else {"policy": side} for side in (before, after)]
    told = found("aws:s3/bucketPolicy:BucketPolicy", *sides)
    assert told == [f"opening-iam: {text}" for text in expected]


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            None,
            {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            ["iam: the role gets the managed policy AdministratorAccess"],
        ),
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            None,
            {"policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"},
            [],
        ),
        (
            "aws:eks/accessEntry:AccessEntry",
            None,
            {"principalArn": "arn:aws:iam::111122223333:role/ops"},
            ["cluster-access: arn:aws:iam::111122223333:role/ops may sign in to the cluster"],
        ),
        (
            "aws:rolesanywhere/trustAnchor:TrustAnchor",
            None,
            {"enabled": True, "source": {"sourceType": "CERTIFICATE_BUNDLE"}},
            ["iam: whoever has a certificate of this authority may take the roles of Roles Anywhere's profiles"],
        ),
        (
            "aws:rolesanywhere/trustAnchor:TrustAnchor",
            {"enabled": True, "source": {"sourceType": "CERTIFICATE_BUNDLE"}},
            {"enabled": False, "source": {"sourceType": "AWS_ACM_PCA"}},
            [],
        ),
        (
            "aws:rolesanywhere/profile:Profile",
            {"enabled": True, "roleArns": ["role/a"]},
            {"enabled": True, "roleArns": ["role/a", "role/b"]},
            ["iam: holders of certificates may take role/b"],
        ),
        (
            "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
            {"principalArn": "r", "policyArn": "a/ViewPolicy", "accessScope": {"namespaces": ["x"]}},
            {"principalArn": "r", "policyArn": "a/ClusterAdminPolicy", "accessScope": {"type": "cluster"}},
            ["cluster-access: r gets ClusterAdminPolicy in the whole cluster"],
        ),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
            {"rules": [{"verbs": ["get"], "resources": ["pods"], "apiGroups": [""]}]},
            {"rules": [{"verbs": ["*"], "resources": ["pods"], "apiGroups": [""]}]},
            ["rbac: the role allows everything on pods"],
        ),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
            None,
            {"roleRef": {"name": "cluster-admin"}, "subjects": [{"kind": "ServiceAccount", "name": "ci"}]},
            ["rbac: ServiceAccount ci gets the role cluster-admin"],
        ),
        (
            "kubernetes:core/v1:Namespace",
            {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
            {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}},
            ["pod-security: the namespace enforces baseline, no longer restricted"],
        ),
        (
            "kubernetes:core/v1:Namespace",
            {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
            {"metadata": {}},
            ["pod-security: the namespace enforces no level, no longer restricted"],
        ),
        (
            "kubernetes:apps/v1:Deployment",
            {"spec": {"template": {"spec": {"containers": [{"name": "c"}]}}}},
            {
                "spec": {
                    "template": {
                        "spec": {
                            "hostNetwork": True,
                            "containers": [{"name": "c", "securityContext": {"privileged": True}}],
                        }
                    }
                }
            },
            ["pod: container c is privileged", "pod: pods use the node's network"],
        ),
    ],
)
def test_rights(type_, before, after, expected):
    assert found(type_, before, after) == [f"opening-{text}" for text in expected]


BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ALL = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        (
            BLOCK,
            ALL,
            None,
            ["public-access: public access is no longer blocked here (a block for the whole account may still be)"],
        ),
        (BLOCK, ALL, {**ALL, "blockPublicAcls": False}, ["public-access: blockPublicAcls is turned off"]),
        (
            BLOCK,
            ALL,
            {key: True for key in ALL if key != "blockPublicPolicy"},
            ["public-access: blockPublicPolicy is left out, so it is off"],
        ),
        (BLOCK, None, ALL, []),
        ("aws:ebs/volume:Volume", {"encrypted": True}, {}, ["encryption: encrypted is turned off"]),
        ("aws:ebs/volume:Volume", {}, {"encrypted": True}, []),
        (
            "aws:dynamodb/table:Table",
            {"serverSideEncryption": {"enabled": True}},
            {"serverSideEncryption": {"enabled": False}},
            ["encryption: serverSideEncryption is turned off"],
        ),
        (
            "aws:eks/cluster:Cluster",
            {"vpcConfig": {"endpointPublicAccess": False}, "encryptionConfig": {"resources": ["secrets"]}},
            {"vpcConfig": {"endpointPublicAccess": False}},
            ["encryption: encryptionConfig is removed"],
        ),
        (
            "aws:cloudtrail/trail:Trail",
            {},
            None,
            ["audit: removes the trail: calls in the account are no longer recorded by it"],
        ),
        ("aws:guardduty/detector:Detector", {"enable": True}, {"enable": True, "tags": {"a": "b"}}, []),
        (
            "aws:s3/bucket:Bucket",
            {},
            {"forceDestroy": True},
            ["protection: forceDestroy is set: a delete takes what it holds along"],
        ),
        (
            "aws:rds/instance:Instance",
            {"deletionProtection": True},
            {"deletionProtection": False},
            ["protection: deletionProtection is turned off"],
        ),
    ],
)
def test_safeguards(type_, before, after, expected):
    assert found(type_, before, after) == [f"opening-{text}" for text in expected]


ADMISSION = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
BINDING = f"{ADMISSION}Binding"


def judged(**rules: str) -> dict[str, Any]:
    validations = [{"message": f"{name}: mend it", "expression": text} for name, text in rules.items()]
    return {"spec": {"failurePolicy": "Fail", "validations": validations}}


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        (ADMISSION, None, judged(a="x"), []),
        (ADMISSION, judged(a="x"), judged(a="x", b="y"), []),
        (ADMISSION, judged(a="x"), None, ["removes the admission policy: what it refused is taken"]),
        (ADMISSION, judged(a="x", b="y"), judged(b="y"), ["drops the rule 'a'"]),
        (ADMISSION, judged(a="x"), judged(a="true"), ["the rule 'a' is judged by another expression"]),
        (
            ADMISSION,
            judged(a="x"),
            {"spec": {**judged(a="x")["spec"], "failurePolicy": "Ignore"}},
            ["what cannot be judged is let through"],
        ),
        (
            BINDING,
            {"spec": {"validationActions": ["Deny", "Audit"]}},
            {"spec": {"validationActions": ["Audit"]}},
            ["no longer denies: it only tells"],
        ),
        (
            BINDING,
            {"spec": {"validationActions": ["Deny"]}},
            None,
            ["removes the binding that puts the policy in force: what it refused is taken"],
        ),
    ],
)
def test_admission_policies(type_, before, after, expected):
    assert found(type_, before, after) == [f"opening-admission: {words}" for words in expected]


def test_overrides_that_are_new_or_changed():
    def version(overrides):
        return graph(component("aiinfra:index:Site", "line", {"overrides": overrides}))

    before = version({"runtime": {"deployment": {"spec": {"replicas": 2, "paused": True}}}})
    after = version({"runtime": {"deployment": {"spec": {"replicas": 3, "paused": True}}}})
    (change,) = diff(before, after)
    (finding,) = openings(change, frozenset())
    assert (finding.path, finding.before, finding.after) == ("overrides.runtime.deployment.spec.replicas", 2, 3)


def test_a_read_resource_opens_nothing():
    assert found(GROUP, None, {"ingress": [rule("0.0.0.0/0")]}, read=True) == []
