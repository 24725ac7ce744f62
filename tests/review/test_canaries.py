"""A secret planted in every place a value can be never shows, in any output."""

import json
from dataclasses import replace

import pytest

from aiinfra.findings import Finding, Severity
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph, Node
from aiinfra.review.build import review
from aiinfra.review.markdown import to_markdown
from aiinfra.review.terminal import to_text
from tests.graphs import graph
from tests.review.stories import STORIES
from tests.review.test_masking import CANARY


def outputs(before, after, preview=None):
    document = review(diff(before, after), compared=CANARY, preview=preview)
    return {
        "text": to_text(document, full=True),
        "narrow": to_text(document, full=True, width=40),
        "markdown": to_markdown(document),
        "json": json.dumps(document.as_json(), ensure_ascii=False),
    }


def planted(value, number=0):
    """Every text in ``value`` with the canary behind it; a JSON text keeps its form."""
    if isinstance(value, str):
        try:
            document = json.loads(value)
        except ValueError:
            document = None
        if isinstance(document, dict | list):
            return json.dumps(planted(document))
        return f"{value}-{CANARY}{number or ''}"
    if isinstance(value, dict):
        if any(key.startswith("$") for key in value):
            return value
        keep = {"Effect", "name", "type", "Statement", "policyTypes"}
        return {
            key: item if key in ("Effect", "policyTypes") else planted(item, number) for key, item in value.items()
        } | {f"{CANARY}{key}": item for key, item in value.items() if isinstance(item, int) and key not in keep}
    return [planted(item, number) for item in value] if isinstance(value, list) else value


def with_canaries(graph: Graph, number: int) -> Graph:
    nodes: dict[str, Node] = {}
    for own, node in graph.nodes.items():
        nodes[own] = replace(node, inputs=planted(dict(node.inputs), number), source=f"{CANARY}.py:1")
    finding = Finding("x", Severity.WARNING, f"about {CANARY}")
    return replace(graph, nodes=nodes, outputs={"answer": f"{CANARY}{number}"}, findings=(finding,))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_random_texts_anywhere(story):
    before, after = with_canaries(story.before, 1), with_canaries(story.after, 2)
    for name, text in outputs(before, after, story.preview).items():
        assert CANARY not in text.replace("\n", "").replace(" ", ""), name


SECRET = {"$secret": "0123456789abcdef"}


def as_secrets(value):
    if isinstance(value, str):
        return SECRET
    if isinstance(value, dict):
        return {key: as_secrets(item) for key, item in value.items()}
    return [as_secrets(item) for item in value] if isinstance(value, list) else value


def as_words(value):
    """Every text becomes a word that looks like nothing: only the other side's secret tells what it is."""
    if isinstance(value, str):
        return "hunter2"
    if isinstance(value, dict):
        return {key: as_words(item) for key, item in value.items()}
    return [as_words(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_secret_on_one_side_hides_the_other(story):
    def version(whole, change):
        return replace(whole, nodes={own: replace(n, inputs=change(dict(n.inputs))) for own, n in whole.nodes.items()})

    empty = graph()
    for before, after in (
        (version(story.before, as_words), version(story.before, as_secrets)),
        (version(story.after, as_secrets), version(story.after, as_words)),
        (empty, version(story.after, as_secrets)),
        (version(story.before, as_secrets), empty),
    ):
        for name, text in outputs(before, after).items():
            assert "hunter2" not in text, name
            assert SECRET["$secret"] not in text, name
