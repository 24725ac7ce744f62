"""A server whose pods pull their releases, by value: steps, disk, way out, room; and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from aiinfra.check.checks import check
from aiinfra.cli.shipping import pull as command
from aiinfra.components.aws.specs import RegistrySpec
from aiinfra.components.kubernetes import pulling, runtime_objects
from aiinfra.components.kubernetes.parts import namespace_of, runtime_of, site_of
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import load
from tests.programs import ROOT

DECLARATION = load(ROOT / "tests" / "data" / "declarations" / "pulling.yaml")
EGRESS = {"to": "10.8.0.20/32", "port": 443, "why": "releases"}
SOURCE = "registry.example.com/models/weld:4"


def runtime(class_name: str) -> InferenceRuntimeSpec:
    return runtime_of(site_of(DECLARATION, class_name, DECLARATION.rows[class_name][0]))


def steps(class_name: str) -> list[dict[str, Any]]:
    spec = runtime(class_name)
    assert spec.runtime.updates is not None
    return pulling.steps(spec, spec.runtime.updates)


def test_the_step_fetches_where_nothing_is_there_and_the_sidecar_pulls_in_the_window() -> None:
    first, sidecar = steps("hall")
    shared = "release pull registry.plant.example:5000/models/press-forge:hall --config /etc/aiinfra/server.toml"
    shared += " --model press-forge --ca /etc/aiinfra/registry.pem"
    assert first["args"] == [*shared.split(), "--first", "--no-watch"]
    assert "restartPolicy" not in first
    timed = ["--window", "Sun *-*-* 02:00", "--jitter", "1 h"]
    judged = ["--soak", "10 min", "--load", "5 min", "--max-failed", "1 %", "--max-p99", "20 ms"]
    assert sidecar["args"] == [*shared.split(), *timed, *judged]
    assert sidecar["restartPolicy"] == "Always"


@pytest.mark.parametrize("class_name", ["hall", "line", "desk"])
def test_the_command_line_takes_what_the_steps_are_told(class_name: str) -> None:
    for step in steps(class_name):
        assert step["args"][:2] == ["release", "pull"]
        command.make_context("pull", step["args"][2:])


def test_where_the_server_holds_the_devices_a_release_is_tried_on_the_cpu() -> None:
    assert all("--try-on-cpu" in step["args"] for step in steps("line"))
    assert not any("--try-on-cpu" in step["args"] for step in steps("hall"))
    assert all(set(step["resources"]["limits"]) == {"cpu", "memory"} for step in steps("line"))


def test_only_the_steps_hold_credentials_and_may_write() -> None:
    pod = runtime_objects.pod(runtime("hall"))
    (server,) = pod["containers"]
    mounts = {mount["name"]: mount for mount in server["volumeMounts"]}
    assert mounts["models"] == {"name": "models", "mountPath": "/models", "readOnly": True}
    assert "registry" not in mounts
    for step in pod["initContainers"]:
        held = {mount["name"]: mount for mount in step["volumeMounts"]}
        assert "readOnly" not in held["models"]
        assert step["env"] == [{"name": "DOCKER_CONFIG", "value": held["registry"]["mountPath"]}]
        assert "tls" not in held
        assert step["resources"]["limits"] == step["resources"]["requests"]
        assert step["image"] == server["image"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert "release" not in volumes
    assert volumes["registry"]["secret"]["items"] == [{"key": ".dockerconfigjson", "path": "config.json"}]


def test_each_pod_has_a_disk_that_outlives_it() -> None:
    spec = runtime("desk")
    assert spec.runtime.updates is not None
    made = pulling.stateful_set(spec, spec.runtime.updates, runtime_objects.deployment(spec))
    assert (made["replicas"], made["serviceName"]) == (2, runtime_objects.workload(spec))
    assert made["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Delete"}
    (claim,) = made["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "4Gi"}},
        "storageClassName": "disk-gp3",
    }
    assert "strategy" not in made


def test_the_release_is_no_image_to_lock() -> None:
    assert runtime_objects.unlocked(runtime("hall")) == ["aiinfra-server"]


def test_the_registry_keeps_a_repository_for_it(tmp_path: Any) -> None:
    text = (ROOT / "tests/data/declarations/pulling.yaml").read_text(encoding="utf-8")
    cloud = 'cloud: {region: us-east-1, account: "111122223333", zones: [use1-az1]}'
    file = tmp_path / "deployment.yaml"
    file.write_text(f"{text}\n{cloud}\n", encoding="utf-8")
    assert RegistrySpec.of(load(file)).images == ("aiinfra-server", "press-forge-release")


def test_the_namespace_has_room_for_both_and_a_pod_that_rolls() -> None:
    room = namespace_of(site_of(DECLARATION, "hall", DECLARATION.rows["hall"][0]))
    pods = runtime_objects.pod(runtime("hall"))
    held = [*pods["containers"], *pods["initContainers"]]
    assert len(held) == 3
    assert room.memory.bytes >= 2 * 2 * 1024**3
    assert room.cores >= 2 * 2


def test_a_wave_asks_for_its_own_tag_and_its_promotion_changes_no_manifest(tmp_path: Any) -> None:
    file = tmp_path / "deployment.yaml"
    file.write_text((ROOT / "tests/data/declarations/pulling.yaml").read_text(), encoding="utf-8")
    (tmp_path / "classes").mkdir()

    def sites(first: str) -> list[Any]:
        (tmp_path / "classes" / "line.yaml").write_text(
            "uri: oci://registry.plant.example:5000/models/press-forge\n"
            "public_key: |\n  -----BEGIN PUBLIC KEY-----\n  x\n  -----END PUBLIC KEY-----\n"
            f'waves: {{1: {{version: "{first}", digest: "sha256:{first * 64}"}}, '
            f'2: {{version: "4", digest: "sha256:{"4" * 64}"}}}}\n',
            encoding="utf-8",
        )
        told = load(file)
        rows = told.rows["line"]
        return [site_of(told, "line", rows[0].model_copy(update={"wave": wave})) for wave in (1, 2)]

    before, after = sites("4"), sites("5")
    assert before == after
    updates = [site.runtime.updates for site in before]
    assert [found.source for found in updates] == [
        f"registry.plant.example:5000/models/press-forge:line-wave-{wave}" for wave in (1, 2)
    ]


@pytest.mark.parametrize(
    ("on", "runtime", "updates", "said"),
    [
        ("k3s", {}, {}, "egress: [{to: CIDR, port: 443, why}]"),
        ("k3s", {}, {"egress": [EGRESS], "window": "Sun 02:00 Europe/Berlin"}, "'Sun *-*-* 02:00', in UTC"),
        ("k3s", {"max_replicas": 4}, {"egress": [EGRESS]}, "name replicas instead"),
        ("eks", {"engine": {"kind": "kserve"}}, {"egress": [EGRESS]}, "kserve does not watch"),
        ("k3s", {}, {"egress": [EGRESS], "credentials": {"store": "file", "name": "/x"}}, "store 'kubernetes'"),
        ("k3s", {}, {"egress": [EGRESS], "authority": "plant.pem"}, "should match pattern"),
        ("box", {}, {"egress": [EGRESS], "disk": "5 GiB"}, "updates: egress, disk: a box has its own"),
    ],
)
def test_what_does_not_fit_is_refused(on: str, runtime: Any, updates: Any, said: str) -> None:
    site = {
        "class": "cell",
        "tier": {"accelerator": "cpu-x86-64"},
        "runtime": {"on": on, **runtime, "updates": {"source": SOURCE, **updates}},
    }
    tags = {"owner": "a", "cost_center": "b", "data_class": "internal"}
    with pytest.raises(ValidationError) as caught:
        Deployment.model_validate({"name": "weld", "tags": tags, "model": {"file": "weld.onnx"}, "sites": [site]})
    assert said in str(caught.value)


def test_a_language_model_is_not_pulled(tmp_path: Any) -> None:
    lines = (ROOT / "tests/data/declarations/language.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if "max_replicas" not in line and "demand" not in line)
    more = f"updates: {{source: {SOURCE}, egress: [{{to: 10.8.0.20/32, port: 443, why: releases}}]}}"
    file = tmp_path / "deployment.yaml"
    file.write_text(text.replace("on: k3s", f"on: k3s\n      {more}", 1), encoding="utf-8")
    assert "engine-updates" in {finding.id for finding in check(load(file))}
