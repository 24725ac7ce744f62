"""The trade-off of tiers as a picture: cost against latency, watts as the size of the dot, the verdict as its colour.

SVG and HTML come from templates and need nothing more; PNG is drawn from the SVG by resvg
(``pip install aiinfra[picture]``).
"""

from collections.abc import Sequence
from datetime import date
from importlib import import_module
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup

from aiinfra.errors import AiinfraError
from aiinfra.estimate.picture_layout import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    STRIP,
    TOP,
    WIDTH,
    Axis,
    Sizes,
    Spot,
    axis,
    lines,
    names,
    sizes,
)
from aiinfra.estimate.tiers import Candidate, old_sources
from aiinfra.estimate.verdict import Outcome, amount
from aiinfra.spec.deployment import Deployment

_COLOURS: Final = {Outcome.MEETS: "#1a7f37", Outcome.UNPROVEN: "#d4a72c", Outcome.CANNOT: "#afb8c1"}
_STYLES: Final = {Outcome.MEETS: "meets", Outcome.UNPROVEN: "unproven", Outcome.CANNOT: "cannot"}
_HOVER: Final = ("latency", "watts_load", "cost")
_DEARER: Final = 12.0
"""Tiers that cannot meet the objective and cost so many times the cheapest, the declared or the cap are not drawn: they
would press all others together."""


def svg(
    deployment: Deployment, class_name: str, found: Sequence[Candidate], as_of: date, *, heading: bool = True
) -> str:
    """The picture as SVG. Tiers of unknown cost that may be chosen stand in a strip above; the rest is named below."""
    drawn, strip, dear, lost = _sorted(deployment, found)
    limit_x = deployment.objective.p99.seconds if deployment.objective.p99 else None
    limit_y = _cap(deployment)
    top = TOP + (STRIP if strip else 0)
    x_axis = axis([_known(one, "latency") for one in (*drawn, *strip)], limit_x, LEFT, RIGHT)
    y_axis = axis([_known(one, "cost") for one in drawn], limit_y, BOTTOM, top)
    scale = sizes([_watts(one) for one in (*drawn, *strip)])
    spots = {
        one.label: Spot(
            x_axis.at(_known(one, "latency")),
            y_axis.at(_known(one, "cost")) if one in drawn else TOP + STRIP / 2,
            scale.radius(_watts(one)),
            one.label,
            one.declared,
        )
        for one in (*drawn, *strip)
    }
    named, unnamed = names([spots[one.label] for one in drawn], top, BOTTOM)
    above, unnamed_above = names([spots[one.label] for one in strip], TOP - 8, TOP + STRIP)
    dots = [_dot(one, spots[one.label]) for one in (*drawn, *strip)]
    dots.sort(key=lambda dot: (-float(dot["r"]), str(dot["hover"])))
    notes = [
        *lines("not drawn, cost unknown" if strip else "not drawn, cost or latency unknown", lost),
        *lines("not drawn, far dearer", dear, 1),
        *lines("drawn without a name", [*unnamed, *unnamed_above], 1),
    ]
    return _render(
        "picture.svg.j2",
        {
            "width": WIDTH,
            "height": HEIGHT,
            "left": LEFT,
            "right": RIGHT,
            "top": TOP,
            "plot": top,
            "bottom": BOTTOM,
            "heading": heading,
            "empty": not drawn,
            "title": f"{deployment.name}: tiers for {class_name}",
            "subtitle": f"estimated as of {as_of.isoformat()}{_aged(found, as_of)}; size of a dot: watts under load",
            "x_ticks": [{"at": x_axis.at(tick), "label": amount(tick, "s")} for tick in x_axis.ticks],
            "y_ticks": [{"at": y_axis.at(tick), "label": amount(tick, "")} for tick in y_axis.ticks if drawn],
            "limit_x": _limit(x_axis, limit_x, f"p99 {deployment.objective.p99}"),
            "limit_y": _limit(y_axis, limit_y, f"cap {deployment.caps.cost}"),
            "dots": dots,
            "labels": [*named, *above],
            "keys": _keys(scale),
            "notes": notes,
            "notes_top": BOTTOM + 112,
        },
    )


def _sorted(
    deployment: Deployment, found: Sequence[Candidate]
) -> tuple[list[Candidate], list[Candidate], list[str], list[str]]:
    """(tiers with a place in the plot, those in the strip above it, names of far dearer ones, of all others)."""
    priced = [one for one in found if one.figure("latency") and one.figure("cost")]
    costs = [_known(one, "cost") for one in priced]
    anchors = [*(_known(one, "cost") for one in priced if one.declared or one.outcome is not Outcome.CANNOT)]
    most = _DEARER * max([*anchors, min(costs, default=1.0), _cap(deployment) or 0.0])
    drawn = [one for one in priced if one.outcome is not Outcome.CANNOT or _known(one, "cost") <= most]
    rest = [one for one in found if one not in priced]
    strip = [one for one in rest if one.figure("latency") and (one.declared or one.outcome is not Outcome.CANNOT)]
    dear = [one.label for one in priced if one not in drawn]
    return drawn, strip, dear, [one.label for one in rest if one not in strip]


