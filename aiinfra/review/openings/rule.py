"""What every rule shares: its signature, the two sides of a change, and the finding it makes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aiinfra.findings import Finding, Severity
from aiinfra.graph import path as paths
from aiinfra.graph.diff import ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.credentials import mask_text
from aiinfra.review.masking import mask_value

Rule = Callable[[ResourceChange], Iterator[Finding]]


def inputs(node: Node | None) -> Mapping[str, Any]:
    """The properties of one side; none where the resource is not there."""
    return node.inputs if node is not None else {}


def managed(change: ResourceChange) -> bool:
    """Whether the later version manages the resource, so that it can open anything."""
    return change.after is not None and not change.after.read


def get(node: Node | None, path: str) -> Any:
    """The value at a path of one side; None where there is none."""
    found = paths.values_at(inputs(node), paths.parse(path))
    return found[0] if found else None


def items(value: Any) -> list[Any]:
    """A list as it is; one object or text as a list of one; nothing as none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def opening(
    code: str,
    change: ResourceChange,
    words: str,
    *,
    path: str = "",
    before: Any = None,
    after: Any = None,
    severity: Severity = Severity.WARNING,
) -> Finding:
    """A finding at the changed resource; both sides masked."""
    key = path.rpartition(".")[2]
    return Finding(
        code,
        severity,
        mask_text(words),
        path=path,
        urn=change.urn,
        source=change.node.source,
        before=mask_value(before, key),
        after=mask_value(after, key),
    )
