"""``aiinfra doctor --account`` against moto's AWS and botocore's errors: facts, or a clear message, no traceback."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aiinfra.check import check
from aiinfra.check.account import FILE, read_account_facts
from aiinfra.cli import compile as compile_
from aiinfra.cli import doctor
from aiinfra.engine import account
from aiinfra.errors import BadInput, Exit, Refused
from aiinfra.spec.reading import load
from tests.programs import ROOT

moto = pytest.importorskip("moto")
boto3 = pytest.importorskip("boto3")
exceptions = pytest.importorskip("botocore.exceptions")
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")  # moto's and botocore's own

ACCOUNT = "123456789012"
"""Moto's own."""


class Quotas:
    """Service Quotas, which moto does not answer: pages as its API reference shows them, or a refusal."""

    def __init__(self, code: str = "") -> None:
        self.code = code

    def get_paginator(self, name: str) -> "Quotas":
        assert name == "list_service_quotas"
        return self

    def paginate(self, ServiceCode: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - boto3's word
        if self.code:
            said = {"Error": {"Code": self.code, "Message": "User: x is not authorized"}}
            raise exceptions.ClientError(said, "ListServiceQuotas")
        yield {"Quotas": [{"QuotaName": "Running On-Demand P instances", "Value": 384.0, "ServiceCode": ServiceCode}]}
        yield {"Quotas": [{"QuotaName": "EC2-VPC Elastic IPs", "Value": 5.0, "ServiceCode": ServiceCode}]}


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A declaration for moto's account, on a machine with credentials that moto takes."""
    folder = ROOT / "tests" / "data" / "declarations"
    shutil.copy(folder / "sites.csv", tmp_path)
    file = tmp_path / "whole.yaml"
    file.write_text((folder / "whole.yaml").read_text().replace("111122223333", ACCOUNT))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    return file


@pytest.fixture
def credentials(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


def clients(quotas: Quotas) -> account.Clients:
    real = account.clients_of("us-east-1")
    return lambda service: quotas if service == "service-quotas" else real(service)


def ran(file: Path, monkeypatch: pytest.MonkeyPatch, quotas: Quotas | None = None) -> str:
    """What the command prints; an error of ours comes through as itself."""
    if quotas is not None:
        made = clients(quotas)
        monkeypatch.setattr(account, "clients_of", lambda region: made)
    runner = CliRunner()
    return runner.invoke(doctor.command, ["--account", str(file)], standalone_mode=False, catch_exceptions=False).output


def judged_by_rights(call: Callable[[], str]) -> None:
    """Call it while moto holds every call against the caller's keys and policies."""
    moto.core.set_initial_no_auth_action_count(0)(call)()


@pytest.mark.usefixtures("credentials")
def test_zones_machines_and_quotas_are_asked_and_held_against_the_declaration(
    declared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moto.mock_aws():
        assert "written" in ran(declared, monkeypatch, Quotas())
    facts = read_account_facts(declared.parent / FILE)
    assert facts is not None
    assert facts.zones == tuple(f"use1-az{number}" for number in range(1, 7))
    assert facts.quotas == {"Running On-Demand P instances": 384.0}
    assert set(facts.offered["p5.48xlarge"]) <= set(facts.zones)
    assert {one.id for one in check(load(declared))} & {
        "account-unchecked",
        "quota-short",
        "zone-not-in-account",
    } == set()
    text = declared.read_text().replace("nodes: 2", "nodes: 3")
    declared.write_text(text)
    (declared.parent / FILE).write_text(facts.model_copy(update={"zones": facts.zones[:1]}).text())
    assert {"quota-short", "zone-not-in-account"} <= {one.id for one in check(load(declared))}
    wanted = [str(declared), "--out", str(declared.parent / "out")]
    compiled = CliRunner().invoke(compile_.command, wanted, standalone_mode=False, catch_exceptions=False)
    assert compiled.return_value == Exit.FAILED
    assert "the account does not see zone use1-az2" in compiled.output
    declared.write_text(text.replace("p5.48xlarge", "p4d.24xlarge"))
    unchecked = [one for one in check(load(declared)) if one.id == "account-unchecked"]
    assert [one.path for one in unchecked] == ["training.instance"]


@pytest.mark.usefixtures("credentials")
def test_without_the_right_to_ask_for_quotas_the_rest_is_written(
    declared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moto.mock_aws():
        assert "servicequotas:ListServiceQuotas" in ran(declared, monkeypatch, Quotas("AccessDeniedException"))
    (one,) = [one for one in check(load(declared)) if one.id == "account-unchecked"]
    assert (one.path, "not allowed" in one.message) == ("training.nodes", True)


@pytest.mark.usefixtures("credentials")
def test_rights_that_are_missing_are_named(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with moto.mock_aws(config={"iam": {"load_aws_managed_policies": False}}):
        user = boto3.client("iam", region_name="us-east-1")
        user.create_user(UserName="weak")
        key = user.create_access_key(UserName="weak")["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        with pytest.raises(BadInput) as caught:
            judged_by_rights(lambda: ran(declared, monkeypatch))
    assert caught.value.code == "account-forbidden"
    assert "DescribeAvailabilityZones" in caught.value.message
    assert all(right in caught.value.remedy for right in account.RIGHTS)
    assert not (declared.parent / FILE).exists()


@pytest.mark.usefixtures("credentials")
def test_keys_that_aws_does_not_know(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with moto.mock_aws(), pytest.raises(BadInput) as caught:
        judged_by_rights(lambda: ran(declared, monkeypatch))
    assert (caught.value.code, "us-east-1" in caught.value.remedy) == ("account-credentials", True)


@pytest.mark.usefixtures("credentials")
def test_credentials_of_another_account(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declared.write_text(declared.read_text().replace(ACCOUNT, "111122223333"))
    with moto.mock_aws(), pytest.raises(Refused) as caught:
        ran(declared, monkeypatch, Quotas())
    assert caught.value.code == "account-facts-of-another"


def test_no_credentials_at_all(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="Unable to locate credentials") as caught:
        ran(declared, monkeypatch)
    assert caught.value.code == "account-credentials"


def test_a_profile_that_is_not_there(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(BadInput, match="nobody") as caught:
        ran(declared, monkeypatch)
    assert caught.value.code == "account-credentials"


@pytest.mark.usefixtures("credentials")
def test_no_network(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(BadInput, match=r"127\.0\.0\.1:9") as caught:
        ran(declared, monkeypatch)
    assert caught.value.code == "account-unreachable"


@pytest.mark.usefixtures("credentials")
def test_a_folder_that_cannot_be_written(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (declared.parent / FILE).mkdir()
    with moto.mock_aws(), pytest.raises(BadInput) as caught:
        ran(declared, monkeypatch, Quotas())
    assert caught.value.code == "account-facts-unwritable"


def test_the_answers_that_are_read_are_aws_own() -> None:
    """Members and parameters against botocore's models of the services."""
    session = boto3.session.Session()
    for call, (sent, read) in account.CALLS.items():
        service, _, operation = call.partition(".")
        model = session._session.get_service_model(service).operation_model(operation)
        assert set(sent) <= set(model.input_shape.members), call
        assert set(read) <= set(model.output_shape.members), call
    assert json.loads(json.dumps(sorted(account.CALLS)))
