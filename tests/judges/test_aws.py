"""Policies, values and partitions of AWS, judged by cfn-lint, moto, botocore and AWS's published list of actions."""

import json
import os
import random
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aiinfra.access.aws.decisions import Decision, Policies, Request, decide
from aiinfra.access.aws.documents import statements
from aiinfra.catalogue.regions import regions
from aiinfra.components.aws.policy import dns_suffix
from aiinfra.graph.node import Graph
from tests.programs import ROOT, programs
from tools.build_aws_values import OUT, build

pytestmark = pytest.mark.judges

OLDEST = "2026-09-01"
"""The list of actions must not be older."""


@cache
def environment() -> Path:
    found = ROOT / ".venv-judges-aws"
    assert (found / "bin" / "cfn-lint").is_file(), f"no judges at {found}: run make judges, which sets them up"
    return found


def ask(question: str, given: Any = None) -> Any:
    script = Path(__file__).with_name("in_aws_environment.py")
    ran = subprocess.run(
        [environment() / "bin" / "python", script, question],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


WRAPPED = {
    "policy": ("AWS::IAM::ManagedPolicy", "PolicyDocument", {}),
    "aws:s3/bucketPolicy:BucketPolicy": ("AWS::S3::BucketPolicy", "PolicyDocument", {"Bucket": "b-1"}),
    "aws:kms/key:Key": ("AWS::KMS::Key", "KeyPolicy", {}),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("AWS::ECR::Repository", "RepositoryPolicyText", {}),
    "assumeRolePolicy": ("AWS::IAM::Role", "AssumeRolePolicyDocument", {}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "AWS::EC2::VPCEndpoint",
        "PolicyDocument",
        {"VpcId": "vpc-0123456789abcdef0", "ServiceName": "com.amazonaws.us-east-1.s3"},
    ),
}
"""Where CloudFormation keeps a document: by the resource's type, or by the property's name."""


def documents(graph: Graph) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """URN and property -> type of resource, property and document."""
    found = {}
    for node in graph:
        for key, value in node.inputs.items():
            if statements(value) is not None:
                found[f"{node.name} {key}"] = (node.type, key, json.loads(value))
    return found


@cache
def everything() -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {f"{one.name} {key}": value for one in programs() for key, value in documents(one.graph()).items()}


def linted(given: dict[str, tuple[str, str, dict[str, Any]]], folder: Path) -> set[tuple[str, str, str]]:
    """``(document, rule, message)`` of everything that cfn-lint says of policies."""
    resources, names = {}, {}
    for index, (where, (type_, key, document)) in enumerate(sorted(given.items())):
        kind, place, more = WRAPPED.get(type_) or WRAPPED.get(key) or WRAPPED["policy"]
        # A service's resource policy names principals; of what CloudFormation has for them, the key's is the plainest.
        if "Principal" in document["Statement"][0] and kind == "AWS::IAM::ManagedPolicy":
            kind, place, more = WRAPPED["aws:kms/key:Key"]
        resources[f"R{index}"] = {"Type": kind, "Properties": {place: document, **more}}
        names[f"R{index}"] = where
    file = folder / "policies.json"
    file.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}))
    program = environment() / "bin" / "cfn-lint"
    ran = subprocess.run([program, "--format", "json", file], capture_output=True, text=True, check=False, cwd=folder)
    assert ran.returncode in (0, 2, 4, 6, 8, 10, 12, 14), ran.stderr[-2000:]
    wanted = ("E3510", "E3511", "E3512", "E3513", "E3514", "W3037", "E3002", "E3012")
    return {
        (names[item["Location"]["Path"][1]], item["Rule"]["Id"], item["Message"][:160])
        for item in json.loads(ran.stdout or "[]")
        if item["Rule"]["Id"] in wanted
    }


def test_the_linter_has_nothing_to_say_about_our_policies(tmp_path: Path) -> None:
    found = everything()
    assert len({type_ for type_, _, _ in found.values()}) >= 5
    assert linted(found, tmp_path) == set()


def test_the_linter_notices(tmp_path: Path) -> None:
    base = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}

    def spoilt(**changed: Any) -> tuple[str, str, dict[str, Any]]:
        return ("", "policy", {**base, "Statement": [{**base["Statement"][0], **changed}]})

    given = {
        "good": ("", "policy", base),
        "effect": spoilt(Effect="Allowed"),
        "action": spoilt(Action="s3:GetObjekt"),
        "resource": spoilt(Resource="one/bucket"),
        "key": spoilt(Acton="s3:GetObject"),
    }
    assert {where for where, _, _ in linted(given, tmp_path)} == set(given) - {"good"}


def test_every_action_and_condition_key_is_on_awss_list() -> None:
    assert ask("facts")["actions_date"] >= OLDEST
    assert ask("actions", [document for _, _, document in everything().values()]) == []
    bad = [{"Action": ["s3:GetObjekt", "nope:Do"], "Condition": {"StringEquals": {"s3:Colour": "red"}}}]
    assert len(ask("actions", [{"Statement": bad}])) == 3


def test_the_table_of_values_is_what_botocore_says() -> None:
    facts = ask("facts")
    committed = json.loads(OUT.read_text())
    assert committed["source"] == f"botocore {facts['version']}", "run tools/build_aws_values.py"
    assert OUT.read_text() == build(Path(facts["botocore"]), committed["source"], committed["date"])


def test_partitions() -> None:
    told = ask("facts")["partitions"]
    for region in regions().values():
        assert region.name in told[region.partition]["regions"], region.name
    for partition in {region.partition for region in regions().values()}:
        assert dns_suffix(partition) == told[partition]["suffix"]


ACTIONS = ["s3:GetObject", "s3:PutObject", "kms:Decrypt"]
PLACES = ["arn:aws:s3:::one/a", "arn:aws:s3:::two/b", "arn:aws:kms:us-east-1:111122223333:key/k"]


def test_moto_decides_the_same() -> None:
    """Actions, resources and wildcards; moto reads no ``NotResource`` and few conditions."""
    dice = random.Random(7)
    cases = []
    for _ in range(400):
        listed = []
        for _ in range(dice.randint(1, 3)):
            act = dice.choice(["Action", "Action", "NotAction"])
            acts: Any = dice.choice([*ACTIONS, "*", "s3:*", "s3:Get*", ["s3:GetObject", "kms:Decrypt"]])
            place = dice.choice([*PLACES, "*", "arn:aws:s3:::*", "arn:aws:s3:::one/*", PLACES[:2]])
            listed.append({"Effect": dice.choice(["Allow", "Allow", "Deny"]), act: acts, "Resource": place})
        cases += [({"Version": "2012-10-17", "Statement": listed}, a, p) for a in ACTIONS for p in PLACES]
    told = ask("decide", cases)
    assert set(told) == {"PERMITTED", "DENIED", "NEUTRAL"}
    for (document, action, place), theirs in zip(cases, told, strict=True):
        request = Request("arn:aws:iam::111122223333:role/r", action, place, {})
        ours = decide(request, Policies(statements(document)))
        assert (ours is Decision.ALLOWED) == (theirs == "PERMITTED"), (document, action, place)
