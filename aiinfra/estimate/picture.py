"""The trade-off of tiers as a picture: cost against latency, watts as the size of the dot, the verdict as its colour.

SVG and HTML come from templates and need nothing more; PNG is drawn from the SVG by resvg
(``pip install aiinfra[picture]``).
"""

import math
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup

from aiinfra.errors import AiinfraError
from aiinfra.estimate.tiers import Candidate, old_sources
from aiinfra.estimate.verdict import Outcome, amount
from aiinfra.spec.deployment import Deployment

WIDTH, HEIGHT = 960, 640
LEFT, RIGHT, TOP, BOTTOM = 90, 930, 70, 480
_COLOURS: Final = {Outcome.MEETS: "#1a7f37", Outcome.UNPROVEN: "#d4a72c", Outcome.CANNOT: "#afb8c1"}
_STYLES: Final = {Outcome.MEETS: "meets", Outcome.UNPROVEN: "unproven", Outcome.CANNOT: "cannot"}
_HOVER: Final = ("latency", "watts_load", "cost")
_LABELLED: Final = 14


def svg(deployment: Deployment, class_name: str, found: Sequence[Candidate], as_of: date) -> str:
    """The picture as SVG; tiers without a known cost or latency are named below it."""
    drawn = [one for one in found if _point(one) is not None]
    points = [point for one in drawn if (point := _point(one)) is not None]
    limit_x = deployment.objective.p99.seconds if deployment.objective.p99 else None
    cap = deployment.caps.cost
    limit_y = cap.to("month") if cap is not None and cap.currency == "USD" else None
    x_axis = _axis([p[0] for p in points] + ([limit_x] if limit_x else []), LEFT, RIGHT)
    y_axis = _axis([p[1] for p in points] + ([limit_y] if limit_y else []), BOTTOM, TOP)
    dots = [_dot(one, point, x_axis, y_axis) for one, point in zip(drawn, points, strict=True)]
    dots.sort(key=lambda dot: (-float(dot["r"]), str(dot["hover"])))
    aim = deployment.objective.p99
    context = {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "top": TOP,
        "bottom": BOTTOM,
        "title": f"{deployment.name}: tiers for {class_name}",
        "subtitle": f"estimated as of {as_of.isoformat()}{_aged(found, as_of)}; size of a dot: watts under load",
        "x_ticks": [{"at": _at(t, x_axis), "label": amount(t, "s")} for t in _ticks(x_axis)],
        "y_ticks": [{"at": _at(t, y_axis), "label": amount(t, "")} for t in _ticks(y_axis)],
        "limit_x": {"at": _at(limit_x, x_axis), "label": f"p99 {aim}"} if limit_x else None,
        "limit_y": {"at": _at(limit_y, y_axis), "label": f"cap {cap}"} if limit_y else None,
        "dots": dots,
        "labels": _labels(drawn, points, x_axis, y_axis),
        "keys": _keys(),
        "notes": _notes([one.label for one in found if _point(one) is None]),
        "notes_top": BOTTOM + 112,
    }
    return _render("picture.svg.j2", context)


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
            "declared": one.declared,
            "latency": _shown(one, "latency"),
            "watts": _shown(one, "watts_load"),
            "cost": _shown(one, "cost"),
            "why": "" if one.decides is None else f"{one.decides.aim}: {one.decides.reason}",
        }
        for one in found
    ]
    title = f"{deployment.name}: tiers for {class_name}"
    drawn = Markup(svg(deployment, class_name, found, as_of))  # noqa: S704 - our own, escaped
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


def _point(one: Candidate) -> tuple[float, float] | None:
    latency, cost = one.figure("latency"), one.figure("cost")
    return (latency, cost) if latency and cost else None


_Axis = tuple[float, float, float, float]
"""Lowest and highest value, and where they are drawn."""


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    """A logarithmic axis that holds the values with room at both ends."""
    if not values:
        return (1.0, 10.0, start, end)
    low, high = min(values) / 1.6, max(values) * 1.6
    return (low, max(high, low * 10), start, end)


def _at(value: float, axis: _Axis) -> float:
    low, high, start, end = axis
    return round(start + (end - start) * math.log(value / low) / math.log(high / low), 1)


def _ticks(axis: _Axis) -> list[float]:
    low, high = axis[0], axis[1]
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick for power in powers for step in steps if low <= (tick := step * 10.0**power) <= high]


def _radius(watts: float | None) -> float:
    """The area of a dot grows with the watts; unknown ones are small."""
    return round(3.0 + 0.9 * math.sqrt(min(watts, 2000.0)), 1) if watts else 3.0


