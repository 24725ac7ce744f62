"""Components read as lists of children: short constructors, no branch inside a branch. What decides is beside them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from aiinfra.components.hosted import COMPONENTS
from tests.programs import ROOT

FOLDER = ROOT / "aiinfra" / "components"
LINES = 80
BRANCHES = (ast.If, ast.Match, ast.IfExp)


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for file in sorted(FOLDER.rglob("*.py")):
        for item in ast.parse(file.read_text(encoding="utf-8")).body:
            bases = {getattr(base, "id", "") for base in item.bases} if isinstance(item, ast.ClassDef) else set()
            if isinstance(item, ast.ClassDef) and bases & {"Component", "Guarded"}:
                yield file, item


def methods() -> Iterator[tuple[str, ast.FunctionDef]]:
    for file, item in classes():
        for method in item.body:
            if isinstance(method, ast.FunctionDef):
                yield f"{file.name}: {item.name}.{method.name}", method


def nested(node: ast.AST, *, inside: bool = False) -> Iterator[ast.AST]:
    """Branches inside a branch. ``elif`` is another arm of the same one."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST):
                continue
            branch = isinstance(child, BRANCHES)
            arm = isinstance(node, ast.If) and name == "orelse" and len(node.orelse) == 1 and branch
            if branch and inside and not arm:
                yield child
            yield from nested(child, inside=inside or branch)


def test_every_component_is_looked_at() -> None:
    assert {component.__name__ for component in COMPONENTS} | {"Guarded"} == {item.name for _, item in classes()}


def test_constructors_are_short() -> None:
    sizes = {
        name: (method.end_lineno or 0) - method.lineno + 1 for name, method in methods() if method.name == "__init__"
    }
    assert {name: size for name, size in sizes.items() if size > LINES} == {}
    assert len(sizes) == len(COMPONENTS)


def test_no_branch_is_inside_a_branch() -> None:
    found = [f"{name}:{inner.lineno}" for name, method in methods() for inner in nested(method)]
    assert found == []


def test_a_branch_inside_a_branch_would_be_found() -> None:
    inside = "def f():\n if a:\n  for x in y:\n   if b: pass\n elif c: pass\n else: z = 1 if d else 2\n"
    assert [inner.lineno for inner in nested(ast.parse(inside))] == [4, 6]
