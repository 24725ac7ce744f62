"""The provider SDKs installed here."""

from aiinfra.engine.providers import answer_of, installed, load_class
from aiinfra.graph.shapes import Kind, outputs_of


def test_every_installed_sdk_is_named_with_its_version() -> None:
    found = {package.name: package for package in installed()}
    assert {"aws", "kubernetes"} <= set(found)
    assert found["aws"].module == "pulumi_aws"
    assert found["aws"].version.startswith("7.")


def test_the_class_of_a_token_is_loaded_once_it_is_asked_for() -> None:
    load_class("aws:backup/vault:Vault")
    assert outputs_of("aws:backup/vault:Vault")["arn"].kind is Kind.TEXT
    for nothing in ("aws:nowhere:Nothing", "nobody:index:Thing", "kubernetes:example.com/v1:Thing", "x"):
        load_class(nothing)


def test_what_a_provider_function_gives() -> None:
    assert answer_of("aws:index/getRegion:getRegion", {}, {"region": "eu-west-1"})["name"] == "eu-west-1"
    zones = answer_of("aws:index/getAvailabilityZones:getAvailabilityZones", {"excludeZoneIds": ["use1-az2"]}, {})
    assert zones["zoneIds"] == ["use1-az1", "use1-az3"]
    assert answer_of("nobody:index/get:get", {"of": "x"}, {}) == {"of": "x"}
