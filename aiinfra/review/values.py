"""Property values as a reviewer reads them: YAML for objects, statements for policies, words for what is not known."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from aiinfra.graph.change import Kind, PropertyChange, compare
from aiinfra.graph.node import ASSET, REF, UNKNOWN, Node, is_unknown
from aiinfra.review.credentials import mask_text
from aiinfra.review.document import Line
from aiinfra.review.masking import NOT_KNOWN, mask_sides, mask_value
from aiinfra.review.naming import Names
from aiinfra.review.policy import difference, parse_json

_DIGEST: Final = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
MOST_LINES: Final = 80
"""Lines of one resource; what is longer is cut, and says so."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    block = "\n" in value and not any(line.endswith(" ") for line in value.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if block else None)


_Dumper.add_representer(str, _text)


class Values:
    """Writes values; references are named as the review names resources."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def plain(self, value: Any) -> Any:
        """``value``, already masked, without the graph's reserved objects."""
        if isinstance(value, Mapping):
            if UNKNOWN in value:
                return NOT_KNOWN
            if REF in value:
                return self._names.called(str(value[REF]))
            if ASSET in value:
                asset = value[ASSET]
                told = asset.get("path") or asset.get("uri") or asset.get("kind", "asset")
                return f"{told} (sha256 {asset['sha256'][:12]})" if "sha256" in asset else str(told)
            return {key: self.plain(item) for key, item in value.items()}
        return [self.plain(item) for item in value] if isinstance(value, list) else value

    def short(self, value: Any) -> str:
        """On one line, at most 60 characters: for tables."""
        plain = self.plain(value)
        if plain is None:
            return "nothing"
        if isinstance(plain, (Mapping, list)):
            plain = yaml.safe_dump(plain, default_flow_style=True, width=10_000, sort_keys=True).strip()
        if isinstance(plain, str):
            plain = _DIGEST.sub(r"\1…", plain)
        text = " ".join(str(plain).lower().split() if isinstance(plain, bool) else str(plain).split())
        return text if len(text) <= 60 else f"{text[:59]}…"

    def between(self, change: PropertyChange, before: Node | None, after: Node | None) -> str:
        """``a → b`` for a table."""
        old, new = mask_sides(change, before, after)
        if change.kind is Kind.REORDER:
            return "the same in another order"
        if old == new and old is not None:
            return "changed (secret)" if change.sure else "may have changed (secret)"
        statements = difference(change.before, change.after)
        if statements is not None:
            counted = [
                (len(found), what) for found, what in zip(statements, ("removed", "added"), strict=True) if found
            ]
            told = ", ".join(f"{count} {'statement' if count == 1 else 'statements'} {what}" for count, what in counted)
            return told or "the same in other words"
        if parse_json(change.before) is not None or parse_json(change.after) is not None:
            return "changed"
        if isinstance(old, str | None) and isinstance(new, str | None) and "\n" in f"{old}{new}":
            return "changed"
        if change.kind is Kind.ADD:
            return f"set to {self.short(new)}"
        if change.kind is Kind.DELETE:
            return f"{self.short(old)} removed"
        return f"{self.short(old)} → {self.short(new)}"

    def lines(self, change: PropertyChange, before: Node | None, after: Node | None) -> Iterator[Line]:
        """The whole change: one line a side, or YAML, statements, or the lines of a text that differ."""
        path = mask_text(change.shown or change.path)
        if change.kind is Kind.REORDER:
            yield Line("~", f"{path}: the same in another order")
            return
        statements = difference(change.before, change.after)
        if statements is not None:
            yield Line(" ", f"{path}:")
            for sign, found in zip("-+", statements, strict=True):
                yield from (Line(sign, f"  {statement.words()}") for statement in found)
            return
        documents = parse_json(change.before), parse_json(change.after)
        if documents != (None, None):
            yield from self._inside(change, documents, path)
            return
        old, new = mask_sides(change, before, after)
        if old == new and old is not None:
            words = "changed" if change.sure else "may have changed"
            yield Line("~", f"{path}: {old} {words}")
        elif not change.sure and is_unknown(change.after):
            yield Line("~", f"{path}: {self.short(old)} → {NOT_KNOWN}")
        elif isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
            yield Line(" ", f"{path}:")
            yield from _text_lines(old, new)
        else:
            for sign, side in (("-", old), ("+", new)):
                if side is not None:
                    yield from self.block(sign, path, side)

    def block(self, sign: str, path: str, value: Any) -> Iterator[Line]:
        """``path: value``, an object or a long text on lines of its own."""
        policy = difference(None, value)
        if policy is not None:
            yield Line(sign, f"{path}:")
            yield from (Line(sign, f"  {statement.words()}") for statement in policy[1])
            return
        document = parse_json(value)
        plain = self.plain(mask_value(document) if document is not None else value)
        if isinstance(plain, (Mapping, list)) and plain:
            text = yaml.dump(plain, Dumper=_Dumper, default_flow_style=False, width=10_000, allow_unicode=True)
            yield Line(sign, f"{path}:")
            yield from (Line(sign, f"  {line}") for line in text.splitlines())
        elif isinstance(plain, str) and "\n" in plain:
            yield Line(sign, f"{path}:")
            yield from (Line(sign, f"  {line}") for line in plain.splitlines())
        else:
            text = yaml.safe_dump(plain, default_flow_style=True, width=10_000, allow_unicode=True)
            yield Line(sign, f"{path}: {text.removesuffix('...' + chr(10)).strip()}")

    def _inside(self, change: PropertyChange, documents: tuple[Any, Any], path: str) -> Iterator[Line]:
        """JSON text, by the paths inside it."""
        old, new = ({"": document} if document is not None else {} for document in documents)
        for inner in compare(old, new):
            shown = inner.shown.removeprefix('[""]').removeprefix(".")
            moved = PropertyChange(
                (*change.steps, *inner.steps[1:]), inner.kind, inner.before, inner.after, inner.sure, f"{path}.{shown}"
            )
            yield from self.lines(moved, None, None)


def _text_lines(old: str, new: str) -> Iterator[Line]:
    difference_ = difflib.unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
    for line in difference_:
        if not line.startswith(("---", "+++", "@@")):
            yield Line(line[0], f"  {line[1:]}")


def cut(lines: list[Line]) -> tuple[Line, ...]:
    """At most :data:`MOST_LINES` lines."""
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    return (*lines[: MOST_LINES - 1], Line(" ", f"... {len(lines) - MOST_LINES + 1} more lines"))
