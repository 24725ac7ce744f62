"""Property paths in Pulumi's syntax: ``spec.template.spec.containers[0].image``, ``metadata.labels["a.b/c"]``.

Source of the syntax: pulumi ``sdk/go/common/resource/property_path.go``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Path = tuple[str | int, ...]
"""Keys and list positions, outermost first."""
ANY: Final = "*"
"""In a pattern: any key or position."""

_PLAIN = re.compile(r'[^.\[\]"]+')
_QUOTED = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
_INDEX = re.compile(r"\[(\d+|\*)\]")


def text(path: Sequence[str | int]) -> str:
    """The path as Pulumi writes it."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN.fullmatch(step):
            parts.append(f".{step}" if parts else step)
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'["{escaped}"]')
    return "".join(parts)


def parse(written: str) -> Path:
    """The inverse of :func:`text`; ``[*]`` becomes the step ``*``.

    Raises:
        ValueError: not a property path.
    """
    steps: list[str | int] = []
    place = 0
    while place < len(written):
        if index := _INDEX.match(written, place):
            steps.append(ANY if index[1] == ANY else int(index[1]))
            place = index.end()
        elif quoted := _QUOTED.match(written, place):
            steps.append(re.sub(r"\\(.)", r"\1", quoted[1]))
            place = quoted.end()
        else:
            start = place + 1 if steps and written[place] == "." else place
            plain = _PLAIN.match(written, start)
            if plain is None:
                raise ValueError(f"not a property path: {written!r} at character {place}")
            steps.append(plain[0])
            place = plain.end()
    return tuple(steps)


def fits(pattern: Path, path: Path) -> bool:
    """Whether the shorter of the two is a beginning of the other; ``*`` in the pattern fits any step."""
    return all(wanted in (ANY, step) for wanted, step in zip(pattern, path, strict=False))


def values_at(value: Any, pattern: Path) -> list[Any]:
    """Every value inside ``value`` that ``pattern`` names; none where it names nothing."""
    if not pattern:
        return [] if value is None else [value]
    step, rest = pattern[0], pattern[1:]
    inside: list[Any] = []
    if isinstance(value, Mapping) and (step == ANY or step in value):
        inside = list(value.values()) if step == ANY else [value[step]]
    elif isinstance(value, list) and (step == ANY or isinstance(step, int)):
        inside = value if step == ANY else value[step : int(step) + 1]
    return [found for item in inside for found in values_at(item, rest)]
