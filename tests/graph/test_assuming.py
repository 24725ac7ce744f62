"""Configuration that nobody set."""

import pulumi
import pulumi_aws as aws
import pytest

from aiinfra.errors import BadInput
from aiinfra.graph.collect import collect


def program():
    config = pulumi.Config("app")
    tags = {
        "size": str(config.require_int("size") + 1),
        "name": config.require("name"),
        "on": str(config.require_bool("on")),
        "kept": config.require("kept"),
        "map": ",".join(config.require_object("map")),
    }
    aws.s3.Bucket("b", tags={**tags, "password": config.require_secret("password")})


def test_missing_keys_get_stand_ins_of_the_type_asked_for():
    graph = collect(program, assume_config=True, config={"app:kept": "given"})
    tags = graph.one("aws:s3/bucket:Bucket").inputs["tags"]
    assert {key: tags[key] for key in ("size", "name", "on", "kept", "map")} == {
        "size": "2",
        "name": "name",
        "on": "False",
        "kept": "given",
        "map": "",
    }
    assert "$secret" in str(tags["password"])
    found = [(finding.id, finding.path, finding.message.rpartition("given ")[2]) for finding in graph.findings]
    assert found == [
        ("config-assumed", "app:map", "'{}' in its place"),
        ("config-assumed", "app:name", "'name' in its place"),
        ("config-assumed", "app:on", "'false' in its place"),
        ("config-assumed", "app:password", "a secret in its place"),
        ("config-assumed", "app:size", "'1' in its place"),
    ]


def test_what_was_given_wrongly_stays_an_error():
    with pytest.raises(BadInput) as caught:
        collect(program, assume_config=True, config={"app:size": "many"})
    assert caught.value.code == "config-type"


def test_without_being_asked_nothing_is_assumed():
    with pytest.raises(BadInput) as caught:
        collect(program)
    assert caught.value.code == "config-missing"
