"""Values that AWS would refuse: choices, patterns, lengths and ranges of its own service models, judged in a second.

The table is read from botocore (``tools/build_aws_values.py``); it covers the types and properties whose API parameter
is known for sure. A value that another resource gives, or that is not known yet, is not judged. A choice that the table
lacks is a warning: AWS adds choices after the table's date.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from aiinfra.catalogue.figure import read_data
from aiinfra.errors import did_you_mean
from aiinfra.findings import Finding, Severity
from aiinfra.graph import path as paths
from aiinfra.graph.node import Graph, Node
from aiinfra.graph.values import marker_of


@cache
def table() -> Mapping[str, Any]:
    """``source``, ``date``, and ``types``: token -> property path -> rule."""
    found: Mapping[str, Any] = json.loads(read_data("aws_values.json"))
    return found


def refused_values(graph: Graph, *, quoted: bool = True) -> list[Finding]:
    """One ``aws-value`` for each value that the service's model refuses, sorted.

    ``quoted``: the value stands in the message. A review leaves it out: what is plain now may have been a secret.
    """
    rules = table()["types"]
    found = [
        finding
        for node in graph
        if node.type in rules and not node.read
        for finding in _of(node, rules[node.type], quoted=quoted)
    ]
    return sorted(found, key=lambda finding: finding.sort_key)


def judged(graph: Graph) -> tuple[int, int]:
    """How many resources of AWS the table covers, and how many there are."""
    own = [node for node in graph if node.package == "aws" and node.custom and not node.read]
    return sum(1 for node in own if node.type in table()["types"]), len(own)


def _of(node: Node, rules: Mapping[str, Any], *, quoted: bool) -> Iterator[Finding]:
    for path, rule in rules.items():
        if path == "operation" or node.property_dependencies.get(path.partition(".")[0].partition("[")[0]):
            continue
        for value in paths.values_at(node.inputs, paths.parse(path)):
            called = _short(value) if quoted else "the value"
            for words, choices in _wrong(value, rule):
                yield Finding(
                    "aws-value",
                    Severity.WARNING if choices else Severity.ERROR,
                    f"{rules['operation']} {'does not know' if choices else 'refuses'} {called}: {words}",
                    path=path,
                    urn=node.urn,
                    source=node.source,
                    remedy=f"use one of {', '.join(choices)}" if choices else "",
                )


def _wrong(value: Any, rule: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What is wrong, and the choices where it is one of them."""
    if marker_of(value) or isinstance(value, bool):
        return
    low, high = rule.get("min"), rule.get("max")
    if isinstance(value, (int, float)):
        measured: float = value
        what = "it"
    elif isinstance(value, (str, list)):
        measured = len(value)
        what = "its length" if isinstance(value, str) else "the number of its items"
    else:
        return
    if low is not None and measured < low:
        yield f"{what} is {measured}, and at least {low} is needed", []
    if high is not None and measured > high:
        yield f"{what} is {measured}, and at most {high} is allowed", []
    if isinstance(value, str):
        choices = rule.get("enum")
        if choices and value not in choices:
            yield f"it is none of the {len(choices)} choices{did_you_mean(value, choices)}", list(choices)
        pattern = rule.get("pattern")
        if pattern and value and not _fits(pattern, value):
            yield f"it does not match {pattern}", []


def _fits(pattern: str, value: str) -> bool:
    """Whether all of a value matches; a policy or another long text is not run through a pattern."""
    if len(value) > 2048:
        return True
    anchored = pattern.startswith("^") or pattern.endswith("$")
    return bool(re.search(pattern, value, re.DOTALL) if anchored else re.fullmatch(pattern, value, re.DOTALL))


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = str(value)
    return f"{text[:60]!r}..." if len(text) > 60 else repr(value)
