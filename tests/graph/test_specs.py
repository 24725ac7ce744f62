"""Specs come back from the components that registered them."""

import pulumi

from aiinfra import tokens
from aiinfra.graph.collect import collect
from aiinfra.graph.specs import specs_of


class Part(pulumi.ComponentResource):
    def __init__(self, token: str, name: str, inputs: dict) -> None:
        super().__init__(token, name, inputs)
        self.register_outputs({})


def test_published_components_alone() -> None:
    def program() -> None:
        Part(
            tokens.SITE,
            "press-line",
            {"offline": "72 h", "callers": ["plc"], "$ref": "x", "token": pulumi.Output.secret("s")},
        )
        Part("mine:index:Thing", "other", {"a": 1})

    assert specs_of(collect(program)) == {
        f"urn:pulumi:production::project::{tokens.SITE}::press-line": {
            "offline": "72 h",
            "callers": ["plc"],
            "$ref": "x",
            "token": {"$secret": ""},
        }
    }
