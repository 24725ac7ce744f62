"""The review's losses and openings where code is read: SARIF 2.1.0 for GitHub, a code quality report for GitLab.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, https://docs.gitlab.com/ci/testing/code_quality/
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiinfra import __version__
from aiinfra.names import digest
from aiinfra.review.document import Document
from aiinfra.review.losses import MAY_BE
from aiinfra.review.terminal import headline, why

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES: Final = {
    "destroyed": "A resource is destroyed",
    "replaced": "A resource is replaced",
    "may-be-replaced": "A resource may be replaced",
}


@dataclass(frozen=True, slots=True)
class _Result:
    rule: str
    level: str
    text: str
    source: str
    mark: str
    """The same for the same thing in every run, wherever its line has moved to."""


def to_sarif(documents: Sequence[Document]) -> dict[str, Any]:
    """A SARIF log of one run. Paths are as the programs name them: relative to their own folders."""
    results = [result for document in documents for result in _results(document)]
    rules = sorted({result.rule for result in results})
    driver = {
        "name": "aiinfra review",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": _rule(rule)}} for rule in rules],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_sarif(result, rules.index(result.rule)) for result in results],
            }
        ],
    }


def to_gitlab(documents: Sequence[Document]) -> list[dict[str, Any]]:
    """GitLab's code quality report; what has no line stands at the program's first."""
    severities = {"error": "critical", "warning": "major", "note": "minor"}
    return [
        {
            "description": result.text,
            "check_name": result.rule,
            "fingerprint": result.mark,
            "severity": severities[result.level],
            "location": {"path": _place(result)[0], "lines": {"begin": _place(result)[1]}},
        }
        for document in documents
        for result in _results(document)
    ]


def _results(document: Document) -> Iterator[_Result]:
    for row in document.losses:
        level = "warning" if row.action == MAY_BE or not (row.stateful or row.protected.startswith("yes")) else "error"
        text = f"{headline(row)}: {why(row)}. Data lost: {row.data}. Downtime: {row.downtime}."
        rule = row.action.replace(" ", "-")
        yield _Result(rule, level, text, row.source, digest(f"{rule} {row.urn}", 40))
    for each in document.openings:
        found = each.finding
        text = f"{each.name} ({each.kind}){', ' + each.where if each.where else ''}: {each.words}"
        mark = digest(f"{found.id} {found.urn} {found.path} {each.words}", 40)
        yield _Result(found.id, found.severity.value, text, found.source, mark)


def _rule(rule: str) -> str:
    return _RULES.get(rule, rule.replace("-", " ").replace("opening ", "Opens: "))


def _place(result: _Result) -> tuple[str, int]:
    path, _, line = result.source.rpartition(":")
    return (path, int(line)) if path and line.isdigit() and int(line) > 0 else ("__main__.py", 1)


def _sarif(result: _Result, rule: int) -> dict[str, Any]:
    path, line = _place(result)
    place = {"artifactLocation": {"uri": path}, "region": {"startLine": line}}
    return {
        "ruleId": result.rule,
        "ruleIndex": rule,
        "level": result.level,
        "message": {"text": result.text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"aiinfra/v1": result.mark},
    }
