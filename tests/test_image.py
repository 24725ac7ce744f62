"""The server's image: written the same every time, joined over architectures, and it serves a prediction."""

import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from onnx import TensorProto, helper

ROOT = Path(__file__).parent.parent


def tool(name: str) -> ModuleType:
    """A module of tools/image, which is a program and no package of ours."""
    before = list(sys.path)
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module(f"image.{name}")
    finally:
        sys.path[:] = before


def tree(folder: Path, text: str = "hello") -> Path:
    (folder / "usr/bin").mkdir(parents=True)
    (folder / "usr/bin/python3").write_text(text)
    (folder / "usr/bin/python3").chmod(0o755)
    (folder / "usr/bin/python").symlink_to("python3")
    os.utime(folder / "usr/bin/python3", (1, len(str(folder))))
    return folder


def layout(folder: Path, root: Path, architecture: str) -> str:
    module = tool("layout")
    written = module.Layout(folder)
    layers = [module.layer(root, root.rglob("*"), 1_700_000_000)]
    config = {"architecture": architecture, "os": "linux", "config": {"User": "65532:65532"}}
    return str(written.name([written.image(layers, config)], "1"))


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    digests = [layout(tmp_path / name, tree(tmp_path / f"{name}-tree"), "amd64") for name in ("a", "another")]
    assert digests[0] == digests[1]
    assert files(tmp_path / "a") == files(tmp_path / "another")


def test_architectures_are_joined_under_one_index(tmp_path: Path) -> None:
    module = tool("layout")
    for architecture in ("arm64", "amd64"):
        layout(tmp_path / architecture, tree(tmp_path / f"{architecture}-tree", architecture), architecture)
    both = [tmp_path / "arm64", tmp_path / "amd64"]
    assert module.join(both, tmp_path / "joined", "1") == module.join(both[::-1], tmp_path / "again", "1")
    assert [image["platform"]["architecture"] for image in module.images_of(tmp_path / "joined")] == ["amd64", "arm64"]
    for architecture in ("amd64", "arm64"):
        config = module.unpack(tmp_path / "joined", tmp_path / f"{architecture}-out", architecture)
        assert config["config"] == {"User": "65532:65532"}
        assert (tmp_path / f"{architecture}-out/usr/bin/python").read_text() == architecture
    with pytest.raises(SystemExit, match="two images for one architecture"):
        module.join([tmp_path / "amd64"] * 2, tmp_path / "twice", "1")


def test_the_bill_names_every_package() -> None:
    part = tool("rootfs").Part
    parts = [part("pypi", "numpy", "2.4.6", "b" * 64), part("deb", "libc6", "2.36-9+deb12u10", "a" * 64)]
    bill = tool("build").bill(parts, "arm64")
    assert [(one["name"], one["purl"], one["hashes"][0]["content"][0]) for one in bill["components"]] == [
        ("libc6", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=arm64&distro=bookworm", "a"),
        ("numpy", "pkg:pypi/numpy@2.4.6", "b"),
    ]
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "aiinfra-server")


def test_environments_and_builds_are_not_sent_to_a_build() -> None:
    """A virtual environment is 900 MB."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".venv", ".venv-judges*", "build", "dist", "tools/bin", ".bench", "**/__pycache__"} <= set(lines)
    assert ".git" not in lines  # the commit's time is read from it


def test_the_containerfile_starts_what_the_image_starts() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    config = tool("build")._config("amd64")["config"]
    assert f"ENTRYPOINT {json.dumps(config['Entrypoint'])}\nCMD {json.dumps(config['Cmd'])}\n" in text
    assert f"USER {config['User']}\n" in text
    assert all(setting in text for setting in config["Env"])


NEEDED = [name for name in ("mmdebstrap", "bwrap") if shutil.which(name) is None]


@pytest.mark.soak
@pytest.mark.timeout(1500)
@pytest.mark.skipif(bool(NEEDED), reason=f"not here: {', '.join(NEEDED)}")
def test_the_server_runs_out_of_the_image(tmp_path: Path) -> None:
    """Built, unpacked, and started read-only as the image's user, with nothing else of this machine in sight."""
    out, root = tmp_path / "image", tmp_path / "root"
    subprocess.run([sys.executable, "tools/image/build.py", "--out", out], cwd=ROOT, check=True, timeout=1200)
    architecture = tool("layout").images_of(out)[0]["platform"]["architecture"]
    config = tool("layout").unpack(out, root, architecture)["config"]
    programs = {file.name for folder in ("bin", "usr/bin", "sbin", "usr/sbin") for file in (root / folder).glob("*")}
    assert programs == {"python3", "python3.11"}, "no shell, no package manager"
    assert [str(path) for path in root.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o6000] == []
    bill = json.loads((root / "opt/aiinfra/bom.cdx.json").read_bytes())
    assert {"libc6", "python3.11-minimal", "onnxruntime", "aiinfra"} <= {one["name"] for one in bill["components"]}
    models = tmp_path / "models"
    _model(models / "double" / "1" / "model.onnx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user, group = config["User"].split(":")
    command = [
        "bwrap",
        "--unshare-user",
        "--unshare-pid",
        "--die-with-parent",
        "--uid",
        user,
        "--gid",
        group,
        "--clearenv",
    ]
    for setting in config["Env"]:
        command += ["--setenv", *setting.split("=", 1)]
    command += ["--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    command += [
        "--ro-bind",
        str(models),
        "/models",
        "--chdir",
        config["WorkingDir"],
        *config["Entrypoint"],
        *config["Cmd"],
    ]
    address = f"127.0.0.1:{port}"
    with subprocess.Popen([*command, "--http", address, "--allow-unsigned"]) as server:
        try:
            assert _answer(address, server)["outputs"][0]["data"] == [2.0, 4.0]
        finally:
            server.terminate()


def _model(file: Path) -> None:
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file.parent.mkdir(parents=True)
    file.write_bytes(model.SerializeToString())


def _answer(address: str, server: subprocess.Popen[bytes]) -> dict:
    data = np.array([1, 2], np.float32).tolist()
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2], "data": data}]}
    request = urllib.request.Request(f"http://{address}/v2/models/double/infer", json.dumps(body).encode())
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found: dict = json.loads(answer.read())
                return found
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < end, "the server was not ready in two minutes"
            time.sleep(0.2)
