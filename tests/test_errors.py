"""Every error code is documented, and every documented code exists."""

import ast
import re
from pathlib import Path

from aiinfra.errors import BadInput, did_you_mean
from aiinfra.findings import Finding, Severity

ROOT = Path(__file__).parent.parent
RAISED = {"AiinfraError", "BadInput", "Refused", "Finding"}
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def codes() -> set[str]:
    """The first argument of every error and finding that is a literal, and the tables that hold codes."""
    found: set[str] = set()
    for file in sorted((ROOT / "aiinfra").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _name(node.func) in RAISED:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def documented() -> list[str]:
    texts = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs" / "errors").glob("*.md"))]
    return re.findall(r"^## (\S+)$", "\n".join(texts), re.MULTILINE)


def test_every_code_is_documented() -> None:
    assert sorted(codes() - set(documented())) == []


def test_codes_are_words_and_stand_once() -> None:
    assert [code for code in documented() if not CODE.fullmatch(code)] == []
    assert len(documented()) == len(set(documented()))


def test_every_documented_code_is_in_the_source() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "aiinfra").rglob("*.py"))
    assert [code for code in documented() if f'"{code}"' not in text and f"error[{code}]" not in text] == []


def test_an_error_is_told_with_its_fix() -> None:
    finding = Finding("x", Severity.ERROR, "is wrong", path="a.b", remedy="mend it", source="f:3")
    error = BadInput("many", "f has 1 problem", findings=[finding])
    assert error.render() == "error[many]: f has 1 problem\n  error: f:3: a.b: is wrong [x]\n    fix: mend it"
    assert BadInput("one", "no", "yes").render() == "error[one]: no\n  fix: yes"


def test_did_you_mean() -> None:
    assert did_you_mean("kS3", ["k3s", "eks"]) == "; did you mean 'k3s'?"
    assert did_you_mean("zzz", ["k3s", "eks"]) == ""
