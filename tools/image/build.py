"""`make image`: the server's image as an OCI layout, from Debian packages and locked wheels, without Docker.

    python tools/image/build.py --out build/image                 # this machine's architecture
    python tools/image/build.py --out build/image --architecture arm64
    python tools/image/build.py --join build/amd64 build/arm64 --out build/image

Nothing of another architecture is run while it is built, so either machine builds either image. The same checkout, the
same Debian packages and the same locks give the same bytes; the bill of materials names all three.
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from image import rootfs
from image.layout import Layout, join, layer

VERSION = (
    (rootfs.ROOT / "aiinfra" / "__init__.py").read_text(encoding="utf-8").split('__version__ = "')[1].split('"')[0]
)
BOM = "opt/aiinfra/bom.cdx.json"


def main() -> int:
    """Build or join."""
    parser = argparse.ArgumentParser(description="Build the server's image as an OCI layout.")
    parser.add_argument("--out", type=Path, required=True, help="Folder of the layout; made anew.")
    here = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "amd64")
    parser.add_argument("--architecture", default=here, choices=sorted(rootfs.MACHINE))
    parser.add_argument(
        "--tree", action="store_true", help="Write the image's files to --out, no layout (Containerfile)."
    )
    parser.add_argument("--join", type=Path, nargs="+", help="Layouts to join into one index instead.")
    asked = parser.parse_args()
    shutil.rmtree(asked.out, ignore_errors=True)
    if asked.join:
        digest = join(asked.join, asked.out, VERSION)
    else:
        if shutil.which("mmdebstrap") is None:
            raise SystemExit(
                "mmdebstrap is not here: apt-get install mmdebstrap (Debian, Ubuntu), or use the Containerfile"
            )
        if asked.tree:
            tree(asked.out, asked.architecture, _epoch())
            return 0
        digest = build(asked.out, asked.architecture)
    print(f"{asked.out}: aiinfra-server {VERSION}, {digest}")
    print(f"push it: skopeo copy --all --preserve-digests oci:{asked.out}:{VERSION} docker://HOST/NAME:{VERSION}")
    return 0


def build(out: Path, architecture: str) -> str:
    """Build one architecture's image; the digest of its index."""
    epoch = _epoch()
    with tempfile.TemporaryDirectory(prefix="aiinfra-image-") as work:
        root = Path(work) / "root"
        base = tree(root, architecture, epoch)
        _say("writing layers ...")
        there = set(root.rglob("*"))
        layers = [layer(root, base, epoch), layer(root, there - base, epoch)]
        written = Layout(out)
        return written.name([written.image(layers, _config(architecture))], VERSION)


def tree(root: Path, architecture: str, epoch: int) -> set[Path]:
    """Write the image's files below ``root``; those that are Debian's alone, which change seldom."""
    _say(f"Debian {rootfs.SUITE} for {architecture} ...")
    parts = rootfs.debian(architecture, root, epoch)
    base = set(root.rglob("*"))
    with tempfile.TemporaryDirectory(prefix="aiinfra-wheels-") as cache:
        _say("the locked wheels ...")
        parts += rootfs.wheels(architecture, root, Path(cache) / "wheels")
        parts.append(rootfs.aiinfra(root, Path(cache) / "wheels", epoch))
    if not rootfs.compiled(root):
        _say("not compiled: this Python is not 3.11, so the server starts a few seconds later")
    rootfs.finish(root)
    bom = json.dumps(bill(parts, architecture), indent=1, sort_keys=True) + "\n"
    (root / BOM).write_text(bom, encoding="utf-8")
    own = {root / name for name in ("etc/passwd", "etc/group", "tmp", "models")}
    _say(f"{len(parts)} packages")
    return base - own


def bill(parts: list[rootfs.Part], architecture: str) -> dict[str, Any]:
    """The bill of materials (CycloneDX 1.6): every package with version and hash."""

    def component(part: rootfs.Part) -> dict[str, Any]:
        where = f"deb/debian/{part.name}" if part.kind == "deb" else f"pypi/{part.name}"
        suffix = f"?arch={architecture}&distro={rootfs.SUITE}" if part.kind == "deb" else ""
        purl = f"pkg:{where}@{part.version.replace('+', '%2B').replace(':', '%3A')}{suffix}"
        hashes = [{"alg": "SHA-256", "content": part.sha256}]
        one = {"type": "library", "name": part.name, "version": part.version, "purl": purl, "bom-ref": purl}
        return {**one, "hashes": hashes}

    about = {"type": "container", "name": "aiinfra-server", "version": VERSION, "bom-ref": "image"}
    components = sorted((component(part) for part in parts), key=lambda one: str(one["purl"]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": components,
    }


def _config(architecture: str) -> dict[str, Any]:
    return {
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": f"{rootfs.UID}:{rootfs.UID}",
            "Env": [
                "PATH=/usr/bin",
                f"PYTHONPATH=/{rootfs.LIBRARY}",
                "PYTHONDONTWRITEBYTECODE=1",
                "PYTHONUNBUFFERED=1",
                "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
            ],
            "Entrypoint": ["/usr/bin/python3", "-m", "aiinfra"],
            "Cmd": ["serve", "/models"],
            "WorkingDir": "/",
            "Labels": {"org.opencontainers.image.title": "aiinfra-server", "org.opencontainers.image.version": VERSION},
        },
    }


def _epoch() -> int:
    """When the checkout was committed: the time that all files carry."""
    ran = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=rootfs.ROOT, capture_output=True, text=True, check=False
    )
    return int(ran.stdout.strip() or 0)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
