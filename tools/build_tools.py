"""Builds the programs that others wrote and our tests run, each from the Go module under ``tools/go`` that pins it.

They land in ``tools/bin``. What is there and was built from the same pins is left alone. The first build of all takes
about ten minutes on 2 cores, downloads about 250 MB of sources, and wants 3 GB of memory.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
BIN = HERE / "bin"
INSTALL_PAGE = "https://go.dev/doc/install"
TOOLS = {
    "kubeconform": ("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform"),
    "actionlint": ("actionlint", "github.com/rhysd/actionlint/cmd/actionlint"),
    "bridge-lint": ("bridge", "aiinfra/tools/bridge"),
    "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
    "kubectl": ("kubernetes", "k8s.io/kubernetes/cmd/kubectl"),
    "kube-apiserver": ("kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kube-controller-manager": ("kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kube-scheduler": ("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler"),
    "kwok": ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
}
"""Program -> the module under ``tools/go`` that pins it, and its package."""


def version(module: str, package: str) -> str:
    """The version that the module pins of what holds ``package``: ``1.36.3``. For a program of our own, that of the
    first module that it is made of."""
    own = package.startswith("aiinfra/")
    for line in (HERE / "go" / module / "go.mod").read_text(encoding="utf-8").splitlines():
        words = line.split()
        words = words[1:] if words[:1] == ["require"] else words
        meant = own or f"{package}/".startswith(f"{words[0]}/") if words else False
        if meant and len(words) > 1 and words[1].startswith("v"):
            return words[1].removeprefix("v").removesuffix("+incompatible")
    raise SystemExit(f"tools/go/{module}/go.mod pins no version of {package}")


def link_flags(module: str, number: str) -> str:
    """No symbol tables; and Kubernetes' programs are told their version, as its own build does."""
    flags = ["-s", "-w"]
    if module == "kubernetes":
        major, minor, _ = number.split(".", 2)
        for place in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            values = {"gitVersion": f"v{number}", "gitMajor": major, "gitMinor": minor}
            flags += [f"-X {place}.{name}={value}" for name, value in values.items()]
    return " ".join(flags)


def pins(module: str, flags: str) -> str:
    """Changes with everything that decides what is built."""
    folder = HERE / "go" / module
    parts = [file.read_bytes() for file in sorted(folder.iterdir())]
    return hashlib.sha256(b"\0".join([*parts, flags.encode()])).hexdigest()


def build(name: str) -> str:
    """Build one program where it is not there yet; returns what to say of it."""
    module, package = TOOLS[name]
    number = version(module, package)
    flags = link_flags(module, number)
    stamp, wanted = BIN / f".{name}", pins(module, flags)
    if (BIN / name).is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return f"{number}, there already"
    began = time.monotonic()
    command = ["go", "build", "-trimpath", "-buildvcs=false", f"-ldflags={flags}", "-o", str(BIN / name), package]
    done = subprocess.run(command, cwd=HERE / "go" / module, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{name} {number} cannot be built:\n{done.stderr.strip()}")
    stamp.write_text(wanted, encoding="utf-8")
    size = (BIN / name).stat().st_size / 1e6
    return f"{number}, built in {time.monotonic() - began:.0f} s, {size:.0f} MB"


def main(names: list[str]) -> None:
    """Build the named programs; without names all of them."""
    unknown = sorted(set(names) - TOOLS.keys())
    if unknown:
        raise SystemExit(f"{', '.join(unknown)}: not one of {', '.join(TOOLS)}")
    if shutil.which("go") is None:
        raise SystemExit(f"make tools needs Go 1.26 or later: {INSTALL_PAGE}")
    BIN.mkdir(exist_ok=True)
    os.nice(10)
    chosen = names or list(TOOLS)
    for number, name in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {name} ", end="", flush=True)
        print(build(name), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
