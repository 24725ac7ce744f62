"""Components read as straight-line lists: short, and no branch inside a branch."""

import ast
from pathlib import Path

import pytest

import aiinfra.components

MODULES = sorted(Path(aiinfra.components.__file__).parent.rglob("*.py"))
BASES = ("Component", "Guarded")
LONGEST = 80
BLOCKS = (ast.If, ast.Try, ast.Match)
BRANCHES = (*BLOCKS, ast.IfExp)


def inits() -> dict[str, ast.FunctionDef]:
    """Component -> its ``__init__``."""
    found = {}
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef) or not any(getattr(base, "id", "") in BASES for base in node.bases):
                continue
            for one in node.body:
                if isinstance(one, ast.FunctionDef) and one.name == "__init__":
                    found[node.name] = one
    return found


def test_every_component_is_looked_at() -> None:
    assert {"Network", "Cluster", "Storage", "Training", "Account", "Platform", "InferenceRuntime"} <= set(inits())


@pytest.mark.parametrize("name", sorted(inits()))
def test_an_init_is_short_and_flat(name: str) -> None:
    init = inits()[name]
    assert (init.end_lineno or 0) - init.lineno + 1 <= LONGEST
    outer = [node for node in ast.walk(init) if isinstance(node, BLOCKS)]
    inner = [node for one in outer for node in ast.walk(one) if node is not one and isinstance(node, BRANCHES)]
    # ``elif`` is one more choice of the same branch.
    chained = {id(one.orelse[0]) for one in outer if isinstance(one, ast.If) and len(one.orelse) == 1}
    assert [node.lineno for node in inner if id(node) not in chained] == []
