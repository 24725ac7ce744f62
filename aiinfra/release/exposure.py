"""What a simulation came to, told: a table, and a picture of how many sites answer badly over time."""

import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jinja2

from aiinfra.errors import BadInput
from aiinfra.estimate.draw import SUFFIXES
from aiinfra.estimate.picture import png
from aiinfra.release.simulate import Exposure

WIDTH, HEIGHT = 960, 560
LEFT, RIGHT, TOP, BOTTOM = 90, 930, 90, 430
_COLOURS: Final = ("#afb8c1", "#d4a72c", "#1a7f37", "#0969da")
_DASHES: Final = ("", "7 4", "", "2 3")


def hours(value: float | None) -> str:
    """``never``, ``18 h`` or ``2.8 days``."""
    if value is None:
        return "never"
    return f"{value:.0f} h" if value < 48 else f"{value / 24:.1f} days"


def table(found: Sequence[Exposure]) -> str:
    """A paragraph a plan, then its waves."""
    lines: list[str] = []
    for one in found:
        part = f"{one.exposed:,} of {one.sites:,} sites ({one.exposed / one.sites:.2%})"
        lines += [
            one.plan,
            f"  saw it        {part}, for {one.site_hours:,.0f} site-hours",
            f"  refused it    {one.refused:,} sites, on their golden inputs",
            f"  stopped       {hours(one.stopped)}",
            f"  a good one    is at 95 of 100 sites after {hours(one.everywhere)}",
        ]
        for step in one.steps:
            told = "no gate" if step.failed is None and step.open else _gate(step.failed, is_open=step.open)
            lines.append(f"  wave {step.wave:<9}{step.sites:,} sites at {hours(step.at)}: {told}")
        lines.append("")
    return "\n".join(lines)


def _gate(failed: float | None, *, is_open: bool) -> str:
    answer = "nobody reported" if failed is None else f"{failed:.2%} of requests failed"
    return f"{answer}, the gate {'opened' if is_open else 'shut'}"


def svg(found: Sequence[Exposure]) -> str:
    """The picture; the same bytes for the same simulation."""
    end = float(found[0].times[-1])
    most = max(10, *(int(one.serving.max()) for one in found))
    top = 10 ** math.ceil(math.log10(most))

    def x_of(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * value / end, 1)

    def y_of(count: float) -> float:
        """One site is a little above the line, none on it."""
        part = math.log10(max(count, 0.7) / 0.7) / math.log10(top / 0.7)
        return round(BOTTOM - (BOTTOM - TOP) * part, 1)

    powers = [10**power for power in range(int(math.log10(top)) + 1)]
    lines = [
        {
            "plan": one.plan,
            "said": f"{one.exposed:,} sites saw it, {one.site_hours:,.0f} site-hours, stopped: {hours(one.stopped)}",
            "points": " ".join(f"{x_of(float(t))},{y_of(int(n))}" for t, n in zip(one.times, one.serving, strict=True)),
            "colour": _COLOURS[index % len(_COLOURS)],
            "dash": _DASHES[index % len(_DASHES)],
            "key": BOTTOM + 66 + 20 * index,
        }
        for index, one in enumerate(found)
    ]
    context: dict[str, Any] = {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "top": TOP,
        "bottom": BOTTOM,
        "title": "A bad release on its way through the fleet",
        "subtitle": f"simulated: {found[0].sites:,} sites, {found[0].at_risk:,} of which it would answer badly at",
        "y_ticks": [{"at": y_of(power), "label": f"{power:,}"} for power in powers],
        "x_ticks": [{"at": x_of(day * 24), "label": f"{day:g}"} for day in range(0, int(end // 24) + 1, 2)],
        "lines": lines,
    }
    source = (files("aiinfra.release") / "exposure.svg.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(source).render(context) + "\n"


def write(file: Path, found: Sequence[Exposure]) -> Path:
    """Write the picture.

    Raises:
        BadInput: ``picture-suffix``, ``out-unusable``.
        AiinfraError: ``picture-needs-extra``.
    """
    if file.suffix not in SUFFIXES:
        raise BadInput("picture-suffix", f"{file.name}: no such kind of picture", f"end it in {', '.join(SUFFIXES)}")
    drawn = svg(found)
    page = f"<!doctype html>\n<meta charset=utf-8>\n<title>Exposure</title>\n{drawn}"
    content = png(drawn) if file.suffix == ".png" else (page if file.suffix == ".html" else drawn).encode()
    try:
        file.write_bytes(content)
    except OSError as error:
        raise BadInput("out-unusable", f"{file} cannot be written: {error.strerror}", "name another place") from None
    return file
