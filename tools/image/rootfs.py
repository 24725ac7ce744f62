"""The image's files: Debian's Python and the libraries it needs, the locked wheels, and aiinfra. There is no shell."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SUITE = "bookworm"
PACKAGES = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "ca-certificates")
"""What is asked for; apt adds what these need."""
LIBRARY = Path("opt/aiinfra/lib")
UID = 65532
MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}
_KEPT_PROGRAMS = {"python3", "python3.11"}
_DROPPED = (
    *("etc/hostname", "etc/resolv.conf", "etc/fstab", "etc/debconf.conf"),  # the building machine's own
    *("etc/apt", "etc/cron.daily", "etc/dpkg", "etc/logrotate.d", "etc/rmt", "etc/alternatives", "lib/systemd", "sbin"),
    *("usr/sbin", "usr/libexec", "usr/lib/apt", "usr/lib/dpkg", "usr/lib/tar", "usr/share/perl5", "usr/share/man"),
    *("usr/share/info", "usr/share/locale", "usr/share/bash-completion", "usr/share/debconf", "usr/share/dpkg"),
    *("usr/share/lintian", "usr/share/bug", "usr/share/readline", "usr/share/python3", "usr/share/polkit-1", "bin"),
    *("usr/share/zsh", "usr/share/gcc", "usr/share/gdb", "usr/share/pixmaps", "usr/share/applications", "var"),
)
"""What a server never reads. Licences in ``usr/share/doc`` stay."""


_UNUSED = tuple(
    f"usr/lib/python3*/{name}" for name in ("ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "venv")
)


@dataclass(frozen=True, slots=True)
class Part:
    """One Debian package or Python distribution in the image."""

    kind: str
    """``deb`` or ``pypi``."""
    name: str
    version: str
    sha256: str
    """Of the file that was installed."""


def debian(architecture: str, out: Path, epoch: int) -> list[Part]:
    """Extract Debian's packages into ``out`` without running any of their scripts, and drop what is not needed."""
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=extract",
        "--skip=cleanup/apt/cache",
        f"--architectures={architecture}",
    ]
    archive = out.with_suffix(".tar")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    subprocess.run([*command, f"--include={','.join(PACKAGES)}", SUITE, archive], check=True, env=environment)
    out.mkdir()
    subprocess.run(["tar", "xf", archive, "--no-same-owner", "--exclude=./dev/*", "-C", out], check=True)
    archive.unlink()
    files = sorted((out / "var/cache/apt/archives").glob("*.deb"))
    parts = [_deb(file) for file in files]
    _authorities(out)
    for name in _DROPPED:
        path = out / name
        path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)
    for program in (out / "usr/bin").iterdir():
        if program.name not in _KEPT_PROGRAMS:
            program.unlink()
    for pattern in ("usr/share/doc/*/*", "usr/lib/python3*/**/__pycache__", *_UNUSED):
        for path in list(out.glob(pattern)):
            if path.name != "copyright" and not path.parent.is_symlink():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return parts


def _deb(file: Path) -> Part:
    name, version, _ = urllib.parse.unquote(file.stem).split("_")
    return Part("deb", name, version, hashlib.sha256(file.read_bytes()).hexdigest())


def _authorities(out: Path) -> None:
    """What the package's own script would make: one file of all certificate authorities."""
    found = sorted((out / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = out / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_text("".join(file.read_text(encoding="ascii") for file in found), encoding="ascii")
    shutil.rmtree(out / "usr/share/ca-certificates")


def wheels(architecture: str, out: Path, cache: Path) -> list[Part]:
    """Install the locked wheels, by hash, for ``architecture``: unpacked, nothing of them is run."""
    machine = MACHINE[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(17, 37)] + [f"manylinux2014_{machine}"]
    kinds = [word for tag in platforms for word in ("--platform", tag)]
    abis = [word for abi in ("cp311", "abi3", "none") for word in ("--abi", abi)]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    python = ["--python-version", "3.11", "--implementation", "cp", *abis, *kinds]
    locked = ["--require-hashes", "-r", str(ROOT / "requirements" / "server.txt")]
    shutil.rmtree(cache, ignore_errors=True)
    _pip("download", *options, *python, "--dest", str(cache), *locked)
    target = out / LIBRARY
    found = sorted(cache.glob("*.whl"))
    _pip("install", *options, *python, "--no-index", "--no-compile", "--target", str(target), *map(str, found))
    shutil.rmtree(target / "bin", ignore_errors=True)
    return [_wheel(file) for file in found]


def aiinfra(out: Path, cache: Path, epoch: int) -> Part:
    """Build this checkout's own wheel and unpack it."""
    built = cache / "own"
    shutil.rmtree(built, ignore_errors=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    environment = {"SOURCE_DATE_EPOCH": str(epoch)}
    _pip("wheel", *options, "--no-build-isolation", "--wheel-dir", str(built), str(ROOT), environment=environment)
    (wheel,) = built.glob("*.whl")
    target = out / LIBRARY
    _pip("install", *options, "--no-index", "--no-compile", "--target", str(target), str(wheel))
    shutil.rmtree(target / "bin", ignore_errors=True)
    return _wheel(wheel)


def _pip(*words: str, environment: dict[str, str] | None = None) -> None:
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, env={**os.environ, **(environment or {})})


def _wheel(file: Path) -> Part:
    name, version = file.name.split("-")[:2]
    normal = re.sub(r"[-_.]+", "-", name).lower()
    return Part("pypi", normal, version, hashlib.sha256(file.read_bytes()).hexdigest())


def compiled(out: Path) -> bool:
    """Compile the Python files, so that a start on a read-only root need not. False where this is not Debian's Python.

    The compiled files carry no time: Python takes them without looking at their sources.
    """
    if sys.version_info[:2] != (3, 11):
        return False
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(out), "-p", "/"]
    folders = [str(out / LIBRARY), str(out / "usr/lib/python3.11")]
    command = [sys.executable, "-m", "compileall", *options, *folders]
    ran = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, check=False)
    return ran.returncode in (0, 1)  # 1: a file that is no Python 3, as some wheels carry in their templates


def finish(out: Path) -> None:
    """Users, a place for temporary files, no set-user-id bit, nothing that records when or where pip ran."""
    (out / "etc/passwd").write_text(f"root:x:0:0:::\naiinfra:x:{UID}:{UID}::/:\n", encoding="ascii")
    (out / "etc/group").write_text(f"root:x:0:\naiinfra:x:{UID}:\n", encoding="ascii")
    for name in ("tmp", "models", "proc", "dev", "sys", "run"):
        (out / name).mkdir(exist_ok=True)
    for path in out.rglob("*"):
        if path.name in ("direct_url.json", "REQUESTED", "INSTALLER", "RECORD") and path.parent.suffix == ".dist-info":
            path.unlink()
        elif not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o1755 | (0o755 if path.is_dir() else 0o444))
    (out / "tmp").chmod(0o1777)
