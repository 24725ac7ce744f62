"""images.lock is filled from what a registry holds, with tools that are told exactly what to do."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from aiinfra.cli.images import command
from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release import images
from aiinfra.release.images import Tool, commands_of_lock, lock, wanted
from aiinfra.release.mirroring import mirror, plan
from aiinfra.spec.reading import read_lock
from tests.programs import ROOT

PLAIN = {"schemaVersion": 2, "config": {"digest": "x"}, "layers": []}
INDEX = {
    "manifests": [
        {"platform": {"architecture": "arm64"}},
        {"platform": {"architecture": "amd64"}},
        {"platform": {"architecture": "unknown"}},
    ]
}


class Registry:
    """Answers what skopeo would; remembers what it was asked."""

    def __init__(self, manifest: object) -> None:
        self.manifest = json.dumps(manifest).encode()
        self.asked: list[list[str]] = []

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.manifest).hexdigest()}"

    def __call__(self, command: Sequence[str]) -> bytes:
        self.asked.append(list(command))
        return json.dumps({"architecture": "amd64"}).encode() if "--config" in command else self.manifest


SKOPEO = Tool("skopeo")
SERVER = {"aiinfra-server": "registry.example.com:5000/aiinfra/server:0.1"}


@pytest.mark.parametrize(("manifest", "architectures"), [(PLAIN, ("amd64",)), (INDEX, ("amd64", "arm64"))])
def test_a_lock_says_digest_and_architectures(tmp_path: Path, manifest: object, architectures: tuple[str, ...]) -> None:
    registry = Registry(manifest)
    found = lock(tmp_path, SERVER, SKOPEO, ask=registry)
    image = found["aiinfra-server"]
    assert image.reference == f"registry.example.com:5000/aiinfra/server@{registry.digest}"
    assert (image.architectures, read_lock(tmp_path)) == (architectures, found)
    assert registry.asked[0] == ["skopeo", "inspect", "--raw", f"docker://{SERVER['aiinfra-server']}"]


def test_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    old = "sha256:" + "0" * 64
    (tmp_path / "images.lock").write_text(
        f"# ours\nother: {{reference: r.example.com/o@{old}}}  # kept\naiinfra-server:\n"
        f"  reference: r.example.com/a@{old}  # the old one\n# end"
    )
    registry = Registry(PLAIN)
    lock(tmp_path, {**SERVER, "new": "r.example.com/n:1"}, SKOPEO, ask=registry)
    text = (tmp_path / "images.lock").read_text()
    assert text.startswith(
        f"# ours\nother: {{reference: r.example.com/o@{old}}}  # kept\naiinfra-server:\n  {{reference: "
    )
    assert list(read_lock(tmp_path)) == ["aiinfra-server", "new", "other"]
    assert read_lock(tmp_path)["aiinfra-server"].reference.endswith(registry.digest)


def test_a_server_that_lacks_a_tiers_architecture_is_not_locked(tmp_path: Path) -> None:
    data = ROOT / "tests" / "data" / "declarations"
    text = (data / "fleet.yaml").read_text().replace("cpu-x86-64", "jetson-orin-nano-super")
    (tmp_path / "deployment.yaml").write_text(text)
    shutil.copy(data / "fleet.csv", tmp_path)
    with pytest.raises(BadInput, match="is for amd64; tiers are arm64 too") as caught:
        lock(tmp_path, SERVER, SKOPEO, ask=Registry(PLAIN))
    assert (caught.value.code, (tmp_path / "images.lock").exists()) == ("image-architecture", False)
    assert lock(tmp_path, SERVER, SKOPEO, ask=Registry(INDEX))


def test_a_mirror_has_the_same_bytes_under_another_name(tmp_path: Path) -> None:
    registry = Registry(PLAIN)
    lock(tmp_path, SERVER, SKOPEO, ask=registry)
    mirror(tmp_path, plan(tmp_path, "mirror.internal/closed", SKOPEO), SKOPEO, ask=registry)
    short = registry.digest.removeprefix("sha256:")[:16]
    assert registry.asked[-1] == [
        *("skopeo", "copy", "--all", "--preserve-digests"),
        f"docker://registry.example.com:5000/aiinfra/server@{registry.digest}",
        f"docker://mirror.internal/closed/aiinfra/server:{short}",
    ]
    assert read_lock(tmp_path)["aiinfra-server"].reference == f"mirror.internal/closed/aiinfra/server@{registry.digest}"


def test_both_tools_are_told_without_tls() -> None:
    assert Tool("oras").raw("r/x:1", plain_http=True) == ["oras", "manifest", "fetch", "--plain-http", "r/x:1"]
    assert Tool("oras").config("r/x:1", plain_http=False) == ["oras", "manifest", "fetch-config", "r/x:1"]
    assert "--to-plain-http" in Tool("oras").copy("r/x:1", "s/x:1", plain_http=True)
    assert "--dest-tls-verify=false" in SKOPEO.copy("r/x:1", "s/x:1", plain_http=True)


@pytest.mark.parametrize(
    "word", ["x", "x=", "=r.example.com/x", "X=r.example.com/x:1", "x=server:1", "x=--help", "x=r/$(id)"]
)
def test_what_names_no_image(word: str) -> None:
    with pytest.raises(BadInput) as caught:
        wanted([word])
    assert caught.value.code == "image-invalid"


def test_what_is_no_image_or_cannot_be_read(tmp_path: Path) -> None:
    for manifest in ([], "x", {"manifests": 3}):
        with pytest.raises(AiinfraError) as caught:
            lock(tmp_path, SERVER, SKOPEO, ask=Registry(manifest))
        assert caught.value.code == "image-unreadable"
    with pytest.raises(AiinfraError) as caught:
        images.run(["sh", "-c", "echo no such host >&2; exit 1"])
    assert (caught.value.code, "no such host" in caught.value.message) == ("image-unreadable", True)
    with pytest.raises(BadInput) as missing:
        plan(tmp_path, "mirror.internal", SKOPEO)
    assert missing.value.code == "images-lock-missing"


def test_without_a_tool_the_commands_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "tool", lambda: None)
    words = ["lock", "aiinfra-server=registry.example.com/server:1", "--deployment", str(tmp_path)]
    told = "skopeo inspect --raw docker://registry.example.com/server:1 | sha256sum\n"
    ran = CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False)
    assert (ran.return_value, ran.stdout) == (1, told)
    assert "nothing was done" in ran.stderr
    ran = CliRunner().invoke(command, [*words, "--print"], catch_exceptions=False, standalone_mode=False)
    assert (ran.return_value, ran.stdout) == (0, told)
    assert commands_of_lock({}, plain_http=False) == []
    lock(tmp_path, SERVER, SKOPEO, ask=Registry(PLAIN))
    words = ["mirror", "--to", "m.internal", "--deployment", str(tmp_path)]
    ran = CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False)
    assert ran.return_value == 1
    assert ran.stdout.startswith("skopeo copy --all --preserve-digests docker://registry.example.com:5000/")
