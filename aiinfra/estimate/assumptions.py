"""Numbers set by hand, each with its reason and range: shown wherever they enter an estimate."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from aiinfra.catalogue.figure import read_data


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number nobody measured for us, and why it is what it is."""

    name: str
    value: float
    low: float
    high: float
    why: str


@cache
def assumptions() -> Mapping[str, Assumption]:
    """All of them, by name."""
    return {name: Assumption(name, **entry) for name, entry in tomllib.loads(read_data("assumptions.toml")).items()}


def assumption(name: str) -> Assumption:
    """The assumption of that name.

    Raises:
        KeyError: there is none; the names are in ``catalogue/data/assumptions.toml``.
    """
    return assumptions()[name]
