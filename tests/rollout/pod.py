"""A kubelet in miniature: a compiled pod's containers as processes, mounts as folders, a disk that outlives them.

What a container is given is what the manifest says: command line, environment, files of the ConfigMap and of Secrets.
Only places differ: a mount's path is the folder's, and the server's ports are free ones of this machine.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiinfra.components.kubernetes import runtime_objects
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec

ROOT = Path(__file__).parents[2]
ENTRYPOINT = [sys.executable, "-m", "aiinfra"]
"""Of the server's image."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(what: str, test: Callable[[], Any], seconds: float = 120) -> Any:
    """What ``test`` gives once it gives something."""
    end = time.monotonic() + seconds
    while not (found := test()):
        assert time.monotonic() < end, f"not {what} after {seconds:g} s"
        time.sleep(0.05)
    return found


class Pod:
    """One pod of a StatefulSet and its claim."""

    def __init__(self, folder: Path, spec: InferenceRuntimeSpec, secrets: Mapping[str, Mapping[str, bytes]]) -> None:
        self.folder, self.spec = folder, spec
        self.pod = runtime_objects.pod(spec)
        self.disk = folder / "volumes" / "models"
        self.disk.mkdir(parents=True)
        self.ports = {port: free_port() for port in (8443, 8444, 8081, 9090, 9091)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for volume in self.pod["volumes"]:
            place = folder / "volumes" / volume["name"]
            place.mkdir()
            if "configMap" in volume:
                self._write(place, volume["configMap"]["items"], runtime_objects.config_data(spec))
            if "secret" in volume:
                held = secrets[volume["secret"]["secretName"]]
                items = volume["secret"].get("items") or [{"key": key, "path": key} for key in held]
                for item in items:
                    (place / item["path"]).write_bytes(held[item["key"]])

    def _write(self, place: Path, items: list[dict[str, str]], data: Mapping[str, str]) -> None:
        (server,) = self.pod["containers"]
        for item in items:
            text = re.sub(r'"(/[^"]*)"', lambda found: f'"{self._mapped(server, found[1])}"', data[item["key"]])
            for port, free in self.ports.items():
                text = re.sub(rf"(0\.0\.0\.0|127\.0\.0\.1):{port}\b", f"127.0.0.1:{free}", text)
            (place / item["path"]).parent.mkdir(exist_ok=True)
            (place / item["path"]).write_text(text, encoding="utf-8")

    def _place(self, mount: Mapping[str, Any]) -> str:
        return str(self.folder / "volumes" / mount["name"])

    def _mapped(self, container: Mapping[str, Any], word: str) -> str:
        for mount in container["volumeMounts"]:
            if word == mount["mountPath"] or word.startswith(f"{mount['mountPath']}/"):
                return self._place(mount) + word.removeprefix(mount["mountPath"])
        return word

    def log(self, name: str) -> str:
        """What a container said, over all its starts."""
        file = self.folder / f"{name}.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def spawn(self, container: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        """Start one container."""
        environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        for variable in container.get("env", []):
            environment[variable["name"]] = self._mapped(container, variable["value"])
        for mount in container["volumeMounts"]:
            if mount["mountPath"] == "/tmp":
                environment["TMPDIR"] = self._place(mount)
        words = [*ENTRYPOINT, *(self._mapped(container, word) for word in container["args"])]
        with (self.folder / f"{container['name']}.log").open("ab") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log, env=environment, start_new_session=True)
        self._running[container["name"]] = process
        return process

    def start(self) -> int:
        """Init containers in order, then the server; the code of the step that failed, 0 where all is begun."""
        for container in self.pod["initContainers"]:
            process = self.spawn(container)
            if container.get("restartPolicy") != "Always" and (code := process.wait(120)):
                return code
        self.spawn(self.pod["containers"][0])
        return 0

    def stop(self) -> dict[str, int]:
        """As a kubelet ends a pod: the server first, then the sidecar; their exit codes."""
        codes = {}
        for name in reversed(list(self._running)):
            process = self._running.pop(name)
            process.send_signal(signal.SIGTERM)
            codes[name] = process.wait(60)
        return codes

    def cut(self) -> None:
        """The power goes: whatever runs is gone, with its children; memory-backed volumes are empty."""
        for process in self._running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
        self._running.clear()
        for volume in self.pod["volumes"]:
            if "emptyDir" in volume:
                place = self.folder / "volumes" / volume["name"]
                shutil.rmtree(place)
                place.mkdir()

    def kill(self, name: str) -> None:
        """One container dies and is started again."""
        os.killpg(self._running[name].pid, signal.SIGKILL)
        self._running[name].wait(60)
        everyone = [*self.pod["initContainers"], *self.pod["containers"]]
        self.spawn(next(one for one in everyone if one["name"] == name))
