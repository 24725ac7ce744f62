"""The pages of the AWS components are current, and their examples run."""

import re
from pathlib import Path

import pytest

from aiinfra.graph.aws_values import refused_values
from aiinfra.graph.collect import collect
from aiinfra.graph.lint import lint
from tests.programs import ROOT
from tools.write_component_pages import OUT, pages

PAGES = sorted(file.name for file in (ROOT / "docs" / "components").glob("*.md") if file.name != "README.md")


def test_the_pages_are_current() -> None:
    written = {file.name: file.read_text() for file in OUT.glob("*.md")}
    assert written == pages(), "run: python tools/write_component_pages.py"


@pytest.mark.parametrize("page", PAGES)
def test_the_example_runs(page: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (OUT / page).read_text(), re.DOTALL)
    (tmp_path / "Pulumi.yaml").write_text("name: example\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(example)
    graph = collect(tmp_path)
    assert sum(1 for node in graph if node.package == "aws") >= 1
    assert lint(graph) == []
    assert refused_values(graph) == []
