"""What is made once an account, and what else is told of money: by value."""

import json
import re
from typing import Any

import pytest
import yaml

from aiinfra.catalogue.operators import operators
from aiinfra.components.aws import account_policy, registry_policy, runner_policy, spending, watch_rules
from aiinfra.components.aws.account_specs import AccountSpec, SpendingSpec
from aiinfra.components.aws.bucket_policy import closed
from aiinfra.components.aws.runner_specs import RunnerSpec
from aiinfra.components.aws.scaling import controller_policy, pattern, queue_policy
from aiinfra.components.monitoring.exporters import DCGM
from aiinfra.errors import BadInput
from aiinfra.graph.node import Graph
from aiinfra.spec.cloud import State
from aiinfra.spec.guard import Guard
from aiinfra.spec.reading import load
from aiinfra.units import Spend
from tests.programs import ROOT, programs

ACCOUNT = "111122223333"
DATA = ROOT / "tests" / "data" / "declarations"


def graph(name: str) -> Graph:
    return next(program for program in programs() if program.name == f"declarations/{name}").graph()


def statements(text: str) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def test_a_budget_is_told_of_before_and_after_it_is_spent() -> None:
    spec = SpendingSpec(topic="arn", budget=Spend("1200 USD/month"), tag="cost-center=4711")
    made: dict[str, Any] = dict(spending.budget(spec, 1200))
    assert (made["limit_amount"], made["limit_unit"], made["time_unit"]) == ("1200.00", "USD", "MONTHLY")
    assert made["cost_filters"] == [{"name": "TagKeyValue", "values": ["user:cost-center$4711"]}]
    assert [(one["notification_type"], one["threshold"]) for one in made["notifications"]] == [
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    assert "cost_filters" not in spending.budget(spec.model_copy(update={"tag": ""}), 1200)


def test_a_budget_is_in_dollars_and_a_landing_zone_has_its_own() -> None:
    for wrong, why in (
        ({"budget": "100 EUR/month"}, "AWS counts in USD"),
        ({"anomalies": "100 EUR/day"}, "AWS counts in USD"),
        ({"existing": True, "budget": "100 USD/month"}, "leave them out"),
    ):
        with pytest.raises(ValueError, match=why):
            Guard.model_validate(wrong)
    with pytest.raises(BadInput, match="makes nothing for the whole account"):
        AccountSpec.of(load(DATA / "whole.yaml"))


def test_the_trail_is_whole_and_cannot_be_deleted() -> None:
    made = graph("elastic/account")
    trail = made.one("aws:cloudtrail/trail:Trail", "defect-map-account-trail")
    assert trail.protect
    kept = made.one(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "defect-map-account-trail-records-lock"
    ).inputs
    assert kept["rule"]["defaultRetention"] == {"mode": "GOVERNANCE", "days": 365}
    locked = {node.name for node in made.of_type("aws:s3/bucket:Bucket") if node.inputs["objectLockEnabled"]}
    assert locked == {"defect-map-account-trail-records-bucket"}  # the recorder cannot deliver into a locked one
    selectors = trail.inputs["advancedEventSelectors"]
    assert [{f["field"]: f["equals"] for f in one["fieldSelectors"]} for one in selectors] == [
        {"eventCategory": ["Management"]},
        {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"]},
    ]


def test_recorders_write_their_own_accounts_records_and_nothing_else() -> None:
    found = statements(closed("b", ACCOUNT, "aws", writer="cloudtrail.amazonaws.com"))
    assert found["WriteRecords"]["Resource"] == f"arn:aws:s3:::b/AWSLogs/{ACCOUNT}/*"
    assert found["WriteRecords"]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    trails = f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"
    assert found["WriteRecords"]["Condition"] == {"ArnLike": {"aws:SourceArn": trails}}
    assert "WriteRecords" not in statements(closed("b", ACCOUNT, "aws"))


def test_nobody_sends_alarms_but_awss_services_for_this_account() -> None:
    found = statements(account_policy.topic_policy("arn", ACCOUNT, "aws", account_policy.ALARM_SENDERS))
    sent = [one for sid, one in found.items() if sid.startswith("Send")]
    assert [one["Principal"]["Service"] for one in sent] == list(account_policy.ALARM_SENDERS)
    assert all(one["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}} for one in sent)
    assert found["RefusePlainText"]["Effect"] == "Deny"


def test_releases_are_signed_in_one_way_and_whoever_administers_the_key_does_not_sign_by_that() -> None:
    found = statements(registry_policy.signing_key(ACCOUNT, "aws"))
    assert found["SignReleases"]["Condition"]["StringEquals"] == {
        "kms:SigningAlgorithm": "ECDSA_SHA_256",
        "kms:MessageType": "DIGEST",
    }
    assert not {"kms:Sign", "kms:*"} & set(found["AdministerKey"]["Action"])
    made = graph("elastic/registry").one("aws:kms/key:Key", "defect-map-signing-key").inputs
    assert (made["customerMasterKeySpec"], made["keyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")


def test_every_image_that_is_needed_has_a_repository_whose_tags_stay() -> None:
    made = graph("elastic/registry").of_type("aws:ecr/repository:Repository")
    names = {node.inputs["name"].removeprefix("defect-map/") for node in made}
    assert {"defect-map-trainer", "platform-runner", "chart-karpenter", "karpenter-controller"} <= names
    assert {node.inputs["imageTagMutability"] for node in made} == {"IMMUTABLE"}
    assert all(node.protect for node in made)


def test_karpenter_starts_and_ends_machines_of_its_cluster_alone() -> None:
    text = controller_policy("c", ACCOUNT, "us-east-1", "aws", role="arn:role", key_alias="alias/k")
    found = statements(text)
    assert found["Start"]["Condition"]["StringEquals"] == {"aws:RequestTag/kubernetes.io/cluster/c": "owned"}
    assert found["End"]["Condition"]["StringEquals"] == {"aws:ResourceTag/kubernetes.io/cluster/c": "owned"}
    assert found["HandOnRole"]["Resource"] == ["arn:role"]
    assert [sid for sid, one in found.items() if one["Resource"] == "*"] == ["Look"]
    assert len(text) < 6_144  # a managed policy's most; the inline one's is 10,240


def test_interruptions_come_from_rules_of_the_account() -> None:
    found = statements(queue_policy("arn:q", "arn:rules-*", ACCOUNT))
    assert found["Events"]["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:rules-*"}
    assert json.loads(pattern("aws.ec2", "X")) == {"source": ["aws.ec2"], "detail-type": ["X"]}


def runner() -> RunnerSpec:
    return RunnerSpec(
        account=ACCOUNT,
        region="us-east-1",
        deployment="vision",
        cluster="c",
        vpc="v",
        subnets=("s",),
        group="g",
        key="k",
        logs_key="l",
        state=State(bucket="example-state", key="alias/state"),
        image=f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/vision/platform-runner:1@sha256:{'a' * 64}",
    )


def test_a_runner_keeps_its_state_and_pulls_its_image_and_no_more() -> None:
    found = statements(runner_policy.runner_policy(runner(), "arn:log", "aws"))
    assert found["Pull"]["Resource"] == [f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/vision/platform-runner"]
    assert found["KeepState"]["Resource"] == ["arn:aws:s3:::example-state/*"]
    assert found["Secrets"]["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/state"}}
    assert {sid for sid, one in found.items() if one["Resource"] == "*"} == {"SignIn", "Look"}


def test_a_runner_previews_unless_it_is_told_otherwise() -> None:
    told = json.loads(runner_policy.commands(runner()))
    assert told["env"]["variables"]["PULUMI_BACKEND_URL"] == "s3://example-state?region=us-east-1"
    assert "preview) pulumi preview" in told["phases"]["build"]["commands"][-1]
    project = (
        graph("whole/training").one("aws:codebuild/project:Project", "line-vibration-training-runner-project").inputs
    )
    variables = project["environment"]["environmentVariables"]
    assert {one["name"]: one["value"] for one in variables} == {"ACTION": "preview", "STACK": "production"}


def test_alarms_ask_only_for_what_is_scraped() -> None:
    jobs = {job["job_name"] for job in yaml.safe_load(watch_rules.scraped())["scrape_configs"]}
    assert jobs == {"apiserver", "jobset", "kueue", "trainer"}
    assert jobs - {"apiserver"} <= set(operators())
    (group,) = yaml.safe_load(watch_rules.rules())["groups"]
    series = ("kueue_", "apiserver_", "up")
    assert all(any(name in rule["expr"] for name in series) for rule in group["rules"])
    told = yaml.safe_load(watch_rules.scraped(["dcgm"]))["scrape_configs"][-1]
    assert (told["job_name"], told["relabel_configs"][0]["regex"]) == ("dcgm", "kube-system;9400")
    (group,) = yaml.safe_load(watch_rules.rules(["dcgm"]))["groups"]
    asked = {word for rule in group["rules"] for word in re.findall(r"DCGM_\w+", rule["expr"])}
    assert asked <= set(DCGM.series)
    assert len(asked) == 2
    inner = yaml.safe_load(watch_rules.alert_manager("arn:topic", "us-east-1"))["alertmanager_config"]
    (receiver,) = yaml.safe_load(inner)["receivers"]
    assert receiver["sns_configs"][0]["topic_arn"] == "arn:topic"
