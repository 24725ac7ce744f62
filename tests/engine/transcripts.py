"""The recorded transcript of the real engine, and how it is written."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "data" / "engine" / "transcript.json"


def as_text(transcript: dict[str, Any]) -> str:
    """One resource or step a line, so that a difference can be read."""
    lines: list[str] = []
    for key, value in transcript.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        inside = ",\n".join(_part(name, part) for name, part in parts)
        lines.append(
            f"{json.dumps(key)}: {{\n{inside}\n}}" if isinstance(value, dict) else f"{json.dumps(key)}:{inside}"
        )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _part(name: str, value: Any) -> str:
    head = f" {json.dumps(name)}: " if name else " "
    if isinstance(value, list):
        return head + "[\n" + ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value) + "\n ]"
    return head + json.dumps(value, ensure_ascii=False)
