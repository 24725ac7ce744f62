"""Provider functions where no cloud is asked."""

import base64
import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest

from aiinfra.graph.collect import collect
from aiinfra.graph.functions import answer
from aiinfra.graph.node import Mode

BUCKET = "aws:s3/bucket:Bucket"
ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"


@pytest.mark.parametrize(
    ("region", "zones", "ids"),
    [
        ("us-east-1", ["us-east-1a", "us-east-1b", "us-east-1c"], ["use1-az1", "use1-az2", "use1-az3"]),
        ("ap-southeast-2", ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"], None),
        ("us-gov-west-1", None, ["usgw1-az1", "usgw1-az2", "usgw1-az3"]),
        ("eu-central-1", None, ["euc1-az1", "euc1-az2", "euc1-az3"]),
    ],
)
def test_zones_are_those_of_the_region(region, zones, ids):
    result = answer(ZONES, {}, {"region": region}).result
    assert zones in (None, result["names"])
    assert ids in (None, result["zoneIds"])
    fewer = answer(ZONES, {"excludeZoneIds": [result["zoneIds"][1]]}, {"region": region}).result
    assert fewer["names"] == [result["names"][0], result["names"][2]]


def test_the_account_is_the_one_the_provider_allows():
    token = "aws:index/getCallerIdentity:getCallerIdentity"
    settings = {"region": "cn-north-1", "allowedAccountIds": '["111122223333"]'}
    result = answer(token, {}, settings).result
    assert result["accountId"] == "111122223333"
    assert result["arn"].startswith("arn:aws-cn:sts::111122223333:")
    assert answer(token, {}, {"allowedAccountIds": "{"}).result["accountId"] == "123456789012"


def test_what_was_asked_with_is_in_the_answer_and_tells_calls_apart():
    token = "aws:ec2/getAmi:getAmi"
    one = answer(token, {"owners": ["amazon"], "mostRecent": True}, {}).result
    other = answer(token, {"owners": ["self"], "mostRecent": True}, {}).result
    assert one["owners"] == ["amazon"]
    assert one["id"].startswith("ami-")
    assert one["id"] != other["id"]
    assert (
        answer("aws:route53/getZone:getZone", {"name": "acme.com"}, {}).result["zoneId"] == "getZone(acme.com).zoneId"
    )


def test_a_registrys_token_can_be_taken_apart():
    result = answer("aws:ecr/getAuthorizationToken:getAuthorizationToken", {}, {}).result
    user, password = base64.b64decode(result["authorizationToken"]).decode().split(":")
    assert (user, bool(password)) == ("AWS", True)


def test_nothing_is_made_up_for_functions_no_sdk_knows():
    assert answer("acme:index/getThing:getThing", {}, {}) is None
    assert answer("aws:ec2/getNothing:getNothing", {}, {}) is None
    assert answer("not a token", {}, {}) is None


def test_a_program_with_functions_runs_and_the_graph_says_so():
    def program():
        provider = aws.Provider("west", region="eu-west-1")
        zones = aws.get_availability_zones_output(opts=pulumi.InvokeOptions(provider=provider))
        aws.s3.Bucket("b", tags={"zone": zones.names[2], "region": aws.get_region().region})

    for mode in Mode:
        graph = collect(program, stand_ins=True, config={"aws:region": "eu-north-1"}, mode=mode)
        assert graph.one(BUCKET).inputs == {"tags": {"zone": "eu-west-1c", "region": "eu-north-1"}}
        found = [(finding.id, finding.severity.value, finding.path) for finding in graph.findings]
        assert found == [
            ("invoke-stand-in", "note", ZONES),
            ("invoke-stand-in", "note", "aws:index/getRegion:getRegion"),
        ]


def test_policy_documents_are_computed_and_need_no_note():
    def program():
        inner = aws.iam.get_policy_document(
            statements=[
                {"sid": "Read", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme/&{aws:username}"]}
            ]
        )
        outer = aws.iam.get_policy_document(
            source_policy_documents=[inner.json],
            override_policy_documents=[json.dumps({"Statement": {"Sid": "Read", "Effect": "Deny", "Action": "*"}})],
            statements=[
                {
                    "actions": ["sts:AssumeRole", "sts:TagSession"],
                    "principals": [{"type": "Service", "identifiers": ["ec2.amazonaws.com"]}],
                    "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
                },
                {"effect": "Deny", "actions": ["*"], "principals": [{"type": "*", "identifiers": ["*"]}]},
            ],
        )
        aws.iam.Policy("inner", policy=inner.json)
        aws.iam.Policy("outer", policy=outer.json)

    graph = collect(program, stand_ins=True)
    assert graph.findings == ()
    policies = {node.name: json.loads(node.inputs["policy"]) for node in graph.of_type("aws:iam/policy:Policy")}
    read = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/${aws:username}"}
    assert policies["inner"] == {"Version": "2012-10-17", "Statement": [read]}
    assert policies["outer"]["Statement"] == [
        {"Sid": "Read", "Effect": "Deny", "Action": "*"},
        {
            "Effect": "Allow",
            "Action": ["sts:TagSession", "sts:AssumeRole"],
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
        },
        {"Effect": "Deny", "Action": "*", "Principal": "*"},
    ]


def test_a_source_document_that_is_no_json_gives_a_stand_in():
    found = answer("aws:iam/getPolicyDocument:getPolicyDocument", {"sourcePolicyDocuments": ["bucket.policy"]}, {})
    assert found.note == "a stand-in"
    assert found.result["json"].startswith("getPolicyDocument(")


def test_yaml_is_decoded(project):
    manifest = (
        "kind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {at: 2024-01-01}}\n---\n"
    )

    def program():
        kubernetes.yaml.ConfigGroup("all", yaml=[manifest])

    graph = collect(program, stand_ins=True)
    assert graph.one("kubernetes:core/v1:ConfigMap").inputs["data"] == {"at": "2024-01-01"}
    assert graph.findings == ()


def test_an_answer_to_a_secret_question_is_secret():
    def program():
        zone = aws.route53.get_zone_output(name=pulumi.Output.secret("hidden.acme.com"))
        aws.s3.Bucket("b", tags={"zone": zone.zone_id})

    graph = collect(program, stand_ins=True)
    assert graph.one(BUCKET).inputs["tags"] == {"$secret": ""} or graph.one(BUCKET).inputs["tags"]["zone"] == {
        "$secret": ""
    }
    assert "hidden" not in graph.to_text()
