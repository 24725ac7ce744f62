"""The page: one file, nothing loaded, nothing of a program's that could run in it."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from aiinfra.graph.diff import diff
from aiinfra.review.build import review
from aiinfra.review.html import to_html
from aiinfra.review.picture import MOST
from tests.graphs import graph, node
from tests.review.stories import STORIES
from tests.review.test_stories import document

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7 * 7 }} &amp;"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.ids, self.targets = [], [], set(), set()
        self.open = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        named = dict(attributes)
        if "id" in named:
            assert named["id"] not in self.ids
            self.ids.add(named["id"])
        if (named.get("href") or "").startswith("#"):
            self.targets.add(named["href"][1:])

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_page_holds_the_review_and_loads_nothing(story):
    found = document(story)
    text = to_html([found])
    page = Page(text)
    assert any(found.verdict in each for each in page.texts)
    assert page.targets <= page.ids
    assert not re.search(r"(?:src|href|action|style|on\w+)\s*=\s*[\"']?(?!#)[^\s>]*(?:https?:|//|javascript:)", text)
    attributes = {name for _, named in page.tags for name in named}
    assert not {name for name in attributes if name.startswith("on") or name == "style"}
    assert "urn:pulumi" not in text


def test_its_policy_allows_its_own_style_and_script_alone():
    text = to_html([document(STORIES[0])])
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    for what in ("style", "script"):
        (inside,) = re.findall(rf"<{what}>(.*?)</{what}>", text, re.DOTALL)
        own = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{what}-src &#39;sha256-{own}&#39;" in policy
    assert policy.startswith("default-src &#39;none&#39;")


def test_what_a_program_holds_is_text():
    found = document(next(story for story in STORIES if story.name == "replaced-network"))
    boxes = tuple(replace(box, name=HOSTILE, kind=HOSTILE) for box in found.picture.boxes)
    hostile = replace(
        found,
        title=HOSTILE,
        verdict=HOSTILE,
        losses=tuple(replace(row, name=HOSTILE, source=HOSTILE, property=HOSTILE) for row in found.losses),
        notes=(HOSTILE,),
        picture=replace(found.picture, boxes=boxes),
    )
    page = Page(to_html([hostile]))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [named for _, named in page.tags if "onload" in named]
    assert any(HOSTILE in text for text in page.texts)


def test_several_documents_are_one_page():
    page = Page(to_html([document(story) for story in STORIES[:3]]))
    assert [tag for tag, _ in page.tags].count("h1") == 3


def test_the_same_inputs_give_the_same_page():
    assert to_html([document(STORIES[0])]) == to_html([document(STORIES[0])])


def test_the_picture_of_a_replaced_network():
    found = document(next(story for story in STORIES if story.name == "replaced-network")).picture
    assert {box.name: (box.state, box.column) for box in found.boxes} == {
        "net/vpc": ("replaced", 0),
        "net/a": ("replaced", 1),
        "net/db": ("unchanged", 2),
        "training": ("unchanged", 2),
    }
    names = [box.name for box in found.boxes]
    links = {(names[one], names[other]) for one, other in found.links}
    assert links == {("net/vpc", "net/a"), ("net/a", "net/db"), ("net/a", "training")}
    assert len({(box.column, box.row) for box in found.boxes}) == len(found.boxes)


def test_alike_sites_are_drawn_once():
    found = document(next(story for story in STORIES if story.name == "forty-identical-sites")).picture
    assert [(box.state, box.where) for box in found.boxes] == [("updated", "in each of 40 sites")]


def test_a_large_change_is_drawn_as_far_as_there_is_room():
    many = [node("aws:s3/bucket:Bucket", f"b{number}") for number in range(MOST + 7)]
    found = review(diff(graph(), graph(*many))).picture
    assert (len(found.boxes), found.left_out) == (MOST, 7)


def test_a_circle_of_needs_can_be_drawn():
    one = node("aws:s3/bucket:Bucket", "one")
    two = node("aws:s3/bucket:Bucket", "two", dependencies=(one.urn,))
    one = replace(one, dependencies=(two.urn,))
    found = review(diff(graph(), graph(one, two))).picture
    assert {box.name for box in found.boxes} == {"one", "two"}
