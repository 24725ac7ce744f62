"""What is locked runs on the tiers, and class files fit the declaration."""

from pathlib import Path

import pytest

from aiinfra.check.delivery import can_be_delivered, class_files_fit, images_run_there
from aiinfra.findings import Severity
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.reading import load
from tests.check.test_checks import DATA
from tests.release.test_promote import KEY, digest

LOCK = "aiinfra-server: {{reference: 'r.example.com/x@sha256:{digest}'{rest}}}\n"


def declared(folder: Path, tier: str = "cpu-x86-64", lock: str | None = None, rows: str = "name\na\n") -> Declaration:
    text = (DATA / "fleet.yaml").read_text().replace("cpu-x86-64", tier)
    (folder / "deployment.yaml").write_text(text.replace("model: {", "model: {signer: key.pem, "))
    (folder / "key.pem").write_text(KEY)
    (folder / "fleet.csv").write_text(rows)
    if lock is not None:
        (folder / "images.lock").write_text(LOCK.format(digest="a" * 64, rest=lock))
    return load(folder)


def with_class(folder: Path, key: str = KEY) -> None:
    (folder / "classes").mkdir()
    indented = key.rstrip().replace("\n", "\n  ")
    waves = f'{{1: {{version: "4", digest: {digest("4")}}}, 2: {{version: "4", digest: {digest("4")}}}}}'
    text = f"uri: oci://r.example.com/x\npublic_key: |\n  {indented}\nwaves: {waves}\n"
    (folder / "classes" / "cabinet.yaml").write_text(text)


@pytest.mark.parametrize(("tier", "part"), [("cpu-x86-64", "amd64"), ("jetson-orin-nano-super", "arm64")])
def test_what_to_lock_is_the_tiers_own_architecture(tmp_path: Path, tier: str, part: str) -> None:
    server, release = can_be_delivered(declared(tmp_path, tier))
    assert server.remedy == (
        "aiinfra images lock aiinfra-server=HOST/NAME:TAG, or add to images.lock: "
        f"aiinfra-server: {{reference: HOST/NAME@sha256:DIGEST, architectures: [{part}]}}"
    )
    assert f"architectures: [{part}]" in release.remedy


@pytest.mark.parametrize(
    ("tier", "lock", "severity"),
    [
        ("cpu-x86-64", ", architectures: [amd64, arm64]", None),
        ("jetson-orin-nano-super", ", architectures: [arm64]", None),
        ("jetson-orin-nano-super", ", architectures: [amd64]", Severity.ERROR),
        ("cpu-x86-64", ", architectures: [arm64]", Severity.ERROR),
        ("cpu-x86-64", "", Severity.WARNING),
        ("cpu-x86-64", None, None),
        ("no-such-tier", ", architectures: [arm64]", None),
    ],
)
def test_a_tier_that_the_image_does_not_run_on(
    tmp_path: Path, tier: str, lock: str | None, severity: Severity | None
) -> None:
    found = list(images_run_there(declared(tmp_path, tier, lock)))
    assert [(one.id, one.severity) for one in found] == ([("image-architecture", severity)] if severity else [])


def test_a_class_file_names_the_release_so_its_image_need_not_be_locked(tmp_path: Path) -> None:
    with_class(tmp_path)
    declaration = declared(tmp_path, lock=", architectures: [amd64]")
    assert [*can_be_delivered(declaration), *class_files_fit(declaration)] == []


def test_class_files_that_do_not_fit(tmp_path: Path) -> None:
    rows = "name,wave\na,1\nb,3\n"
    (without,) = class_files_fit(declared(tmp_path, rows=rows))
    assert (without.id, without.message) == ("wave-unknown", "site 'a' names wave 1; there is no classes/cabinet.yaml")
    with_class(tmp_path, KEY.replace("x", "y"))
    said = {one.id: one.message for one in class_files_fit(declared(tmp_path, rows=rows))}
    assert said == {
        "wave-unknown": "site 'b' is in wave 3; classes/cabinet.yaml has 2",
        "class-key-differs": "classes/cabinet.yaml names another release key than key.pem",
    }
