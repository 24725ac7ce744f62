"""What an engine cannot serve is said before anything is compiled."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from aiinfra.check.checks import check
from aiinfra.spec.reading import load

LANGUAGE = {"parameters": 8e9, "layers": 32, "hidden": 4096, "kv_heads": 8, "head_size": 128}
OF_ENGINES = {
    *("engine-callers", "engine-memory", "engine-needs-language", "engine-not-for-language", "engine-place"),
    *("scales-to-zero", "tier-not-served", "model-not-pinned", "model-missing"),
}


def found(folder: Path, *, language: bool, accelerator: str = "l4", p99: str = "", **runtime: Any) -> set[str]:
    runtime = {"on": "k3s", "memory": "16 GiB", **runtime}
    plain = {
        "name": "night",
        "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
        "model": {"file": "llama", **({"language": LANGUAGE} if language else {"digest": "sha256:" + "0" * 64})},
        "sites": [{"class": "plant", "tier": {"accelerator": accelerator}, "runtime": runtime}],
        **({"objective": {"p99": p99}} if p99 else {}),
    }
    (folder / "deployment.yaml").write_text(yaml.safe_dump(plain))
    return {finding.id for finding in check(load(folder))} & OF_ENGINES


@pytest.mark.parametrize(
    ("case", "ids"),
    [
        ({"language": True}, {"engine-callers"}),
        ({"language": True, "memory": "1 GiB"}, {"engine-callers", "engine-memory"}),
        ({"language": True, "on": "box"}, {"engine-callers", "engine-place"}),
        ({"language": True, "accelerator": "hailo-8"}, {"engine-callers", "tier-not-served"}),
        (
            {"language": False, "engine": {"kind": "vllm"}},
            {"engine-callers", "engine-needs-language"},
        ),
        ({"language": True, "engine": {"kind": "bundled"}}, {"engine-not-for-language", "model-not-pinned"}),
        (
            {
                "language": True,
                "p99": "2 s",
                "demand": {"prometheus": "http://p:9090", "query": "q", "each": 1},
            },
            {"engine-callers", "scales-to-zero"},
        ),
    ],
)
def test_findings(tmp_path: Path, case: dict[str, Any], ids: set[str]) -> None:
    expected = ids if "model-not-pinned" not in ids else ids | {"model-missing"}
    assert found(tmp_path, **case) == expected
