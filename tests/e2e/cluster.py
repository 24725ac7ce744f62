"""A Kubernetes control plane on loopback: etcd, API server, controllers, scheduler, and kwok in place of kubelets.

All are real programs but for the last: kwok answers for nodes and pods without running anything. ``make tools`` builds
them. Every process is started here and ended here, by its id.
"""

import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from aiinfra.spec import yaml

ROOT = Path(__file__).parent.parent.parent
BIN = ROOT / "tools" / "bin"
STAGES = Path(__file__).parent.parent / "data" / "kwok" / "stages.yaml"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kubectl")
TOKEN: Final = "of-this-cluster-alone"
PATIENCE: Final = 180.0
"""Seconds that anything may take on a loaded machine."""
MANAGER: Final = "aiinfra"

Object = dict[str, Any]


def absent() -> list[str]:
    """The programs that ``make tools`` has not built."""
    return [name for name in PROGRAMS if not (BIN / name).is_file()]


class Cluster:
    """What a running control plane is asked, through ``kubectl``."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self._cache = kubeconfig.parent / "kubectl-cache"

    def kubectl(self, *arguments: str, given: str = "", code: int | None = 0) -> str:
        """Run it; ``given`` is its standard input, ``code`` the exit status it must have (None: any).

        Returns what it printed; where it must not succeed, with what it complained of.
        """
        command = [str(BIN / "kubectl"), "--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self._cache)]
        run = subprocess.run(
            [*command, *arguments], input=given, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        said = run.stdout + run.stderr
        assert code is None or run.returncode == code, f"kubectl {' '.join(arguments)}: {run.returncode}\n{said}"
        return run.stdout if code == 0 else said

    def apply(self, objects: Sequence[Object], *arguments: str, code: int | None = 0) -> str:
        """Server-side, with strict validation: unknown and doubled fields are refused."""
        words = ("apply", "--server-side", "--validate=strict", "--field-manager", MANAGER, "-f", "-")
        return self.kubectl(*words, *arguments, given=stream(objects), code=code)

    def place(self, objects: Sequence[Object]) -> None:
        """What is there before any program; client-side, since nodes are registered with a status."""
        if objects:
            self.kubectl("apply", "-f", "-", given=stream(objects))
            self.settle()

    def settle(self) -> None:
        """Wait until every namespace has what the controllers put into each."""

        def settled() -> bool:
            inside = {name: self.items(kind, "-A") for name, kind in IN_EVERY_NAMESPACE.items()}
            count = len(self.items("namespaces"))
            return all(
                sum(item["metadata"]["name"] == name for item in found) == count for name, found in inside.items()
            )

        until("the controllers' own objects", settled)

    def differences(self, objects: Sequence[Object]) -> str:
        """What applying them would change; empty: nothing."""
        words = ("diff", "--server-side", "--field-manager", MANAGER, "-f", "-")
        return self.kubectl(*words, given=stream(objects), code=None)

    def delete(self, objects: Sequence[Object]) -> None:
        """In the opposite order, until they are gone."""
        if objects:
            self.kubectl(
                "delete", "--ignore-not-found", "--wait", "--timeout=150s", "-f", "-", given=stream(objects[::-1])
            )

    def items(self, kind: str, *arguments: str) -> list[Object]:
        """All objects of a kind."""
        found: list[Object] = json.loads(self.kubectl("get", kind, "-o", "json", *arguments))["items"]
        return found

    def everything(self) -> set[str]:
        """``KIND.GROUP NAMESPACE/NAME`` of all there is, but for what comes and goes by itself."""
        kinds = self.kubectl("api-resources", "--verbs=list", "-o", "name").split()
        wanted = [kind for kind in kinds if kind not in PASSING]
        form = "jsonpath={range .items[*]}{.apiVersion}/{.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
        return set(self.kubectl("get", ",".join(wanted), "--all-namespaces", "-o", form).splitlines())


IN_EVERY_NAMESPACE: Final = {"default": "serviceaccounts", "kube-root-ca.crt": "configmaps"}
PASSING: Final = frozenset(
    {
        "events",
        "events.events.k8s.io",
        "leases.coordination.k8s.io",
        "componentstatuses",
        "pods.metrics.k8s.io",
        "nodes.metrics.k8s.io",
    }
)


def stream(objects: Sequence[Object]) -> str:
    """Objects as one YAML stream."""
    return "---\n".join(yaml.write(item) for item in objects)


def until(what: str, found: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until ``found`` returns what is true.

    Raises:
        AssertionError: it never was.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {patience:.0f} s")


@contextmanager
def running() -> Iterator[Cluster]:
    """A control plane that is ready for requests; it and its data are gone after the block."""
    with tempfile.TemporaryDirectory(prefix="aiinfra-cluster-", ignore_cleanup_errors=True) as name:
        folder, processes = Path(name), list[subprocess.Popen[bytes]]()
        try:
            yield _start(folder, processes)
        finally:
            for process in reversed(processes):
                _end(process)


def _start(folder: Path, processes: list["subprocess.Popen[bytes]"]) -> Cluster:
    etcd, peer, api, controllers, scheduler, kwok = _free_ports(6)
    kubeconfig = _write(folder, api)

    def start(name: str, **flags: str | int) -> None:
        processes.append(_process(folder, name, flags))

    store = f"http://127.0.0.1:{etcd}"
    start("etcd", **_etcd_flags(folder, store, f"http://127.0.0.1:{peer}"))
    _answers(processes, folder, f"{store}/health", "etcd")
    start("kube-apiserver", **_api_flags(folder, store, api))
    _answers(processes, folder, f"https://127.0.0.1:{api}/readyz", "kube-apiserver")
    common = {
        "kubeconfig": str(kubeconfig),
        "leader-elect": "false",
        "bind-address": "127.0.0.1",
        "authentication-skip-lookup": "true",
        "authentication-tolerate-lookup-failure": "true",
    }
    start(
        "kube-controller-manager",
        **common,
        **{
            "secure-port": controllers,
            "cert-dir": str(folder / "controllers"),
            "service-account-private-key-file": str(folder / "accounts.key"),
            "root-ca-file": str(folder / "api" / "apiserver.crt"),
        },
    )
    start("kube-scheduler", **common, **{"secure-port": scheduler, "cert-dir": str(folder / "scheduler")})
    start(
        "kwok",
        **{
            "kubeconfig": str(kubeconfig),
            "manage-all-nodes": "true",
            "config": str(STAGES),
            "server-address": f"127.0.0.1:{kwok}",
            "node-lease-duration-seconds": 40,
        },
    )
    cluster = Cluster(kubeconfig)
    cluster.settle()
    return cluster


def _etcd_flags(folder: Path, client: str, peer: str) -> dict[str, str]:
    return {
        "data-dir": str(folder / "etcd"),
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    }


def _api_flags(folder: Path, store: str, port: int) -> dict[str, str | int]:
    key = str(folder / "accounts.key")
    return {
        "etcd-servers": store,
        "cert-dir": str(folder / "api"),
        "secure-port": port,
        "bind-address": "127.0.0.1",
        "service-account-key-file": key,
        "service-account-signing-key-file": key,
        "service-account-issuer": "https://cluster.invalid",
        "allow-privileged": "true",  # as every distribution has it: what refuses is Pod Security
        "authorization-mode": "RBAC",
        "token-auth-file": str(folder / "tokens.csv"),
        "service-cluster-ip-range": "10.96.0.0/16",
    }


def _write(folder: Path, port: int) -> Path:
    """The files that the programs read; returns the kubeconfig."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "accounts.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,1,"system:masters"\n', encoding="utf-8")
    server = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(folder / "api" / "apiserver.crt")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": server}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}],
        "current-context": "here",
    }
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.write(config), encoding="utf-8")
    return kubeconfig


def _process(folder: Path, name: str, flags: Mapping[str, str | int]) -> "subprocess.Popen[bytes]":
    command = [str(BIN / name), *(f"--{flag}={value}" for flag, value in flags.items())]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env=_environment())


def _environment() -> dict[str, str]:
    """Nothing of the user's own clusters."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "ETCD_", "KWOK_"))}


def _answers(processes: list["subprocess.Popen[bytes]"], folder: Path, address: str, name: str) -> None:
    """Wait until ``address`` says 200."""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE  # its certificate is not there yet
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})

    def asked() -> bool:
        if processes[-1].poll() is not None:
            raise AssertionError(f"{name} ended:\n{(folder / f'{name}.log').read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(request, timeout=5, context=unchecked) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    until(name, asked)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
