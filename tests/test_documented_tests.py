"""The tests that docs/test-your-program.md shows are tests that run."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "test-your-program.md"
PROGRAM = """
import pulumi, pulumi_aws as aws, pulumi_kubernetes as k8s
bucket = aws.s3.Bucket("releases", opts=pulumi.ResourceOptions(protect=True))
aws.s3.BucketPublicAccessBlock("closed", bucket=bucket.id, block_public_acls=True)
token = pulumi.Config().get_secret("token")
k8s.core.v1.Secret("token", metadata={"name": "token"}, string_data={"token": token})
"""


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "infrastructure").mkdir()
    (tmp_path / "infrastructure" / "Pulumi.yaml").write_text("name: shown\nruntime: python\n")
    (tmp_path / "infrastructure" / "__main__.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {}
    exec(compile(code, str(PAGE), "exec"), names)
    names["golden"](names["collect"]("infrastructure/"), "golden.json", update=True)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 4
    for test in tests:
        test()