def _known(one: Candidate, name: str) -> float:
    return one.figure(name) or 1.0


def _watts(one: Candidate) -> float | None:
    return one.estimate.figures["watts_load"].value


def _cap(deployment: Deployment) -> float | None:
    """USD a month of a cap that counts a site."""
    cap = deployment.caps.cost
    return cap.to("month") if cap is not None and cap.currency == "USD" else None


def _limit(axis_: Axis, limit: float | None, label: str) -> dict[str, Any] | None:
    """A limit's line; where it is off the axis, only its name and which way it is."""
    if limit is None:
        return None
    if axis_.holds(limit):
        return {"at": axis_.at(limit), "label": label, "line": True}
    above = limit > axis_.high
    return {"at": axis_.end if above else axis_.start, "label": label, "line": False, "above": above}


def _aged(found: Sequence[Candidate], as_of: date) -> str:
    """How many sources are old, in words; empty where none is."""
    count = len(old_sources(found, as_of))
    return f", {count} source{'s' if count != 1 else ''} older than 180 days" if count else ""


def html(deployment: Deployment, class_name: str, found: Sequence[Candidate], as_of: date) -> str:
    """A page with the picture and the list."""
    rows = [
        {
            "outcome": one.outcome.value,
            "style": _STYLES[one.outcome],
            "tier": one.label,
            "boxes": f"{one.estimate.declared:,}",
            "declared": one.declared,
            "latency": _shown(one, "latency"),
            "watts": _shown(one, "watts_load"),
            "cost": _shown(one, "cost"),
            "why": "" if one.decides is None else f"{one.decides.aim}: {one.decides.reason}",
        }
        for one in found
    ]
    title = f"{deployment.name}: tiers for {class_name}"
    drawn = Markup(svg(deployment, class_name, found, as_of, heading=False))  # noqa: S704 - our own, escaped
    return _render("picture.html.j2", {"title": title, "svg": drawn, "rows": rows, "as_of": as_of.isoformat()})


def png(drawing: str) -> bytes:
    """The SVG as a PNG, twice its size.

    Raises:
        AiinfraError: ``picture-needs-extra`` where the program that draws it is not installed.
    """
    try:
        drawn: bytes = bytes(import_module("resvg_py").svg_to_bytes(svg_string=drawing, zoom=2))
    except ImportError:
        raise AiinfraError(
            "picture-needs-extra",
            "a PNG is drawn by resvg, which is not installed",
            "pip install 'aiinfra[picture]', or ask for .svg or .html",
        ) from None
    return drawn


def _render(name: str, context: dict[str, Any]) -> str:
    source = (files("aiinfra.estimate") / name).read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(source).render(context)


def _dot(one: Candidate, spot: Spot) -> dict[str, Any]:
    return {
        "x": spot.x,
        "y": spot.y,
        "r": spot.radius,
        "fill": _COLOURS[one.outcome],
        "opacity": 0.85 if one.outcome is not Outcome.CANNOT else 0.5,
        "stroke": "#1b1f24" if one.declared else "#ffffff",
        "ring": 2.5 if one.declared else 1,
        "hover": ", ".join([f"{one.label}: {one.outcome.value}", *(_shown(one, name) for name in _HOVER)]),
    }


def _shown(one: Candidate, name: str) -> str:
    value = one.estimate.figures[name]
    return "?" if value.value is None else amount(value.value, value.unit)


def _keys(scale: Sizes) -> list[dict[str, Any]]:
    """The legend: verdicts, then sizes."""
    out: list[dict[str, Any]] = []
    x = float(LEFT + 8)
    for outcome in Outcome:
        opacity = 0.85 if outcome is not Outcome.CANNOT else 0.5
        out.append(_key(x, 6.0, _COLOURS[outcome], opacity, outcome.value))
        x += 40 + 7.0 * len(outcome.value)
    x += 30
    for watts in scale.shown:
        radius = scale.radius(watts)
        out.append(_key(x + radius, radius, "#ffffff", 0.0, amount(watts, "W")))
        x += 2 * radius + 70
    out.append(_key(x + 8, 6.0, "#ffffff", 0.0, "declared", ring=2.5))
    return out


def _key(x: float, radius: float, fill: str, opacity: float, label: str, *, ring: float = 1) -> dict[str, Any]:
    stroke = "#1b1f24" if ring > 1 else "#57606a" if not opacity else "#ffffff"
    y = BOTTOM + 68
    shape = {"x": x, "y": y, "r": radius, "fill": fill, "opacity": opacity, "stroke": stroke, "ring": ring}
    return {**shape, "text_x": x + radius + 6, "label": label}
