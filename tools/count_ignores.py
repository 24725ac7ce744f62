"""Print how many single ignores the code carries, and fail on one that covers a whole module."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SINGLE = re.compile(r"#\s*(?:type:\s*ignore|pyrefly:\s*ignore|noqa)\b")
WHOLE = re.compile(
    r"^#\s*(?:type:\s*ignore|pyrefly:\s*ignore(?:-errors|-all-errors)?|ruff:\s*noqa|mypy:)", re.MULTILINE
)


def main() -> int:
    """Count over the package, the stacks, the examples and the tools."""
    files = [f for folder in ("aiinfra", "stacks", "examples", "tools") for f in sorted((ROOT / folder).rglob("*.py"))]
    lines = sum(len(f.read_text(encoding="utf-8").splitlines()) for f in files)
    single = sum(len(SINGLE.findall(f.read_text(encoding="utf-8"))) for f in files if f != Path(__file__))
    whole = [
        str(f.relative_to(ROOT)) for f in files if f != Path(__file__) and WHOLE.search(f.read_text(encoding="utf-8"))
    ]
    print(f"{single} single ignores in {lines} lines of {len(files)} modules; {len(whole)} module-wide")
    for name in whole:
        print(f"  module-wide ignore: {name}")
    return 1 if whole else 0


if __name__ == "__main__":
    sys.exit(main())
