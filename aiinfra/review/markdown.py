"""The review as Markdown for a pull request: GitHub and GitLab read it alike.

Names and values are escaped: what a program holds cannot format the comment, name a person or open a tag.
"""

import re
from collections.abc import Sequence
from typing import Final

from aiinfra.review.document import Detail, Document, Group, Level
from aiinfra.review.tally import tally
from aiinfra.review.terminal import members

LONGEST: Final = 64_000
"""Characters. GitHub takes 65,536 in a comment; the rest is for what a workflow adds."""

_MARKS: Final = {
    Level.NOTHING: "✅",
    Level.SAFE: "✅",
    Level.OPENS: "⚠️",
    Level.REPLACES: "⚠️",
    Level.DESTROYS: "🛑",
    Level.LOSES_DATA: "🛑",
    Level.BLOCKED: "⛔",
}


def to_markdown(document: Document, *, longest: int = LONGEST) -> str:
    """The review as Markdown, at most ``longest`` characters: detail is dropped from the bottom, never the verdict."""
    marker = f"<!-- aiinfra-review {escape(document.title).replace('--', '-')} -->"
    mark = _MARKS[document.level]
    if document.level is Level.NOTHING:
        return f"{marker}\n{mark} **{escape(document.title)}**: {escape(document.verdict)}\n"
    head = [
        marker,
        f"### {mark} {escape(document.verdict)}",
        f"**{escape(document.title)}**"
        + (f": {escape(tally(document.counts))}" if document.counts else "")
        + (f"  \n{escape(document.compared)}" if document.compared else ""),
    ]
    tables = [part for part in (_losses(document), _openings(document), _figures(document)) if part]
    rest = [part for part in (*_groups(document), _unknowns(document)) if part]
    details = [_detail(item) for item in document.details]
    foot = "\n".join(f"<sub>{escape(note)}</sub>  " for note in (*document.notes, *_found(document)))
    return _fitted([*head, *tables], rest, details, foot, longest)


def _fitted(head: list[str], rest: list[str], details: list[str], foot: str, longest: int) -> str:
    """Everything, or as much as fits: details go first, then the rest; then the head is cut at a line."""
    kept, shown = len(details), len(rest)
    while True:
        text = _joined(head, rest[:shown], details[:kept], foot, (len(details) - kept, len(rest) - shown))
        if len(text) <= longest:
            return text
        if kept:
            kept -= max(1, kept // 8)
        elif shown:
            shown -= max(1, shown // 8)
        else:
            cut = text[: longest - 80].rpartition("\n")[0]
            return f"{cut}\n\n*The review is longer than a comment can be; it goes on in the JSON form.*\n"


def _joined(head: list[str], rest: list[str], details: list[str], foot: str, dropped: tuple[int, int]) -> str:
    parts = [*head, *rest]
    if dropped[1]:
        parts.append(f"*{dropped[1]} more sections do not fit into a comment; the JSON form has them.*")
    if details or dropped[0]:
        inside = "\n\n".join(details)
        if dropped[0]:
            inside += f"\n\n*{dropped[0]} more resources do not fit into a comment; the JSON form has them.*"
        parts.append(f"<details><summary>The whole difference</summary>\n\n{inside.strip()}\n\n</details>")
    return "\n\n".join([*parts, foot]).rstrip() + "\n"


def escape(text: str) -> str:
    """Plain text that Markdown shows as it is."""
    text = re.sub(r"([\\`*_\[\]|~])", r"\\\1", " ".join(text.split()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
    return re.sub(r"(?<!&)#(?=\w)", "&#35;", text)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def _called(name: str, kind: str, where: str = "") -> str:
    text = f"**{escape(name)}**" + (f" ({escape(kind)})" if kind else "")
    return f"{text}, {escape(where)}" if where else text


def _source(text: str) -> str:
    return f" `{text}`" if text and "`" not in text and "|" not in text else ""


def _losses(document: Document) -> str:
    if not document.losses:
        return ""
    header = ("What", "Happens", "Forced by", "Cause", "Data lost", "Downtime", "Protected")
    rows = [
        (
            _called(row.name, row.kind, row.where) + _source(row.source),
            escape(row.action),
            escape(row.property) or "–",
            escape(row.cause),
            escape(row.data),
            escape(row.downtime),
            escape(row.protected),
        )
        for row in document.losses
    ]
    return f"#### Destroyed and replaced\n\n{_table(header, rows)}"


def _openings(document: Document) -> str:
    if not document.openings:
        return ""
    rows = [
        (_called(item.name, item.kind, item.where) + _source(item.finding.source), escape(item.words))
        for item in document.openings
    ]
    return f"#### Opens\n\n{_table(('Where', 'What'), rows)}"


def _figures(document: Document) -> str:
    if not document.figures:
        return ""
    rows = [
        (
            escape(figure.name),
            escape(figure.words),
            escape(figure.before.text),
            f"**{escape(figure.after.text)}**" if figure.changed else escape(figure.after.text),
        )
        for figure in document.figures
    ]
    return f"#### Cost, watts, latency, carbon\n\n{_table(('Where', 'What', 'Before', 'After'), rows)}"


def _groups(document: Document) -> list[str]:
    if not document.groups:
        return []
    title = "The rest" if document.losses or document.openings else "What changes"
    return [f"#### {title}", *map(_group, document.groups)]


def _group(group: Group) -> str:
    lines: list[str] = []
    for row in group.rows:
        name = _called(row.name, row.kind)
        if len(row.words) == 1:
            lines.append(f"- {name}: {escape(row.words[0])}")
        else:
            lines += [f"- {name}", *(f"  - {escape(words)}" for words in row.words)]
    body = "\n".join(lines)
    return f"**{escape(group.title + members(group.members))}**\n\n{body}"


def _unknowns(document: Document) -> str:
    if not document.unknowns:
        return ""
    rows = [
        (_called(item.name, item.kind), escape(item.path), escape(item.why), "yes" if item.may_replace else "no")
        for item in document.unknowns
    ]
    return f"#### Not known until apply\n\n{_table(('Where', 'What', 'Why', 'May replace it'), rows)}"


def _detail(detail: Detail) -> str:
    text = "\n".join(f"{'!' if line.sign == '~' else line.sign} {line.text}".rstrip() for line in detail.lines)
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    where = f", {escape(detail.where)}" if detail.where else ""
    title = f"{_called(detail.name, detail.kind)} {escape(detail.action)}{where}{_source(detail.source)}"
    return f"{title}\n\n{fence}diff\n{text}\n{fence}"


def _found(document: Document) -> list[str]:
    return [finding.message for finding in document.told]
