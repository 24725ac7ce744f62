"""The catalogue's replacement rules, held against what the providers themselves publish."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from aiinfra.catalogue.replacement import behaviour

FILE = Path(__file__).parent.parent / "data" / "replacement_documented.toml"
DOCUMENTED: dict[str, dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["types"]
EVERYWHERE = {"region"}
"""The provider's own, of nearly every type: AWS's schemas are of one region."""


def paths(type_: str) -> set[str]:
    known = behaviour(type_)
    assert known is not None
    return {rule.path for rule in known.rules} - EVERYWHERE


def conditional(type_: str) -> set[str]:
    known = behaviour(type_)
    assert known is not None
    bare = {rule.path for rule in known.rules if rule == type(rule)(rule.path)}
    return paths(type_) - bare


def test_there_are_enough_of_them() -> None:
    assert sum("schema" in entry for entry in DOCUMENTED.values()) >= 30


@pytest.mark.parametrize("type_", sorted(type_ for type_, entry in DOCUMENTED.items() if "schema" in entry))
def test_what_replaces_is_what_is_published_and_every_difference_has_its_reason(type_: str) -> None:
    entry = DOCUMENTED[type_]
    published = set(entry.get("replaces", {}).values())
    provider = entry.get("provider", {})
    assert paths(type_) == published | provider.keys()
    assert not published & provider.keys()
    assert not entry.get("replaces", {}).keys() & entry.get("in-place", {}).keys()
    assert all([*provider.values(), *entry.get("in-place", {}).values()])
    assert {path for path, why in provider.items() if "condition" in why} <= conditional(type_)


@pytest.mark.parametrize("type_", sorted(type_ for type_, entry in DOCUMENTED.items() if "page" in entry))
def test_what_the_documentation_says_replaces_does(type_: str) -> None:
    entry = DOCUMENTED[type_]
    name, _, commit = entry["page"].partition(" at ")
    assert name
    assert len(commit) == 40
    assert entry["forces"]
    assert set(entry["forces"]) <= paths(type_)
