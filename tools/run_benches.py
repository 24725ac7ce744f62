"""Run the benches and print their tables. Each figure stands beside a named rival's, measured in the same run."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "bench"


def main() -> None:
    """Run all benches, or the ones named."""
    names = sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("_"))
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python tools/run_benches.py graph --out .bench"
    )
    parser.add_argument("names", nargs="*", choices=[*names, []], help=f"which: {', '.join(names)}; all by default")
    parser.add_argument("--out", type=Path, default=Path(".bench"), help="folder for NAME.json")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(FOLDER.parents[1]))  # a bench of several files imports them as tools.bench...
    for name in arguments.names or names:
        print(f"== {name}", flush=True)
        rows = _load(name).run(arguments.out)
        (arguments.out / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _load(name: str):  # noqa: ANN202 - a module
    spec = importlib.util.spec_from_file_location(f"bench_{name}", FOLDER / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
