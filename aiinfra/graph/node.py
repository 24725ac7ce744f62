"""The graph: plain data, sorted by URN, the same bytes on every run.

Property values are JSON values; numbers without a fraction are integers. Four reserved objects stand for what is not
plain (one key each, starting with ``$``; a program's own mapping that has such a key is recorded with one more ``$``):

- ``{"$secret": FINGERPRINT}``: a secret. The value itself is dropped when it is recorded; the fingerprint is empty, or
  a keyed hash that lets one review tell "changed" from "same" (the key lives as long as the review).
- ``{"$unknown": true}``: not known before the engine has created something.
- ``{"$ref": URN}``: a reference to a resource.
- ``{"$asset": {...}}``: a file or archive: its ``kind`` and ``path``, ``uri`` or ``assets``; and the ``sha256`` of its
  text or file, where there is one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from aiinfra.findings import Finding

SCHEMA: Final = "aiinfra.graph/1"

SECRET: Final = "$secret"  # noqa: S105 - a key, not a secret
UNKNOWN: Final = "$unknown"
REF: Final = "$ref"
ASSET: Final = "$asset"


class Mode(StrEnum):
    """How a program was run."""

    PREVIEW = "preview"
    """As the engine's first preview: what is not created yet is unknown."""
    SYMBOLIC = "symbolic"
    """Every output has a stand-in value (``"NAME.PROPERTY"``): nothing is unknown, every ``apply`` runs."""


@dataclass(frozen=True, slots=True)
class Node:
    """One registered resource, as the program asked for it."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    """URN of the parent; empty for the stack itself."""
    custom: bool = True
    """False: a component, which has no provider."""
    remote: bool = False
    """A component that another process builds: opaque here."""
    read: bool = False
    """Read (``Bucket.get``), not managed."""
    id: str = ""
    """The id it was read or imported by; empty otherwise."""
    provider: str = ""
    """URN of the provider; empty: the package's default provider."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """Package -> URN of the provider that the children of a component inherit."""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    """Rarer options, as the engine names them: ``customTimeouts``, ``deletedWith``, ``replaceWith``, ``hideDiffs``,
    ``replacementTrigger``, ``hooks``, ``transforms``, ``stateMigrations``, ``envVarMappings``, ``pluginDownloadURL``.
    """
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What a component registered as its outputs."""
    version: str = ""
    """Version of the provider plugin asked for."""
    source: str = ""
    """``FILE:LINE`` of the program that made it, relative to the project; not part of equality between revisions."""

    @property
    def package(self) -> str:
        """``aws`` from ``aws:s3/bucket:Bucket``; ``pulumi`` for stacks and providers."""
        return self.type.partition(":")[0]

    def as_json(self) -> dict[str, Any]:
        """Plain data; what is empty or false is left out."""
        data: dict[str, Any] = {"urn": self.urn, "type": self.type, "name": self.name}
        for key in self.__slots__:
            value = getattr(self, key)
            if key in data or key == "custom" or not value:
                continue
            if isinstance(value, tuple):
                value = list(value)
            elif key == "property_dependencies":
                value = {name: list(urns) for name, urns in value.items()}
            data[key] = value
        if not self.custom:
            data["component"] = True
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`as_json`."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
        }
        values["custom"] = not values.pop("component", False)
        if "property_dependencies" in values:
            values["property_dependencies"] = {k: tuple(v) for k, v in values["property_dependencies"].items()}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes of one run, by URN in sorted order, and the stack's outputs."""

    project: str
    stack: str
    mode: Mode
    nodes: Mapping[str, Node]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    invokes: tuple[str, ...] = ()
    """Tokens of the provider functions the program called (``aws:index/getRegion:getRegion``), each once, sorted."""
    findings: tuple[Finding, ...] = ()
    """What the run could not do as the engine would (a transform, a missing upstream stack), sorted."""

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def __len__(self) -> int:
        return len(self.nodes)

    def of_type(self, type_: str) -> list[Node]:
        """All nodes with this type token."""
        return [node for node in self if node.type == type_]

    def one(self, type_: str, name: str | None = None) -> Node:
        """The only node of that type (and name).

        Raises:
            LookupError: none or several; names those there are.
        """
        found = [node for node in self.of_type(type_) if name is None or node.name == name]
        if len(found) == 1:
            return found[0]
        there = ", ".join(sorted(node.name for node in self.of_type(type_))) or "none"
        raise LookupError(f"{len(found)} resources are {type_} {name or ''}; there: {there}")

    def children(self, urn: str) -> list[Node]:
        """The nodes whose parent is ``urn``."""
        return [node for node in self if node.parent == urn]

    def as_json(self) -> dict[str, Any]:
        """The interchange form."""
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "project": self.project,
            "stack": self.stack,
            "mode": self.mode.value,
            "resources": [node.as_json() for node in self],
            "outputs": dict(self.outputs),
        }
        if self.invokes:
            data["invokes"] = list(self.invokes)
        if self.findings:
            data["findings"] = [finding.as_json() for finding in self.findings]
        return data

    def to_text(self) -> str:
        """JSON, keys sorted, one resource a block: what golden files hold."""
        return json.dumps(self.as_json(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`as_json`.

        Raises:
            ValueError: another schema.
        """
        if data.get("schema") != SCHEMA:
            raise ValueError(f"not a graph: schema is {data.get('schema')!r}, this version reads {SCHEMA!r}")
        nodes = sorted((Node.from_json(item) for item in data["resources"]), key=lambda node: node.urn)
        return cls(
            project=data["project"],
            stack=data["stack"],
            mode=Mode(data["mode"]),
            nodes={node.urn: node for node in nodes},
            outputs=data.get("outputs", {}),
            invokes=tuple(data.get("invokes", ())),
            findings=tuple(Finding.from_json(item) for item in data.get("findings", ())),
        )


def is_secret(value: Any) -> bool:
    """Whether ``value`` is a secret."""
    return isinstance(value, Mapping) and SECRET in value


def is_unknown(value: Any) -> bool:
    """Whether ``value`` is not known before the engine has created something."""
    return isinstance(value, Mapping) and UNKNOWN in value
