"""Who may newly reach or do what in eight of the stories: exact lists, written by hand before the first run.

The first run added to one of them: without policies, the pods of a namespace also reach one another and any address.
"""

import pytest

from aiinfra.access.everything import edges
from aiinfra.graph.node import Graph
from tests.review.stories import STORIES

Told = set[tuple[str, str, str]]

NOTHING: Told = set()
EXPECTED: dict[str, tuple[Told, Told]] = {
    # Story: what opens, what closes.
    "widened-cidr": (
        {("0.0.0.0/0", "vpc/api", "TCP 443")},
        {("10.20.0.0/16", "vpc/api", "TCP 443")},
    ),
    # No policy selects the namespace's pods any more: anybody may come in, they may go anywhere.
    "removed-network-policy": (
        {
            ("*/*", "shop/*", "any"),
            ("0.0.0.0/0", "shop/*", "any"),
            ("::/0", "shop/*", "any"),
            ("shop/*", "shop/*", "any"),
            ("shop/*", "*/*", "any"),
            ("shop/*", "0.0.0.0/0", "any"),
            ("shop/*", "::/0", "any"),
        },
        NOTHING,
    ),
    # A customer's policy that nobody is attached to lets nobody do anything.
    "iam-statement-widened": (NOTHING, NOTHING),
    "renamed-bucket": (NOTHING, NOTHING),
    "moved-with-alias": (NOTHING, NOTHING),
    "no-op": (NOTHING, NOTHING),
    "forty-identical-sites": (NOTHING, NOTHING),
    "encryption-removed": (NOTHING, NOTHING),
}


def told(graph: Graph) -> Told:
    return {(edge.src, edge.dst, edge.port) for edge in edges(graph)}


@pytest.mark.parametrize("name", EXPECTED)
def test_exactly_these_edges_open_and_close(name: str) -> None:
    story = next(each for each in STORIES if each.name == name)
    before, after = told(story.before), told(story.after)
    assert (after - before, before - after) == EXPECTED[name]
