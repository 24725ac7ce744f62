"""What an account has is asked once and held against the declaration every time."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aiinfra.check.account import FILE, fits_account, read_account_facts
from aiinfra.cli import doctor
from aiinfra.engine import account
from aiinfra.errors import BadInput, Refused
from aiinfra.spec.reading import load
from tests.programs import ROOT

ZONES = ["use1-az1", "use1-az2", "use1-az4"]
QUOTAS = {
    "Running On-Demand P instances": 192.0,
    "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances": 640.0,
    "All P5 Spot Instance Requests": 0.0,
}


class Pages:
    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self.pages = pages

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        return self.pages


class Stub:
    """AWS, as far as it is asked."""

    def __init__(self, number: str = "111122223333", offered: tuple[str, ...] = ("use1-az1", "use1-az4")) -> None:
        self.number, self.offered = number, offered

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.number}

    def describe_availability_zones(self, **asked: Any) -> dict[str, Any]:
        return {"AvailabilityZones": [{"ZoneId": zone, "ZoneType": "availability-zone"} for zone in ZONES]}

    def get_paginator(self, name: str) -> Pages:
        if name == "list_service_quotas":
            return Pages([{"Quotas": [{"QuotaName": one, "Value": value}]} for one, value in QUOTAS.items()])
        return Pages([{"InstanceTypeOfferings": [{"Location": zone}]} for zone in self.offered])


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    """A declaration that trains on two machines of 192 cores each, on demand."""
    folder = ROOT / "tests" / "data" / "declarations"
    text = (folder / "whole.yaml").read_text()
    file = tmp_path / "whole.yaml"
    file.write_text(text)
    (tmp_path / "sites.csv").write_text((folder / "sites.csv").read_text())
    return file


def told(file: Path) -> list[tuple[str, str]]:
    return [(finding.id, finding.message) for finding in fits_account(load(file))]


def test_without_the_file_it_is_said_that_nobody_looked(declared: Path) -> None:
    assert [code for code, _ in told(declared)] == ["account-unchecked"]


def test_what_is_asked_is_written_and_read(declared: Path) -> None:
    file = account.write_account_facts(load(declared), lambda name: Stub())
    facts = read_account_facts(file)
    assert file.name == FILE
    assert facts is not None
    assert facts.zones == ("use1-az1", "use1-az2", "use1-az4")
    assert facts.offered == {"p5.48xlarge": ("use1-az1", "use1-az4")}
    assert facts.quota("p5.48xlarge") == ("Running On-Demand P instances", 192.0)
    assert facts.quota("m7i.xlarge") == ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 640.0)
    assert facts.quota("trn1.2xlarge") is None


def test_a_quota_that_is_too_small(declared: Path) -> None:
    account.write_account_facts(load(declared), lambda name: Stub())
    assert told(declared) == [
        ("quota-short", "2 x p5.48xlarge are 384 virtual CPUs, and the quota 'Running On-Demand P instances' is 192")
    ]


def test_machines_and_zones_that_are_not_there(declared: Path) -> None:
    file = account.write_account_facts(load(declared), lambda name: Stub(offered=("use1-az4",)))
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "zones": ["use1-az1", "use1-az4"], "quotas": {}}))
    assert [code for code, _ in told(declared)] == ["zone-not-in-account", "instance-not-offered"]


def test_machines_that_serve_are_offered_in_every_zone_and_fit_their_quota(tmp_path: Path) -> None:
    folder = ROOT / "tests" / "data" / "declarations"
    text = (folder / "serving.yaml").read_text().replace("c7i.2xlarge, count: 2", "c7i.2xlarge, count: 90")
    (tmp_path / "deployment.yaml").write_text(text)
    (tmp_path / "machines.pem").write_text((folder / "machines.pem").read_text())
    file = account.write_account_facts(load(tmp_path), lambda name: Stub())
    facts = read_account_facts(file)
    assert facts is not None
    assert set(facts.offered) == {"g6.12xlarge", "g6.xlarge", "c7i.2xlarge"}
    found = [(one.id, one.path) for one in fits_account(load(tmp_path))]
    assert found == [
        ("instance-not-offered", "serving.machines[0].instance"),
        ("instance-not-offered", "serving.machines[1].instance"),
        ("quota-short", "serving.machines[1].count"),
    ]


def test_facts_of_another_account(declared: Path) -> None:
    file = account.write_account_facts(load(declared), lambda name: Stub())
    file.write_text(file.read_text().replace("111122223333", "444455556666"))
    assert [code for code, _ in told(declared)] == ["account-facts-of-another"]
    with pytest.raises(Refused) as caught:
        account.ask(load(declared), lambda name: Stub("444455556666"))
    assert caught.value.code == "account-facts-of-another"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "aiinfra.account-facts/1"}', "\0"])
def test_a_file_that_is_something_else(declared: Path, text: str) -> None:
    (declared.parent / FILE).write_text(text)
    assert [code for code, _ in told(declared)] == ["account-facts-unreadable"]


def test_without_boto3_or_credentials_it_is_said_what_to_do(declared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(account.importlib, "import_module", absent)
    with pytest.raises(BadInput) as caught:
        CliRunner().invoke(doctor.command, ["--account", str(declared)], standalone_mode=False, catch_exceptions=False)
    assert caught.value.code == "boto3-missing"

    def broken(name: str) -> Any:
        raise RuntimeError("Unable to locate credentials")

    with pytest.raises(BadInput, match="Unable to locate credentials"):
        account.ask(load(declared), broken)


def test_the_zone_of_the_control_plane_is_looked_for_too(tmp_path: Path) -> None:
    text = (ROOT / "tests" / "data" / "declarations" / "small.yaml").read_text()
    (tmp_path / "deployment.yaml").write_text(text)
    facts = {
        "schema": "aiinfra.account-facts/1",
        "account": "111122223333",
        "region": "eu-west-1",
        "date": "2026-01-01",
    }
    facts |= {"zones": ["euw1-az2", "euw1-az3"], "offered": {"g6.xlarge": ["euw1-az2"]}, "quotas": {}}
    (tmp_path / FILE).write_text(json.dumps(facts))
    found = [(one.id, one.path, one.remedy) for one in fits_account(load(tmp_path)) if one.id == "zone-not-in-account"]
    assert found == [("zone-not-in-account", "cloud.control_zone", "use euw1-az2, euw1-az3")]
