"""The review as one HTML page: nothing is loaded, nothing leaves it, and it works without scripts.

Its policy allows its own style and script by their hashes alone, so that nothing a program holds can run in it.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2

from aiinfra import __version__
from aiinfra.review.document import Box, Document, Picture
from aiinfra.review.tally import tally
from aiinfra.review.terminal import members, why

WIDTH: Final = 220
HEIGHT: Final = 46
GAP_X: Final = 64
GAP_Y: Final = 14
MARGIN: Final = 12
LONGEST: Final = 24
"""Characters of a name that a box has room for."""

_PAGE: Final = Path(__file__).parent / "page"
_MARKS: Final = {
    "created": "+",
    "imported": "↓",
    "updated": "~",
    "replaced": "±",
    "may be replaced": "?",
    "destroyed": "−",
    "moved": "→",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A box where it is drawn."""

    box: Box
    x: int
    y: int
    label: str
    mark: str
    target: str
    """Id of the element that tells of it; empty where nothing does."""


def to_html(documents: Sequence[Document]) -> str:
    """The page; several documents follow one another."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(_PAGE),
    )
    words: dict[str, Any] = {"tally": tally, "members": members, "why": why, "slug": _slug, "mark": _MARKS.get}
    style, script = ((_PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    named = [(f"d{number}", document) for number, document in enumerate(documents)]
    return environment.get_template("page.html.j2").render(
        words,
        documents=[(prefix, document, _drawn(document, prefix)) for prefix, document in named],
        policy=policy,
        style=style,
        script=script,
        version=__version__,
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _slug(text: str) -> str:
    """A class of the style for a state or level: ``may be replaced`` -> ``may-be-replaced``."""
    return text.replace(" ", "-")


def _drawn(document: Document, prefix: str) -> dict[str, Any]:
    """Everything the template needs to draw the picture."""
    picture: Picture = document.picture
    told = {detail.urn: f"{prefix}-r{number}" for number, detail in enumerate(document.details) if detail.urn}
    shapes = [_shape(box, told) for box in picture.boxes]
    lines = [_line(shapes[one], shapes[other]) for one, other in picture.links]
    right = max((shape.x for shape in shapes), default=0) + WIDTH + MARGIN
    bottom = max((shape.y for shape in shapes), default=0) + HEIGHT + MARGIN
    states = list(dict.fromkeys([*document.counts, *(box.state for box in picture.boxes)]))
    return {
        "shapes": shapes,
        "lines": lines,
        "width": right,
        "height": bottom,
        "box": (WIDTH, HEIGHT),
        "states": [state for state in states if any(box.state == state for box in picture.boxes)],
        "left_out": picture.left_out,
    }


def _shape(box: Box, told: dict[str, str]) -> Shape:
    label = box.name if len(box.name) <= LONGEST else f"…{box.name[-LONGEST + 1 :]}"
    x, y = MARGIN + box.column * (WIDTH + GAP_X), MARGIN + box.row * (HEIGHT + GAP_Y)
    return Shape(box, x, y, label, _MARKS.get(box.state, ""), told.get(box.urn, ""))


def _line(one: Shape, other: Shape) -> tuple[str, str]:
    """A curve from the right of what is needed to the left of what needs it; lit where both change."""
    start, end = (one.x + WIDTH, one.y + HEIGHT // 2), (other.x, other.y + HEIGHT // 2)
    bend = max(24, abs(end[0] - start[0]) // 2)
    path = f"M{start[0]} {start[1]}C{start[0] + bend} {start[1]} {end[0] - bend} {end[1]} {end[0]} {end[1]}"
    return path, "" if "unchanged" in (one.box.state, other.box.state) else "lit"