def _dot(one: Candidate, point: tuple[float, float], x_axis: _Axis, y_axis: _Axis) -> dict[str, Any]:
    return {
        "x": _at(point[0], x_axis),
        "y": _at(point[1], y_axis),
        "r": _radius(one.estimate.figures["watts_load"].value),
        "fill": _COLOURS[one.outcome],
        "opacity": 0.85 if one.outcome is not Outcome.CANNOT else 0.5,
        "stroke": "#1b1f24" if one.declared else "#ffffff",
        "ring": 2.5 if one.declared else 1,
        "hover": ", ".join([f"{one.label}: {one.outcome.value}", *(_shown(one, name) for name in _HOVER)]),
    }


def _shown(one: Candidate, name: str) -> str:
    value = one.estimate.figures[name]
    return "?" if value.value is None else amount(value.value, value.unit)


def _labels(
    drawn: Sequence[Candidate], points: Sequence[tuple[float, float]], x_axis: _Axis, y_axis: _Axis
) -> list[dict[str, Any]]:
    """Names beside the dots, the best first, moved up or down until none covers another."""
    taken = [_around(one, point, x_axis, y_axis) for one, point in zip(drawn, points, strict=True)]
    out: list[dict[str, Any]] = []
    pairs = sorted(zip(drawn, points, strict=True), key=lambda pair: (not pair[0].declared, drawn.index(pair[0])))
    for one, point in pairs[:_LABELLED]:
        x, y = _at(point[0], x_axis), _at(point[1], y_axis)
        radius = _radius(one.estimate.figures["watts_load"].value)
        width = 6.6 * len(one.label)
        left_side = x + radius + 6 + width > RIGHT
        text_x = x - radius - 6 if left_side else x + radius + 6
        start = text_x - width if left_side else text_x
        offsets = [0.0, *(sign * step * 14.0 for step in range(1, 13) for sign in (-1, 1))]
        for offset in offsets:
            text_y = y + 4 + offset
            box = (start, text_y - 10, start + width, text_y + 3)
            if TOP + 12 < text_y < BOTTOM - 4 and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                out.append(
                    {
                        "x": round(text_x, 1),
                        "y": round(text_y, 1),
                        "text": one.label,
                        "anchor": "end" if left_side else "start",
                        "weight": "bold" if one.declared else "normal",
                        "line": abs(offset) > 14,
                        "from_x": x,
                        "from_y": y,
                    }
                )
                break
    return out


def _around(
    one: Candidate, point: tuple[float, float], x_axis: _Axis, y_axis: _Axis
) -> tuple[float, float, float, float]:
    """The box around a dot, that no name may cover."""
    x, y, radius = _at(point[0], x_axis), _at(point[1], y_axis), _radius(one.estimate.figures["watts_load"].value)
    return (x - radius, y - radius, x + radius, y + radius)


def _overlap(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _keys() -> list[dict[str, Any]]:
    """The legend: verdicts, then sizes."""
    out: list[dict[str, Any]] = []
    x = float(LEFT + 8)
    for outcome in Outcome:
        opacity = 0.85 if outcome is not Outcome.CANNOT else 0.5
        out.append(_key(x, 6.0, _COLOURS[outcome], opacity, outcome.value))
        x += 40 + 7.0 * len(outcome.value)
    x += 30
    for watts in (10, 100, 300):
        radius = _radius(watts)
        out.append(_key(x + radius, radius, "#ffffff", 0.0, f"{watts} W"))
        x += 2 * radius + 64
    return out


def _key(x: float, radius: float, fill: str, opacity: float, label: str) -> dict[str, Any]:
    stroke = "#57606a" if not opacity else "#ffffff"
    y = BOTTOM + 68
    shape = {"x": x, "y": y, "r": radius, "fill": fill, "opacity": opacity, "stroke": stroke}
    return {**shape, "text_x": x + radius + 6, "label": label}


def _notes(missing: Sequence[str]) -> list[str]:
    """The tiers that cannot be drawn, in lines that fit."""
    if not missing:
        return []
    lines: list[str] = []
    line = "not drawn, cost or latency unknown:"
    for name in missing:
        if len(line) + len(name) > 135:
            lines.append(line)
            line = ""
        line = f"{line} {name},"
    lines.append(line)
    shown = [text.rstrip(",").strip() for text in lines[:3]]
    return [*shown[:-1], f"{shown[-1]} and more"] if len(lines) > 3 else shown
