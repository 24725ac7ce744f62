"""docs/walkthrough.md is what a run of tools/walkthrough typed and what came back."""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "walkthrough.md"
STALE = "the page is stale: python tools/walkthrough/walk.py --out docs/walkthrough.md"


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


def test_the_page_names_the_models_of_today(tmp_path: Path) -> None:
    """Digests of models do not differ from run to run: a model or an exporter that changed shows here at once."""
    model = ROOT / "examples" / "hospital" / "cytology.onnx"
    variants = ROOT / "tools" / "walkthrough" / "variants.py"
    subprocess.run([sys.executable, variants, model, tmp_path], check=True, cwd=tmp_path, timeout=120)
    files = [model, *(tmp_path / f"{name}.onnx" for name in ("good", "bad", "subtle"))]
    digests = [f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    assert re.findall(r"(?m)^model: (sha256:[0-9a-f]{64});", PAGE.read_text(encoding="utf-8")) == digests, STALE


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl")
def test_the_page_begins_as_a_run_does(tmp_path: Path) -> None:
    """Building, signing and pushing say what the page says they do; the rest takes minutes, in `make soak`."""
    walk = tool()
    said = comparable(walk.walk(tmp_path, walk.STORY[:3]))
    assert said == comparable(PAGE.read_text(encoding="utf-8"))[: len(said)], STALE


@pytest.mark.soak
def test_the_page_is_what_comes_back(tmp_path: Path) -> None:
    assert comparable(tool().walk(tmp_path)) == comparable(PAGE.read_text(encoding="utf-8"))
