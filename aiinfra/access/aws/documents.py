"""IAM policy documents as data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

ANYONE: Final = "*"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; lists as they are written. A part that is left out is empty."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    """Kind (``AWS``, ``Service``, ``Federated``, ``CanonicalUser``) and name; ``("*", "*")`` for anyone."""
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Operator, key, values."""
    not_actions: bool = False
    not_resources: bool = False
    not_principals: bool = False
    name: str = ""

    def condition(self) -> str:
        """``aws:SourceAccount StringEquals 1 and ...``; empty without conditions."""
        return " and ".join(f"{key} {operator} {', '.join(values)}" for operator, key, values in self.conditions)


def statements(text: Any) -> tuple[Statement, ...] | None:
    """The statements of a document, as JSON text or data; None where it is none, or not known before apply."""
    try:
        document = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    if not isinstance(document, Mapping) or "Statement" not in document:
        return None
    found = document["Statement"]
    return tuple(
        _statement(item) for item in (found if isinstance(found, list) else [found]) if isinstance(item, Mapping)
    )


def _statement(item: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=item.get("Effect") == "Allow",
        actions=_texts(item.get("Action", item.get("NotAction"))),
        resources=_texts(item.get("Resource", item.get("NotResource"))),
        principals=tuple(_principals(item.get("Principal", item.get("NotPrincipal")))),
        conditions=tuple(_conditions(item.get("Condition"))),
        not_actions="NotAction" in item,
        not_resources="NotResource" in item,
        not_principals="NotPrincipal" in item,
        name=str(item.get("Sid") or ""),
    )


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(_text, value)) if isinstance(value, list) else (_text(value),)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _principals(value: Any) -> Iterator[tuple[str, str]]:
    if value == ANYONE:
        yield (ANYONE, ANYONE)
    elif isinstance(value, Mapping):
        for kind in sorted(value):
            for name in _texts(value[kind]):
                yield (ANYONE, ANYONE) if (kind, name) == ("AWS", ANYONE) else (kind, name)


def _conditions(value: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if isinstance(value, Mapping):
        for operator in sorted(value):
            keys = value[operator]
            if isinstance(keys, Mapping):
                yield from ((operator, key, _texts(keys[key])) for key in sorted(keys))
