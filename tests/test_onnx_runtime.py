"""onnxruntime never gets as far as its telemetry."""

import os
import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "aiinfra"
LOADS = "from aiinfra.onnx_runtime import onnxruntime as o; o.InferenceSession; print(o.get_available_providers())"


def test_loading_it_leaves_no_device_id(tmp_path: Path) -> None:
    kept = {
        name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    }
    environment = {**kept, "HOME": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)}
    ran = subprocess.run([sys.executable, "-c", LOADS], env=environment, capture_output=True, text=True, check=True)
    assert "CPUExecutionProvider" in ran.stdout
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_of_ours_imports_it() -> None:
    pattern = re.compile(r"^\s*(?:import|from) onnxruntime|import_module\(\"onnxruntime", re.MULTILINE)
    found = [file.name for file in sorted(PACKAGE.rglob("*.py")) if pattern.search(file.read_text())]
    assert found == ["onnx_runtime.py"]
