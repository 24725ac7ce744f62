"""What ``pulumi preview --json`` says, as plain steps: its digest, or its newer form of one event a line.

Forms: ``PreviewDigest`` (https://github.com/pulumi/pulumi/blob/master/pkg/backend/display/json.go) and the engine's
events (https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/events.go).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiinfra.errors import BadInput
from aiinfra.graph import urn as urns
from aiinfra.graph.node import ASSET, REF, SECRET, UNKNOWN, Node
from aiinfra.graph.wire import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN_VALUE,
    escape,
)

MASKED: Final = "[secret]"
"""What the engine prints instead of a secret."""
_REMEDY: Final = "make it with: pulumi preview --json > preview.json"


@dataclass(frozen=True, slots=True)
class Step:
    """What the engine would do with one resource. ``differs`` and ``forces``: paths of properties."""

    operation: str
    """As the engine names it: ``same``, ``create``, ``update``, ``replace``, ``delete``, ``read``, ``import``, ..."""
    urn: str
    before: Node | None
    after: Node | None
    differs: tuple[str, ...] = ()
    forces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """One preview. ``errors``: what the engine, a provider or the program reported."""

    project: str
    stack: str
    steps: tuple[Step, ...]
    errors: tuple[str, ...] = ()


def read_digest(text: str, name: str) -> Digest:
    """Read either form.

    Raises:
        BadInput: ``preview-invalid``.
    """
    steps, errors = _parts(text, name)
    first = next((step for step in steps if step.urn.startswith("urn:pulumi:")), None)
    if first is None:
        raise BadInput("preview-invalid", f"{name} names no resource, not even the stack", _REMEDY)
    stack, project = first.urn.removeprefix("urn:pulumi:").split("::")[:2]
    return Digest(project, stack, tuple(steps), tuple(dict.fromkeys(errors)))


def _parts(text: str, name: str) -> tuple[list[Step], list[str]]:
    documents = _documents(text, name)
    try:
        if len(documents) == 1 and "steps" in documents[0]:
            digest = documents[0]
            steps = [_step(item, item.get("oldState"), item.get("newState")) for item in digest["steps"] or ()]
            said = digest.get("diagnostics") or ()
            errors = [str(item["message"]).strip() for item in said if item.get("severity") == "error"]
            return steps, errors + (["the state may be corrupt"] if digest.get("maybeCorrupt") else [])
        events = [event for event in documents if isinstance(event, dict)]
        if not any("resourcePreEvent" in event or "preludeEvent" in event for event in events):
            raise BadInput("preview-invalid", f"{name} is no preview of Pulumi's", _REMEDY)
        return list(_streamed(events)), list(_said(events))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{name} is no preview of Pulumi's: {type(error).__name__} {error}"
        raise BadInput("preview-invalid", message, _REMEDY) from None


def _documents(text: str, name: str) -> list[Any]:
    """One document, or one a line; what the CLI prints around them is passed over."""
    start = text.find("{")
    try:
        return [json.loads(text[max(start, 0) :])]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.lstrip().startswith("{")]
    except ValueError as error:
        raise BadInput("preview-invalid", f"{name} is not JSON: {error}", _REMEDY) from None


def _streamed(events: list[dict[str, Any]]) -> Iterator[Step]:
    """A replacement is told as three steps; the one in the middle is its sum."""
    for event in events:
        data = (event.get("resourcePreEvent") or {}).get("metadata")
        if data is not None and data["op"] not in ("create-replacement", "delete-replaced"):
            item = {**data, "replaceReasons": data.get("keys"), "diffReasons": data.get("diffs")}
            yield _step(item, data.get("old"), data.get("new"))


def _said(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        said = event.get("diagnosticEvent")
        if said is not None and said.get("severity") == "error":
            yield str(said["message"]).strip()


def _step(item: Mapping[str, Any], old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Step:
    detailed = item.get("detailedDiff") or {}
    kinds = {path: str(diff.get("kind", diff.get("diffKind", ""))) for path, diff in detailed.items()}
    forces = [path for path, kind in kinds.items() if kind.endswith("-replace")]
    return Step(
        operation=str(item["op"]),
        urn=str(item["urn"]),
        before=node_of(old) if old else None,
        after=node_of(new) if new else None,
        differs=tuple(sorted(detailed or item.get("diffReasons") or ())),
        forces=tuple(sorted(forces or item.get("replaceReasons") or ())),
    )


def node_of(state: Mapping[str, Any]) -> Node:
    """A resource's state, as the engine writes it, as a node of a graph."""
    provider = urns.of_reference(state.get("provider") or "")
    depends = state.get("propertyDependencies") or {}
    return Node(
        urn=state["urn"],
        type=state["type"],
        name=urns.name(state["urn"]),
        inputs={escape(key): value_of(value) for key, value in sorted((state.get("inputs") or {}).items())},
        parent=state.get("parent") or "",
        custom=bool(state.get("custom")),
        read=bool(state.get("external")),
        provider="" if "::default" in provider else provider,
        dependencies=tuple(sorted(set(state.get("dependencies") or ()))),
        property_dependencies={key: tuple(sorted(set(found))) for key, found in sorted(depends.items()) if found},
        protect=bool(state.get("protect")),
        retain_on_delete=bool(state.get("retainOnDelete")),
        source=_place(state.get("sourcePosition") or ""),
    )


def value_of(value: Any) -> Any:
    """A property as the engine writes it -> as a graph holds it; a secret loses its value."""
    if isinstance(value, str):
        return {UNKNOWN: True} if value == UNKNOWN_VALUE else {SECRET: ""} if value == MASKED else value
    if isinstance(value, list):
        return [value_of(item) for item in value]
    if not isinstance(value, Mapping):
        return int(value) if isinstance(value, float) and value.is_integer() else value
    signature = value.get(SIGNATURE)
    if signature == SECRET_SIGNATURE:
        return {SECRET: ""}
    if signature == RESOURCE_SIGNATURE:
        return {REF: value["urn"]}
    if signature in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
        told = {key: value[key] for key in ("path", "uri") if value.get(key)}
        if value.get("hash"):
            told["sha256"] = value["hash"]
        return {ASSET: {"kind": "asset" if signature == ASSET_SIGNATURE else "archive", **told}}
    return {escape(key): value_of(item) for key, item in sorted(value.items()) if key != SIGNATURE}


def _place(position: str) -> str:
    """``project:///__main__.py#10`` -> ``__main__.py:10``; empty for files outside the project."""
    path = position.removeprefix("project:///")
    return "" if ".." in path or not path else path.replace("#", ":")
