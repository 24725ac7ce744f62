"""The README's first example runs as it stands."""

import re
from pathlib import Path

import pytest

from aiinfra.check import check
from aiinfra.spec.reading import load

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, nth: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[nth]


def test_the_first_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "deployment.yaml").write_text(block("yaml"))
    monkeypatch.chdir(tmp_path)
    code = block("python")
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.strip() == code.strip().splitlines()[-1].removeprefix("# ")


def test_the_first_example_lacks_only_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "deployment.yaml").write_text(block("yaml"))
    assert {finding.id for finding in check(load(tmp_path))} == {
        "unlocked",
        "no-signer",
        "no-golden",
        "no-update-route",
    }


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
