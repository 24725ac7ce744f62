"""Classes of machine around an accelerator: how a CPU's name tells them, and what published nodes drew."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from aiinfra.catalogue.figure import read_data


@dataclass(frozen=True, slots=True)
class HostClass:
    """One class."""

    name: str
    title: str
    cpus: tuple[str, ...]
    """Words in the name of a host's CPU that tell the class, in lower case."""
    watts: float
    """W it draws beside its parts, fitted to published nodes."""
    share: float
    """Part of its parts' own limit that they draw."""
    systems: int
    """Published systems behind the two."""


@cache
def host_classes() -> Mapping[str, HostClass]:
    """Every class, smallest first."""
    fitted = json.loads(read_data("efficiency.json"))["power"]
    return MappingProxyType(
        {
            name: HostClass(
                name,
                entry["title"],
                tuple(entry["cpus"]),
                fitted[name]["host"],
                fitted[name]["share"],
                fitted[name]["systems"],
            )
            for name, entry in tomllib.loads(read_data("hosts.toml")).items()
        }
    )
