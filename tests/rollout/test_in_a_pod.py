"""The compiled pod, run: its own command lines, files and disk, against a registry with TLS and a password."""

import base64
import http.client
import json
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from onnx import TensorProto, helper

from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.release.build import ReleaseSource, build_release
from aiinfra.release.golden import GoldenSet
from aiinfra.release.place import parse_place
from aiinfra.release.sign import sign
from aiinfra.release.transfer import push
from aiinfra.rollout.home import Home
from aiinfra.server import repository
from tests.release.registry_double import Double, registry
from tests.rollout.conftest import Factory, X
from tests.rollout.pod import Pod, until
from tests.server.pki import Authority

NAME = "press-forge"


class Site:
    """A registry, a pod that follows its tag ``hall``, and one caller."""

    def __init__(self, folder: Path, double: Double, authority: Authority) -> None:
        self.factory = Factory(folder)
        self.double, self.authority, self.folder = double, authority, folder
        self.place = f"{double.address}/models/{NAME}"
        double.password, double.scheme = base64.b64encode(b"site:secret").decode(), "Basic"
        (folder / "docker").mkdir()
        auths = json.dumps({"auths": {double.address: {"auth": double.password}}})
        (folder / "docker" / "config.json").write_text(auths)
        leaf = authority.issue("server")
        tls = {"tls.crt": leaf.certificate, "tls.key": leaf.key, "ca.crt": authority.file}
        secrets = {
            f"{NAME}-server-tls": {name: file.read_bytes() for name, file in tls.items()},
            "plant-registry": {".dockerconfigjson": auths.encode()},
        }
        self.pod = Pod(folder / "pod", self.spec(), secrets)
        self.home = Home(self.pod.disk)
        caller = authority.issue("plc", (f"spiffe://{NAME}/ns/{NAME}/sa/plc",))
        self.context = ssl.create_default_context(cafile=str(authority.file))
        self.context.load_cert_chain(caller.certificate, caller.key)

    def spec(self) -> InferenceRuntimeSpec:
        return InferenceRuntimeSpec.model_validate(
            {
                "namespace": NAME,
                "model_name": NAME,
                "model": {"file": "forge.onnx"},
                "tier": {"accelerator": "cpu-x86-64"},
                "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
                "signer": self.factory.signer.read_text(),
                "runtime": {
                    "on": "k3s",
                    "callers": ["plc"],
                    "updates": {
                        "source": f"{self.place}:hall",
                        "window": "*:*:0/2",
                        "jitter": "0 s",
                        "soak": "4 s",
                        "egress": [{"to": "127.0.0.1/32", "port": 5000, "why": "releases"}],
                        "credentials": {"store": "kubernetes", "name": "plant-registry"},
                        "authority": self.authority.file.read_text(),
                    },
                },
            }
        )

    def ship(self, version: str, *, golden: float | None = None, rows: int | None = None) -> None:
        """Push y = x * version and point the tag at it; with ``rows`` it answers that many rows alone."""
        factor = float(version)
        if rows is None:
            self.factory.ship(version, factor=factor, golden=golden, name=NAME)
            folder = self.factory.root / "built" / f"{NAME}-{version}-{factor}-{golden}"
        else:
            folder = self._narrow(version, factor, rows)
        push(folder, parse_place(f"{self.place}:hall"), ca=self.authority.file)

    def _narrow(self, version: str, factor: float, rows: int) -> Path:
        """It passes its golden inputs, and fails on what callers send."""
        nodes = [helper.make_node("Mul", ["x", "f"], ["z"]), helper.make_node("Reshape", ["z", "s"], ["y"])]
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4]) for name in ("x", "y")]
        held = [
            helper.make_tensor("f", TensorProto.FLOAT, (), [factor]),
            helper.make_tensor("s", TensorProto.INT64, (2,), [rows, 4]),
        ]
        made = helper.make_model(
            helper.make_graph(nodes, "g", ends[:1], ends[1:], held),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        file = self.factory.root / "work" / f"narrow-{version}.onnx"
        file.write_bytes(made.SerializeToString(deterministic=True))
        golden = GoldenSet("test_data_set_0", {"x": X}, {"y": X * np.float32(factor)})
        folder = self.factory.root / "built" / f"narrow-{version}"
        build_release(ReleaseSource(NAME, version, file, [golden], "numpy"), folder)
        sign(folder, self.factory.key)
        return folder

    def ask(self) -> tuple[int, dict[str, object]]:
        """One prediction over mutual TLS, of one row."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.pod.ports[8443], timeout=60, context=self.context)
        try:
            body = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/v2/models/{NAME}/infer", json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.pod.ports[8081], timeout=60)
        try:
            connection.request("GET", "/v2/health/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def serves(self, version: str) -> None:
        status, answer = self.ask()
        factor = float(version)
        assert status == 200, answer
        assert answer["model_version"] == version
        assert answer["outputs"][0]["data"] == [factor, 2 * factor, 3 * factor, 4 * factor]  # type: ignore[index]

    def events(self) -> list[tuple[str, str]]:
        return [(entry.event, entry.version) for entry in self.home.record.entries()]

    def until(self, event: str, version: str) -> str:
        """Until the record says so; why."""
        until(f"{event} {version}: {self.pod.log('release-pull')}", lambda: (event, version) in self.events())
        return next(e.why for e in self.home.record.entries() if (e.event, e.version) == (event, version))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    authority = Authority(tmp_path / "pki")
    leaf = authority.issue("registry")
    with registry(leaf.certificate, leaf.key) as double:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
        found = Site(tmp_path, double, authority)
        try:
            yield found
        finally:
            found.pod.cut()


class Callers:
    """Ask all the while; what came back is counted."""

    def __init__(self, site: Site) -> None:
        self._site, self._stop = site, threading.Event()
        self.answers: Counter[str] = Counter()
        self.lost: list[str] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                status, answer = self._site.ask()
                key = str(answer.get("model_version", status)) if status == 200 else str(status)
                self.answers[key] += 1
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
            time.sleep(0.02)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.soak
def test_a_pod_lives_through_releases_good_and_bad_a_power_cut_and_a_lost_link(site: Site) -> None:
    site.ship("1")
    assert site.pod.start() == 0, site.pod.log("release-first")
    until("ready", site.ready)
    site.serves("1")
    assert site.until("kept", "1").startswith("served for 4 s")  # the sidecar watched what the step placed

    with Callers(site) as callers:
        site.ship("2")  # good
        site.until("kept", "2")
        site.serves("2")
        site.ship("3", golden=4.0)  # answers otherwise than what trained it
        assert "golden-" in site.until("refused", "3")
        site.serves("2")
        site.ship("4", rows=2)  # passes its golden inputs of two rows, and callers send one
        why = site.until("rolled-back", "4")
        assert "requests failed" in why, why
    assert callers.lost == []
    assert set(callers.answers) <= {"1", "2", "400"}
    until("back", lambda: site.ask()[0] == 200)
    site.serves("2")
    until("turned down", lambda: "release-rejected" in site.pod.log("release-pull"))

    site.double.failing = [503] * 10_000  # the link is lost, and then the power
    site.pod.cut()
    assert site.pod.start() == 0, site.pod.log("release-first")
    until("ready", site.ready)
    site.serves("2")
    assert "nothing was asked" in site.pod.log("release-first")
    codes = site.pod.stop()
    assert codes == {"server": 0, "release-pull": 0, "release-first": 0}


def test_a_pod_waits_for_its_first_release_and_then_starts_without_the_link(site: Site) -> None:
    """The step fails where there is none, and the kubelet tries it again. Later it asks nothing."""
    assert site.pod.start() == 1
    assert "[artifact-missing]" in site.pod.log("release-first")
    site.ship("1")
    assert site.pod.start() == 0
    site.pod.cut()
    site.double.failing = [503] * 10_000
    assert site.pod.start() == 0, site.pod.log("release-first")
    until("ready", site.ready)
    site.serves("1")
    assert "nothing was asked" in site.pod.log("release-first")
    assert site.pod.stop() == {"server": 0, "release-pull": 0, "release-first": 0}


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_killed_at_random_points_the_pod_serves_a_whole_release(site: Site) -> None:
    """The power, the sidecar or the server goes at any moment, thirty times, while releases come."""
    rng = random.Random(11)
    site.ship("1")
    assert site.pod.start() == 0
    until("ready", site.ready)
    for number in range(2, 32):
        site.ship(str(number))
        time.sleep(rng.uniform(0, 6))
        what = rng.choice(["power", "release-pull", "server"])
        if what == "power":
            site.pod.cut()
            assert site.pod.start() == 0, site.pod.log("release-first")
        else:
            site.pod.kill(what)
        until("ready", site.ready)
        status, answer = site.ask()
        assert status == 200, answer
        assert int(str(answer["model_version"])) <= number
    site.ship("99")
    site.until("kept", "99")
    site.serves("99")
    assert repository.current(site.pod.disk, NAME) == "99"
    assert site.home.begun() is None
