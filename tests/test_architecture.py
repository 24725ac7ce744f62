"""The arrows point one way, and what should stay light stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "aiinfra"

ORDER = (
    ("units", "names", "errors", "findings", "tokens", "images", "onnx_runtime", "server.config"),
    ("spec",),
    ("model",),
    ("catalogue",),
    ("check",),
    ("estimate",),
    ("graph",),
    ("testing", "access"),
    ("components",),
    ("release",),
    ("server",),
    ("rollout",),
    ("compiler",),
    ("review",),
    ("local", "engine", "bench"),
    ("cli", "__main__"),
)
"""Each row may import the rows above it and itself."""


def room(module: str) -> str:
    """The row's member that a dotted module below ``aiinfra`` belongs to."""
    named = {"server.config": "server.config", "server.__main__": "cli"}
    return named.get(module, module.partition(".")[0])


def rank(name: str) -> int:
    return next(i for i, row in enumerate(ORDER) if name in row)


def imports(file: Path) -> set[str]:
    """Modules of ours that a file imports, wherever in the file it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aiinfra."):
            module = str(node.module).removeprefix("aiinfra.")
            inside = (PACKAGE / module.replace(".", "/")).is_dir()
            found |= {f"{module}.{alias.name}" if inside else module for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("aiinfra.") for a in node.names if a.name.startswith("aiinfra.")}
    return found


def test_arrows_point_one_way() -> None:
    wrong: list[str] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if module != "__init__":
            below = [wanted for wanted in imports(file) if rank(room(wanted)) > rank(room(module))]
            wrong += [f"{module} imports {wanted}" for wanted in sorted(below)]
    assert wrong == []


def test_modules_are_small() -> None:
    sizes = {str(f.relative_to(ROOT)): len(f.read_text(encoding="utf-8").splitlines()) for f in PACKAGE.rglob("*.py")}
    generated = {"aiinfra/components/args.py"}  # one schema has one class of a name, so it cannot be parted
    assert {name: size for name, size in sizes.items() if size > 500 and name not in generated} == {}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import aiinfra", ("pydantic", "pulumi", "numpy", "onnx", "onnxruntime", "click", "rich", "yaml")),
        ("import aiinfra; aiinfra.load(sys.argv[1])", ("pulumi", "pulumi_aws", "pulumi_kubernetes", "onnxruntime")),
        ("import aiinfra.cli", ("pulumi", "pydantic", "onnx", "onnxruntime")),
        ("import aiinfra.server.server", ("pulumi", "onnxruntime", "model_signing")),
        ("import aiinfra.components.kubernetes.parts, aiinfra.components.site_config", ("pulumi", "onnxruntime")),
    ],
)
def test_what_is_loaded_only_when_needed(code: str, absent: tuple[str, ...]) -> None:
    declaration = ROOT / "tests" / "data" / "declarations" / "whole.yaml"
    check = f"import sys; {code}; print(*[m for m in {absent!r} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", check, str(declaration)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.split() == []


def test_no_package_hides_a_name_that_the_package_exports() -> None:
    """Importing ``aiinfra.load`` as a module would replace the function of that name."""
    import aiinfra

    assert [name for name in aiinfra.__all__ if (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists()] == []
