"""What a machine lacks."""

from pathlib import Path

from aiinfra.engine.doctor import examine, healthy


def test_nothing_on_path_is_told_with_each_install_page(tmp_path: Path) -> None:
    items = {item.name: item for item in examine(str(tmp_path), tmp_path)}
    missing = {name for name, item in items.items() if not item.there}
    assert missing == {"pulumi", "pulumi plugin aws", "pulumi plugin kubernetes", "kubectl", "node", "docker"}
    assert all(item.page.startswith(("https://", "pip install ")) and item.purpose for item in items.values())
    assert healthy(tuple(items.values()))


def test_what_is_there_is_told_with_its_version(tmp_path: Path) -> None:
    (tmp_path / "plugins" / "resource-aws-v7.51.1").mkdir(parents=True)
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v20.0.0\n")
    node.chmod(0o755)
    found = {item.name: item.found for item in examine(str(tmp_path), tmp_path) if item.there}
    assert found["node"] == "v20.0.0"
    assert found["pulumi plugin aws"] == "v7.51.1"
