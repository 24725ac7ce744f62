"""Golden files: compared to the byte, rewritten by ``--update-golden``."""

import difflib
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, text: str, *, update: bool) -> None:
    """Compare ``text`` with ``tests/golden/NAME``; a difference is shown as a unified diff."""
    file = FOLDER / name
    if update:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return
    assert file.is_file(), f"no golden file {name}: run make golden, then read what it wrote"
    expected = file.read_text(encoding="utf-8")
    if text != expected:
        lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), "golden", "now", lineterm="", n=2)
        raise AssertionError(f"{name} differs (make golden rewrites it):\n" + "\n".join(list(lines)[:80]))
