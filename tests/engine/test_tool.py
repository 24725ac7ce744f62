"""Which Pulumi CLI is used."""

from pathlib import Path

import pytest

from aiinfra.engine.tool import PARTS, Tool, behind, find_tool
from aiinfra.errors import AiinfraError


def install(folder: Path, *names: str, says: str = "v3.260.0") -> str:
    for name in names:
        file = folder / name
        file.write_text(f"#!/bin/sh\necho {says}\n")
        file.chmod(0o755)
    return str(folder)


def code_of(path: str) -> str:
    with pytest.raises(AiinfraError) as error:
        find_tool(path)
    assert "https://www.pulumi.com/docs/iac/download-install/" in error.value.remedy
    return error.value.code


def test_a_whole_cli_is_found_with_its_version(tmp_path: Path) -> None:
    assert find_tool(install(tmp_path, "pulumi", *PARTS)) == Tool(tmp_path / "pulumi", "3.260.0")


def test_what_is_missing_old_or_broken_is_told_with_the_install_page(tmp_path: Path) -> None:
    assert code_of(str(tmp_path)) == "pulumi-cli-missing"
    assert code_of(install(tmp_path, "pulumi")) == "pulumi-cli-incomplete"
    assert code_of(install(tmp_path, "pulumi", *PARTS, says="v3.100.0-dev.0")) == "pulumi-cli-old"
    (tmp_path / "pulumi").write_text("#!/bin/sh\nexit 1\n")
    assert code_of(str(tmp_path)) == "pulumi-cli-incomplete"


@pytest.mark.parametrize(
    ("cli", "sdk", "older"),
    [("3.260.0", "3.272.0", True), ("3.272.0", "3.272.0", False), ("3.300.1-alpha.1", "3.272.0", False)],
)
def test_a_cli_older_than_the_sdk_is_told(cli: str, sdk: str, older: bool) -> None:
    said = behind(Tool(Path("pulumi"), cli), sdk)
    assert bool(said) is older
    assert not older or said.startswith(f"the Pulumi CLI is {cli}, its Python SDK {sdk}: ")
