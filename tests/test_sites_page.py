"""The declaration that docs/sites.md shows lacks only what a user must bring, and compiles."""

import re
from pathlib import Path

from aiinfra.check import check
from aiinfra.compiler.rendering import render
from aiinfra.spec.reading import load

PAGE = (Path(__file__).parent.parent / "docs" / "sites.md").read_text(encoding="utf-8")


def test_the_example_is_a_declaration(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "deployment.yaml").write_text(text)
    declaration = load(tmp_path)
    assert {finding.id for finding in check(declaration)} == {"unlocked", "no-signer", "no-golden"}
    assert {name.partition("/")[0] for name in render(declaration)} >= {"site-cell", "nodes-cell"}
