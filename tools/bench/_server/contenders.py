"""Who takes part: how each server gets an environment of its own, is laid out, started and ended."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiinfra
from tools.bench._server import certificates, models

HERE = Path(__file__).parent
RIVALS = HERE / "rivals"
SIZES = {"small": ([64], [8]), "large": ([3, 224, 224], [1000])}


@dataclass(slots=True)
class Ports:
    http: int
    grpc: int


@dataclass
class Contender:
    """One server. ``command`` gets its folder and ports; ``packages`` are installed from the index where it has any."""

    name: str
    command: Callable[["Contender", Ports], list[str]]
    packages: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ("json", "binary", "grpc")
    scheme: str = "http"
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()
    model: str = ""
    versions: str = ""
    process: subprocess.Popen[bytes] | None = None
    ports: Ports = field(default_factory=lambda: Ports(0, 0))
    ready_s: float = 0.0

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python" if self.packages else Path(sys.executable)

    @property
    def site_packages(self) -> Path:
        return next((self.folder / "venv/lib").glob("python3.*/site-packages"))

    @property
    def repository(self) -> Path:
        """Holds the one model that is served."""
        return self.folder / f"only-{self.model}"

    @property
    def model_file(self) -> Path:
        return self.repository / self.model / "1/model.onnx"

    def install(self, out: Path, model: str) -> None:
        """Make the environment (once) and the repository of ``model``."""
        self.folder, self.model = out / self.name, model
        if not self.model_file.exists():
            getattr(models, model)(self.model_file)
        if self.packages and not (self.folder / "venv/.done").exists():
            print(f"installing {self.name} ...", flush=True)
            subprocess.run([sys.executable, "-m", "venv", str(self.folder / "venv")], check=True)
            subprocess.run([str(self.python), "-m", "pip", "install", "-q", *self.packages], check=True)
            (self.folder / "venv/.done").touch()
        show = "import importlib.metadata as m, sys\nfor p in sys.argv[1:]: print(p, m.version(p))"
        names = [self.packages[0].split("=")[0], "onnxruntime"] if self.packages else ["onnxruntime"]
        done = subprocess.run([str(self.python), "-c", show, *names], capture_output=True, text=True, check=True)
        own = [] if self.packages else [f"aiinfra {aiinfra.__version__}"]
        self.versions = ", ".join(own + done.stdout.split("\n")).rstrip(", ")

    def start(self, core: int) -> None:
        """Start on one processor core and wait until the model answers."""
        self.ports = Ports(free_port(), free_port())
        command = self.command(self, self.ports)  # fills in the environment, too
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **self.environment}
        with (self.folder / "log.txt").open("wb") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                stdout=log, stderr=log, env=environment, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        began = time.monotonic()
        context = certificates.client_context(self.folder) if self.scheme == "https" else None
        url = f"{self.scheme}://127.0.0.1:{self.ports.http}/v2/models/{self.model}/ready"
        while True:
            try:
                urllib.request.urlopen(url, timeout=1, context=context).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - began > 90:
                    raise SystemExit(f"{self.name} did not start; see {self.folder / 'log.txt'}") from None
                time.sleep(0.02)
        self.ready_s = time.monotonic() - began

    def memory(self) -> float:
        """Proportional set size of the process and its living children, in MB."""
        total = 0
        assert self.process is not None
        group = os.getpgid(self.process.pid)
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == group:
                    text = (folder / "smaps_rollup").read_text()
                    total += int(text.split("\nPss:")[1].split()[0])
            except (OSError, IndexError):
                continue
        return total / 1000

    def processor_s(self) -> float:
        """Processor time that the process and its living children have used, in seconds."""
        assert self.process is not None
        group = os.getpgid(self.process.pid)
        ticks = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == group:
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                    ticks += int(fields[11]) + int(fields[12])
            except OSError:
                continue
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _ours(one: Contender, ports: Ports) -> list[str]:
    one.environment = {"PYTHONPATH": str(HERE.parents[2])}
    return [
        sys.executable, "-m", "aiinfra.server", str(one.repository), "--allow-unsigned",
        "--http", f"127.0.0.1:{ports.http}", "--grpc", f"127.0.0.1:{ports.grpc}",
    ]  # fmt: skip


def _ours_secured(*, everything: bool) -> Callable[[Contender, Ports], list[str]]:
    """With TLS, client certificates and grants; with ``everything`` also rates, metrics and a signed audit log."""

    def command(one: Contender, ports: Ports) -> list[str]:
        one.environment = {"PYTHONPATH": str(HERE.parents[2])}
        config = certificates.configuration(one.folder, one.repository, ports.http, ports.grpc, everything=everything)
        return [sys.executable, "-m", "aiinfra.server", "--config", str(config)]

    return command


def _mlserver(one: Contender, ports: Ports) -> list[str]:
    one.environment = {"PYTHONPATH": str(RIVALS)}
    settings = {"host": "127.0.0.1", "http_port": ports.http, "grpc_port": ports.grpc, "metrics_port": free_port()}
    folder = one.folder / f"served-{one.model}"
    (folder / one.model).mkdir(parents=True, exist_ok=True)
    implementation = "mlserver_runtime.OnnxModel"
    model = {"name": one.model, "implementation": implementation, "parameters": {"uri": str(one.model_file)}}
    (folder / one.model / "model-settings.json").write_text(json.dumps(model))
    (folder / "settings.json").write_text(json.dumps({**settings, "parallel_workers": 0, "debug": False}))
    return [str(one.folder / "venv/bin/mlserver"), "start", str(folder)]


def _kserve(one: Contender, ports: Ports) -> list[str]:
    served = f"{one.model}={one.model_file}"
    return [str(one.python), str(RIVALS / "kserve_server.py"), str(ports.http), str(ports.grpc), served]


def _triton(one: Contender, ports: Ports) -> list[str]:
    bundled = one.site_packages / "pytriton/tritonserver"
    back = one.folder / "backends/python"
    if not back.exists():
        shutil.copytree(bundled / "backends/python", back)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        shutil.copy(bundled / f"python_backend_stubs/{version}/triton_python_backend_stub", back)
    inputs, outputs = SIZES[one.model]
    folder = one.repository / one.model
    shutil.copy(RIVALS / "triton_model.py", folder / "1/model.py")
    (folder / "config.pbtxt").write_text(
        f'backend: "python"\nmax_batch_size: 64\n'
        f'input [{{ name: "x" data_type: TYPE_FP32 dims: {inputs} }}]\n'
        f'output [{{ name: "y" data_type: TYPE_FP32 dims: {outputs} }}]\n'
        f"dynamic_batching {{}}\ninstance_group [{{ kind: KIND_CPU count: 1 }}]\n"
    )
    one.environment = {
        "PATH": f"{one.folder / 'venv/bin'}:{os.environ['PATH']}",  # its stub takes the first python there
        "PYTHONPATH": str(one.site_packages),
        "LD_LIBRARY_PATH": f"{one.site_packages / 'nvidia_pytriton.libs'}:{Path(sys.base_prefix) / 'lib'}",
    }
    return [
        str(bundled / "bin/tritonserver"), f"--model-repository={one.repository}",
        f"--backend-directory={one.folder / 'backends'}", "--http-address=127.0.0.1", f"--http-port={ports.http}",
        "--grpc-address=127.0.0.1", f"--grpc-port={ports.grpc}", "--allow-metrics=false",
    ]  # fmt: skip


def contenders() -> list[Contender]:
    """Ours first; the rivals' ratios are against it."""
    runtime = "onnxruntime==1.31.1"
    return [
        Contender("aiinfra", _ours),
        Contender("aiinfra-tls", _ours_secured(everything=False), encodings=("json", "binary"), scheme="https"),
        Contender("aiinfra-all", _ours_secured(everything=True), encodings=("json", "binary"), scheme="https"),
        Contender("mlserver", _mlserver, ("mlserver==1.7.1", runtime), encodings=("json", "grpc")),
        Contender("kserve", _kserve, ("kserve==0.21.0", runtime)),
        Contender("triton", _triton, ("nvidia-pytriton==0.7.0", runtime)),
    ]
