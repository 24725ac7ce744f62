"""The provider SDKs installed beside this program: which packages there are, and what their types look like."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import distributions
from threading import RLock
from typing import Any, Final

from pulumi.runtime.rpc import get_resource_module

from aiinfra.graph.functions import answer

PLUGIN_FILE: Final = "pulumi-plugin.json"
"""Every generated SDK holds one: its package's name and version."""

_ONE_AT_A_TIME = RLock()
"""The SDKs load their modules when they are first touched, which two threads must not do at once."""


@dataclass(frozen=True, slots=True)
class Package:
    """A provider SDK."""

    name: str
    """As in type tokens: ``aws``."""
    version: str
    module: str
    """``pulumi_aws``."""


def installed() -> tuple[Package, ...]:
    """Every provider SDK that can be imported here, by name."""
    found: dict[str, Package] = {}
    for distribution in distributions():
        for file in distribution.files or ():
            if file.name != PLUGIN_FILE or len(file.parts) != 2:
                continue
            with suppress(OSError, ValueError):
                data = json.loads(file.read_text(encoding="utf-8"))
                if data.get("resource"):
                    package = Package(data["name"], data.get("version") or distribution.version, file.parts[0])
                    found.setdefault(package.name, package)
    return tuple(found[name] for name in sorted(found))


def load_class(token: str) -> None:
    """Import the class of a type token, so that its properties are known; nothing happens where there is none."""
    with _ONE_AT_A_TIME, suppress(ImportError, AttributeError, KeyError, ValueError):
        package, module, _ = token.split(":")
        import_module(f"pulumi_{package.replace('-', '_')}")
        known: Any = get_resource_module(package, module, "")
        if known is not None:
            getattr(import_module(known.mod_info["fqn"]), known.mod_info["classes"][token])


def answer_of(token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a provider function answers here: as in a review, and what it was asked where nobody knows it."""
    with _ONE_AT_A_TIME:
        made = answer(token, arguments, settings)
    return made.result if made is not None else arguments
