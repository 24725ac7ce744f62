"""docs/walkthrough.md is what a run of tools/walkthrough typed and what came back."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "walkthrough.md"


def tool() -> ModuleType:
    """tools/walkthrough/walk.py, which is a program and no package."""
    spec = importlib.util.spec_from_file_location("walk", ROOT / "tools" / "walkthrough" / "walk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def comparable(text: str) -> list[str]:
    """The page without what no two runs share: keys, digests of signed things, times, how often one had to ask."""
    changes = (
        (r"sha256:[0-9a-f]{64}", "DIGEST"),
        (r"20\d\d-\d\d-\d\dT[\d:+.]+", "TIME"),
        (r"(?m)^  [A-Za-z0-9+/=]{20,}$", "  KEY"),
        (r"latency .*", "latency"),
        (r"answered   [1-9].*", "answered"),
        (r"over [\d.]+ s", "over TIME"),
        (r".* its machine is busy\n", ""),
        (r'\{"ready":false\}|curl: .*\n', ""),
        (r"\d\.\d{6,}", lambda number: f"{float(number[0]):.4f}"),
    )
    for pattern, replacement in changes:
        text = re.sub(pattern, replacement, text)
    return text.splitlines()


def test_the_page_types_what_the_story_types() -> None:
    walk = tool()
    page = PAGE.read_text(encoding="utf-8")
    place = page.index(walk.HEAD) + len(walk.HEAD)
    for step in walk.STORY:
        head, *rest = walk.told(step, [""] * len(walk.commands(step))).split("```console\n")
        assert page.startswith(head.strip(), place + page[place:].index(head.strip()))
        for command in walk.commands(step):
            place = page.index(f"$ {command}\n", place) + len(command)
        assert rest
    assert page.count("```console") == len(walk.STORY)


@pytest.mark.soak
def test_the_page_is_what_comes_back(tmp_path: Path) -> None:
    assert comparable(tool().walk(tmp_path)) == comparable(PAGE.read_text(encoding="utf-8"))
